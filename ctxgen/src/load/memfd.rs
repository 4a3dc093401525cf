//! Files that are nowhere on disk.

use std::fs::File;
use std::io;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::fd::FromRawFd;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;

/// All files, and how long they are.
///
/// libbpf opens a path when it loads an object, and whoever holds the opened object may keep it for
/// longer than anything else. A descriptor that was closed by then would be another file's, under the
/// same path, and libbpf would take offsets from that. So none is ever closed; and since a file's bytes
/// follow from the object and the kernel, loading an object again takes no other file.
static FILES: Mutex<Vec<(usize, File)>> = Mutex::new(Vec::new());

/// The path of a file with these bytes, which only this process can open, for as long as it runs.
pub(super) fn path_of(bytes: &[u8]) -> io::Result<PathBuf> {
    let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    let mut as_long = files.iter().filter(|(len, _)| *len == bytes.len());
    if let Some((_, file)) = as_long.find(|(_, file)| has(file, bytes)) {
        return Ok(path(file));
    }
    let file = create(bytes)?;
    let path = path(&file);
    // Without /proc the path leads nowhere.
    path.metadata()?;
    files.push((bytes.len(), file));
    Ok(path)
}

fn create(bytes: &[u8]) -> io::Result<File> {
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // SAFETY: the name ends in NUL.
    let fd = unsafe { libc::memfd_create(c"ctxgen.btf".as_ptr(), flags) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just opened, and nobody else's.
    let mut file = unsafe { File::from_raw_fd(fd) };
    file.write_all(bytes)?;
    let seals = libc::F_SEAL_WRITE | libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;
    // SAFETY: takes no pointer, and the descriptor is open.
    if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(file)
}

fn path(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

fn has(file: &File, bytes: &[u8]) -> bool {
    let mut own = vec![0; bytes.len()];
    file.read_exact_at(&mut own, 0).is_ok() && own == bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_are_one_file_for_good() {
        let one = path_of(b"types").unwrap();
        let other = path_of(b"other types").unwrap();
        assert_ne!(one, other);
        assert_eq!(path_of(b"types").unwrap(), one);
        assert_eq!(std::fs::read(&one).unwrap(), b"types");
        assert_eq!(std::fs::read(&other).unwrap(), b"other types");
        let target = std::fs::read_link(&one).unwrap();
        assert!(target.to_string_lossy().contains("ctxgen.btf"));
        assert!(std::fs::write(&one, b"else").is_err());
    }
}
