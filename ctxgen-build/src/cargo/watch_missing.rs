//! Files that are not there and would be read if they were.

use std::fs;
use std::fs::File;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::outdir::OutDir;

/// The folder in the output folder.
const FOLDER: &str = "absent";

/// What cargo can be told to watch so that it notices when a file appears; `None` where the output
/// folder does not allow for it.
///
/// Cargo takes a file that is missing for one that has changed, and of a folder it watches all that is
/// below. What it gets is a folder with a symbolic link to the file: cargo goes by the newest that is
/// in it, follows links, and passes over those that lead nowhere.
pub(crate) fn watch_missing(out: &OutDir, path: &Path) -> Option<PathBuf> {
    try_watch(&out.real_folder(Path::new(FOLDER)).ok()?, path).ok()
}

fn try_watch(folder: &Path, path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let link = folder.join(name);
    match fs::remove_file(&link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        // A new one each time: where it leads somewhere, cargo goes by its time of change too, and the
        // file that appears may be an old one.
        _ => symlink(path, &link)?,
    }
    // Cargo compares with the time at which the build script began.
    File::open(folder)?.set_modified(SystemTime::UNIX_EPOCH)?;
    Ok(folder.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_link_that_leads_to_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let out = OutDir::new(dir.path().join("out"));
        let mut before = SystemTime::UNIX_EPOCH;
        for path in ["a/x86_64.btf", "a/x86_64.btf", "b/x86_64.btf"] {
            let path = dir.path().join(path);
            // Longer than the steps in which file systems count.
            std::thread::sleep(Duration::from_millis(20));
            let folder = watch_missing(&out, &path).unwrap();
            let link = folder.join("x86_64.btf");
            assert_eq!(fs::read_link(&link).unwrap(), path);
            assert!(!link.exists());
            let made = fs::symlink_metadata(&link).unwrap().modified().unwrap();
            assert!(made > before, "{made:?}, {before:?}");
            before = made;
            let modified = fs::metadata(&folder).unwrap().modified().unwrap();
            assert_eq!(modified, SystemTime::UNIX_EPOCH);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            assert!(link.exists());
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn nothing_is_watched_where_it_cannot_be() {
        let dir = tempfile::tempdir().unwrap();
        let out = OutDir::new(dir.path().to_owned());
        fs::write(out.path(FOLDER), "no folder").unwrap();
        assert_eq!(watch_missing(&out, Path::new("/a/x86_64.btf")), None);
    }
}
