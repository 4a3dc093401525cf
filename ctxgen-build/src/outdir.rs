//! Files in the output folder.
//!
//! A file is written under another name and then renamed, so that it is either as it was or as it is to be,
//! whenever a build is interrupted. Symbolic links inside the folder are replaced, not followed. Builds
//! into one folder wait for each other.

use std::fs;
use std::fs::File;
use std::fs::Permissions;
use std::io;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::time::SystemTime;

use tempfile::TempDir;

use crate::error::Error;

/// How the names of files start that are there while a build runs.
const TEMPORARY: &str = ".ctxgen-";

/// The folders in which files are written.
const FOLDERS: [&str; 4] = ["", "include", "include/bpf", "absent"];

/// The folder of headers in an output folder.
pub(crate) const INCLUDE: &str = "include";

/// The output folder of a build.
#[derive(Clone, Debug)]
pub(crate) struct OutDir {
    root: PathBuf,
    /// Whether it is that of headers itself: what is in [`INCLUDE`] elsewhere is in the root.
    is_flat: bool,
}

/// Keeps other builds from a folder.
#[derive(Debug)]
pub(crate) struct Lock {
    _folder: File,
}

impl OutDir {
    pub(crate) fn new(root: PathBuf) -> Self {
        let is_flat = false;
        Self { root, is_flat }
    }

    /// A folder for headers alone.
    pub(crate) fn of_headers(root: PathBuf) -> Self {
        let is_flat = true;
        Self { root, is_flat }
    }

