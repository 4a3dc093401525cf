//! Doing what a sample is to notice.

use std::io;
use std::ptr;

/// Makes a page of memory writable and executable, and returns whether that was allowed.
pub(crate) fn make_writable_and_executable() -> io::Result<()> {
    const SIZE: usize = 4096;
    let writable = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: A new mapping disturbs no other.
    let page = unsafe { libc::mmap(ptr::null_mut(), SIZE, writable, flags, -1, 0) };
    assert_ne!(page, libc::MAP_FAILED, "{}", io::Error::last_os_error());
    // SAFETY: The mapping is ours and nothing is in it.
    let result = match unsafe { libc::mprotect(page, SIZE, writable | libc::PROT_EXEC) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    };
    // SAFETY: As above.
    assert_eq!(unsafe { libc::munmap(page, SIZE) }, 0);
    result
}

/// Confines the calling thread to the first CPU that it may use.
pub(crate) fn stay_on_one_cpu() {
    // SAFETY: All-zero is an empty set of CPUs.
    let mut allowed = unsafe { std::mem::zeroed::<libc::cpu_set_t>() };
    let size = size_of_val(&allowed);
    // SAFETY: The set is ours to write to, and as large as said.
    let result = unsafe { libc::sched_getaffinity(0, size, &raw mut allowed) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
    let cpus = usize::try_from(libc::CPU_SETSIZE).unwrap();
    // SAFETY: No CPU is beyond the set.
    let first = (0..cpus).find(|&cpu| unsafe { libc::CPU_ISSET(cpu, &allowed) });
    // SAFETY: As above.
    let mut one = unsafe { std::mem::zeroed::<libc::cpu_set_t>() };
    // SAFETY: As above.
    unsafe { libc::CPU_SET(first.unwrap(), &mut one) };
    // SAFETY: The set is as large as said.
    let result = unsafe { libc::sched_setaffinity(0, size, &raw const one) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
}
