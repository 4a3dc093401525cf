//! Memory for the verifier's log that libbpf may keep the address of.

use std::ffi::c_char;
use std::ptr;
use std::ptr::NonNull;

/// As much as libbpf takes for a log itself (`BPF_LOG_BUF_SIZE`), since it does not enlarge one of
/// ours. Memory that is not written to costs nothing, and a log is only written when a load fails.
pub(super) const LOG_LEN: usize = (u32::MAX >> 8) as usize;

/// A buffer for a program's log.
///
/// libbpf keeps its address in the program, also where loading fails, and the owner of the object may
/// load it again at any time. So the address is never given to anything else: when the buffer is
/// dropped, its memory is given back, and what is at the address then are zeroes that cannot be written
/// to. libbpf finds an empty log there, and the kernel answers EFAULT where it has one to write. All
/// that is not given back is 16 MiB of addresses, of which a process has 128 TiB.
#[derive(Debug)]
pub(super) struct LogBuffer {
    start: NonNull<u8>,
}

impl LogBuffer {
    /// `None` where there is no memory.
    pub(super) fn new() -> Option<Self> {
        let start = map(ptr::null_mut(), libc::PROT_READ | libc::PROT_WRITE, 0)?;
        Some(Self { start })
    }

    /// What was written; zeroes behind that.
    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: our own mapping of that length, readable so long as `self` lives. The kernel writes
        // to it only while the object is being loaded, for which this crate's caller waits.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), LOG_LEN) }
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut c_char {
        self.start.as_ptr().cast()
    }
}

impl Drop for LogBuffer {
    fn drop(&mut self) {
        let replaced = map(self.start.as_ptr(), libc::PROT_READ, libc::MAP_FIXED);
        if replaced.is_none() {
            // SAFETY: our own mapping. Nothing but the kernel and libbpf writes to it, and both cope
            // with memory that is read-only. Where that fails too, the buffer stays as it is.
            unsafe { libc::mprotect(self.start.as_ptr().cast(), LOG_LEN, libc::PROT_READ) };
        }
    }
}

/// A private mapping of zeroes, `LOG_LEN` bytes long.
fn map(at: *mut u8, protection: i32, flags: i32) -> Option<NonNull<u8>> {
    let flags = flags | libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping; with `MAP_FIXED`, in place of one of the same length that is ours alone.
    let start = unsafe { libc::mmap(at.cast(), LOG_LEN, protection, flags, -1, 0) };
    match start == libc::MAP_FAILED {
        true => None,
        false => NonNull::new(start.cast()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_buffer_is_empty_and_nothing_elses() {
        let mut buffer = LogBuffer::new().unwrap();
        let at = buffer.as_mut_ptr();
        // SAFETY: the first byte of a mapping for writing.
        unsafe { at.write(1) };
        assert_eq!(buffer.bytes()[0], 1);
        drop(buffer);
        // SAFETY: still mapped for reading.
        assert_eq!(unsafe { at.read() }, 0);
        let other = LogBuffer::new().unwrap().as_mut_ptr();
        assert_ne!(other, at);
    }
}