    /// Where a file or folder is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        let place = self.place(name);
        match place == Path::new("") {
            // Without a slash at the end, as line markers have it.
            true => self.root.clone(),
            false => self.root.join(place),
        }
    }

    fn place<'n>(&self, name: &'n str) -> &'n Path {
        let name = Path::new(name);
        match name.strip_prefix(INCLUDE) {
            Ok(inside) if self.is_flat => inside,
            _ => name,
        }
    }

    /// Waits until no other build writes to the folder, and removes what an interrupted one has left.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub(crate) fn lock(&self) -> Result<Lock, Error> {
        let folder = fs::create_dir_all(&self.root)
            .and_then(|()| File::open(&self.root))
            .and_then(|folder| folder.lock().map(|()| folder))
            .map_err(failed(&self.root))?;
        for folder in FOLDERS {
            remove_leftovers(&self.path(folder));
        }
        Ok(Lock { _folder: folder })
    }

    /// A folder inside that goes away.
    pub(crate) fn scratch(&self) -> Result<TempDir, Error> {
        tempfile::Builder::new()
            .prefix(TEMPORARY)
            .tempdir_in(&self.root)
            .map_err(failed(&self.root))
    }

    /// Writes a file, unless it is there with these bytes: what depends on its time of change need
    /// not be made again.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Error> {
        let path = self.path(name);
        let is_file = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
        if is_file && fs::read(&path).is_ok_and(|old| old == bytes) {
            return Ok(path);
        }
        self.replace(name, bytes, None)
    }

    /// Writes a file that has this time of change, also where it has these bytes.
    pub(crate) fn write_with_time(
        &self,
        name: &str,
        bytes: &[u8],
        time: SystemTime,
    ) -> Result<PathBuf, Error> {
        self.replace(name, bytes, Some(time))
    }

    fn replace(
        &self,
        name: &str,
        bytes: &[u8],
        time: Option<SystemTime>,
    ) -> Result<PathBuf, Error> {
        let path = self.path(name);
        let parent = self.place(name).parent().unwrap_or(Path::new(""));
        self.real_folder(parent)
            .and_then(|folder| replace(&folder, &path, bytes, time))
            .map_err(failed(&path))?;
        Ok(path)
    }

    /// Makes a folder inside, in place of a symbolic link where that is one.
    pub(crate) fn real_folder(&self, name: &Path) -> io::Result<PathBuf> {
        let mut folder = self.root.clone();
        for part in name {
            folder.push(part);
            remove_link(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

/// Writes a file that is in no output folder.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)
        .and_then(|()| replace(folder, path, bytes, None))
        .map_err(failed(path))
}

fn failed(path: &Path) -> impl Fn(io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |error| Error::Write {
        path: path.clone(),
        error,
    }
}

fn remove_link(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => fs::remove_file(path),
        _ => Ok(()),
    }
}

fn replace(folder: &Path, path: &Path, bytes: &[u8], time: Option<SystemTime>) -> io::Result<()> {
    let mut file = tempfile::Builder::new()
        .prefix(TEMPORARY)
        // As other files are made: the umask takes from it what is not wanted.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Some(time) = time {
        file.as_file().set_modified(time)?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Removes what is there only while a build runs. What cannot be removed does no harm.
fn remove_leftovers(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let is_temporary = entry.file_name().to_string_lossy().starts_with(TEMPORARY);
        if !is_temporary {
            continue;
        }
        let _ = match entry.file_type() {
            Ok(kind) if kind.is_dir() => fs::remove_dir_all(entry.path()),
            _ => fs::remove_file(entry.path()),
        };
    }
}

/// The bytes of a file that the build itself has made.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::read(path, error))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    fn out() -> (TempDir, OutDir) {
        let dir = tempfile::tempdir().unwrap();
        let out = OutDir::new(dir.path().join("out"));
        (dir, out)
    }

    #[test]
    fn links_are_replaced() {
        let (dir, out) = out();
        let outside = dir.path().join("outside");
        fs::create_dir_all(&outside).unwrap();
        fs::create_dir_all(out.path("")).unwrap();
        fs::write(outside.join("victim"), "same").unwrap();
        symlink(outside.join("victim"), out.path("a.o")).unwrap();
        symlink(&outside, out.path("include")).unwrap();
        let _lock = out.lock().unwrap();
        for name in ["a.o", "include/victim"] {
            // One that already leads to these bytes is replaced too.
            out.write(name, b"same").unwrap();
            out.write(name, b"other").unwrap();
            assert_eq!(fs::read(out.path(name)).unwrap(), b"other");
        }
        assert_eq!(fs::read(outside.join("victim")).unwrap(), b"same");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    }

    #[test]
    fn headers_alone() {
        let dir = tempfile::tempdir().unwrap();
        let out = OutDir::of_headers(dir.path().to_owned());
        assert_eq!(out.path("include"), dir.path());
        for (name, place) in [
            ("include/ctx.h", "ctx.h"),
            ("include/bpf/bpf_helpers.h", "bpf/bpf_helpers.h"),
            ("ctx.btf", "ctx.btf"),
        ] {
            let path = out.write(name, b"x").unwrap();
            assert_eq!(path, dir.path().join(place));
            assert_eq!(fs::read(path).unwrap(), b"x");
        }
        assert!(!dir.path().join("include").exists());
    }

    #[test]
    fn files_have_the_usual_permissions() {
        let (_dir, out) = out();
        let ours = out.write("include/ctx.h", b"x").unwrap();
        let theirs = out.path("theirs");
        fs::write(&theirs, "x").unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(ours), mode(theirs));
    }

    #[test]
    fn a_file_with_the_same_bytes_keeps_its_time() {
        let (_dir, out) = out();
        let path = out.write("a", b"x").unwrap();
        let changed = || fs::metadata(&path).unwrap().modified().unwrap();
        let before = changed();
        std::thread::sleep(Duration::from_millis(20));
        out.write("a", b"x").unwrap();
        assert_eq!(changed(), before);
        let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_000_000_001);
        out.write_with_time("a", b"x", time).unwrap();
        assert_eq!(changed(), time);
    }

    #[test]
    fn what_an_interrupted_build_has_left_goes_away() {
        let (_dir, out) = out();
        let scratch = out.lock().and_then(|_| out.scratch()).unwrap().keep();
        fs::create_dir_all(out.path("include")).unwrap();
        fs::write(out.path("include/.ctxgen-abc"), "half").unwrap();
        out.write("include/ctx.h", b"whole").unwrap();
        drop(out.lock().unwrap());
        assert!(!scratch.exists());
        assert!(!out.path("include/.ctxgen-abc").exists());
        assert!(out.path("include/ctx.h").exists());
    }

    #[test]
    fn builds_wait_for_each_other() {
        let (_dir, out) = out();
        let lock = out.lock().unwrap();
        let (send, received) = mpsc::channel();
        let other = out.clone();
        let waiting = std::thread::spawn(move || {
            let lock = other.lock().unwrap();
            send.send(()).unwrap();
            drop(lock);
        });
        assert!(received.recv_timeout(Duration::from_millis(200)).is_err());
        drop(lock);
        received.recv_timeout(Duration::from_secs(60)).unwrap();
        waiting.join().unwrap();
    }
}
