//! A file that is nowhere on disk.

use std::fs::File;
use std::io;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::fd::FromRawFd;
use std::path::Path;
use std::path::PathBuf;

/// Bytes under a path that only this process can open, for as long as this lives.
#[derive(Debug)]
pub(super) struct Memfd {
    path: PathBuf,
    /// Closing it ends the path.
    _file: File,
}

impl Memfd {
    pub(super) fn new(bytes: &[u8]) -> io::Result<Self> {
        // SAFETY: the name ends in NUL.
        let fd = unsafe { libc::memfd_create(c"ctxgen.btf".as_ptr(), libc::MFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just opened, and nobody else's.
        let mut file = unsafe { File::from_raw_fd(fd) };
        file.write_all(bytes)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        // Without /proc the path leads nowhere.
        path.metadata()?;
        Ok(Self { path, _file: file })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_under_its_path_and_gone_with_it() {
        let file = Memfd::new(b"types").unwrap();
        let path = file.path().to_owned();
        let inode = || std::fs::read_link(&path);
        assert_eq!(std::fs::read(&path).unwrap(), b"types");
        assert!(inode().unwrap().to_string_lossy().contains("ctxgen.btf"));
        drop(file);
        // Another test may have got the number meanwhile.
        assert!(!std::fs::read(&path).is_ok_and(|bytes| bytes == b"types"));
    }
}
