//! The running kernel's BTF in memory.

use std::fs::File;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::ptr;
use std::ptr::NonNull;

use crate::btf::Held;

/// The bytes of a BTF that the kernel shows: mapped, where it allows that (for vmlinux since 6.16),
/// and read otherwise.
#[derive(Debug)]
pub(super) enum Mapped {
    Mapping { start: NonNull<u8>, len: usize },
    Read(Vec<u8>),
}

impl Mapped {
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        let mut file = File::open(path)?;
        let len = usize::try_from(file.metadata()?.len()).unwrap_or(0);
        if let Some(mapping) = Self::map(&file, len) {
            return Ok(mapping);
        }
        let mut bytes = Vec::with_capacity(len + 1);
        file.read_to_end(&mut bytes)?;
        Ok(Self::Read(bytes))
    }

    /// Only what belongs to the kernel may be mapped: nobody can cut it short or change it.
    fn map(file: &File, len: usize) -> Option<Self> {
        if len == 0 || !is_sysfs(file) {
            return None;
        }
        // SAFETY: a new private mapping for reading, of a file that is open.
        let start = unsafe {
            libc::mmap(
                ptr::null_mut(),
                len,
                libc::PROT_READ,
                libc::MAP_PRIVATE | libc::MAP_POPULATE,
                file.as_raw_fd(),
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return None;
        }
        let start = NonNull::new(start.cast())?;
        Some(Self::Mapping { start, len })
    }
}

fn is_sysfs(file: &File) -> bool {
    let mut stat = std::mem::MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: the descriptor is open and `stat` has room for the answer.
    let answered = unsafe { libc::fstatfs(file.as_raw_fd(), stat.as_mut_ptr()) } == 0;
    // SAFETY: filled in, if the call succeeded.
    answered && unsafe { stat.assume_init() }.f_type == libc::SYSFS_MAGIC
}

// SAFETY: the bytes are in a mapping or on the heap, and neither changes as long as `self` lives.
unsafe impl Held for Mapped {
    fn bytes(&self) -> &[u8] {
        match self {
            // SAFETY: mapped for reading, so long as `self` lives, and never changed: it is a part
            // of the kernel's own image.
            Self::Mapping { start, len } => unsafe {
                std::slice::from_raw_parts(start.as_ptr(), *len)
            },
            Self::Read(bytes) => bytes,
        }
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        if let Self::Mapping { start, len } = self {
            // SAFETY: our own mapping, which is not used again.
            unsafe { libc::munmap(start.as_ptr().cast(), *len) };
        }
    }
}
