//! Files that are in memory alone, for what takes a path.

use std::fs::File;
use std::io;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::fd::FromRawFd;
use std::path::Path;
use std::path::PathBuf;

/// Calls `run` with the path of a file that has these bytes, and that is gone afterwards.
///
/// # Panics
/// If there is no memory for it.
pub fn with_file<T>(bytes: &[u8], run: impl FnOnce(&Path) -> T) -> T {
    let file = create(bytes).unwrap_or_else(|error| panic!("a file in memory: {error}"));
    run(&PathBuf::from(format!(
        "/proc/self/fd/{}",
        file.as_raw_fd()
    )))
}

fn create(bytes: &[u8]) -> io::Result<File> {
    // SAFETY: the name ends in NUL.
    let fd = unsafe { libc::memfd_create(c"input".as_ptr(), libc::MFD_CLOEXEC) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just opened, and nobody else's.
    let mut file = unsafe { File::from_raw_fd(fd) };
    file.write_all(bytes)?;
    Ok(file)
}
