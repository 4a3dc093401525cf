//! Writing an initramfs: a cpio archive in the `newc` format, as the kernel unpacks it.

use std::collections::BTreeSet;
use std::io;
use std::io::Write;

const DIRECTORY: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;

/// What ends an archive.
const TRAILER: &str = "TRAILER!!!";

/// An archive that is being written. The same entries give the same bytes.
#[derive(Debug)]
pub(crate) struct Archive<W> {
    to: W,
    entries: u32,
    folders: BTreeSet<String>,
}

impl<W: Write> Archive<W> {
    /// An empty archive, to be written to `to`.
    pub(crate) fn new(to: W) -> Self {
        Self {
            to,
            entries: 0,
            folders: BTreeSet::new(),
        }
    }

    /// Add a file. `path` is from the root on, with or without a slash in front; its folders are
    /// made where no earlier entry made them.
    pub(crate) fn file(&mut self, path: &str, permissions: u32, content: &[u8]) -> io::Result<()> {
        let path = path.trim_start_matches('/');
        for (end, _) in path.match_indices('/') {
            // The kernel makes no folders by itself.
            if self.folders.insert(path[..end].to_owned()) {
                self.entry(&path[..end], DIRECTORY | 0o755, &[])?;
            }
        }
        self.entry(path, REGULAR | permissions, content)
    }

    /// End the archive.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.entry(TRAILER, 0, &[])?;
        self.to.flush()?;
        Ok(self.to)
    }

    fn entry(&mut self, path: &str, mode: u32, content: &[u8]) -> io::Result<()> {
        let too_large = |_| io::Error::new(io::ErrorKind::InvalidInput, "too large for cpio");
        let size = u32::try_from(content.len()).map_err(too_large)?;
        let name_size = u32::try_from(path.len() + 1).map_err(too_large)?;
        self.entries += 1;
        let links = if mode & DIRECTORY == 0 { 1 } else { 2 };
        // inode, mode, uid, gid, links, mtime, size, four device numbers, size of the name, checksum
        let fields = [
            self.entries,
            mode,
            0,
            0,
            links,
            0,
            size,
            0,
            0,
            0,
            0,
            name_size,
            0,
        ];
        let mut header = String::from("070701");
        for field in fields {
            header.push_str(&format!("{field:08x}"));
        }
        header.push_str(path);
        header.push('\0');
        self.padded(header.as_bytes())?;
        self.padded(content)
    }

    /// Everything begins at a multiple of four.
    fn padded(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to.write_all(bytes)?;
        self.to
            .write_all(&[0; 3][..bytes.len().next_multiple_of(4) - bytes.len()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads an archive back: names, modes, contents.
    fn entries(archive: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
        let mut entries = Vec::new();
        let mut at = 0;
        loop {
            assert_eq!(&archive[at..at + 6], b"070701");
            let field = |n: usize| {
                let from = at + 6 + 8 * n;
                let digits = std::str::from_utf8(&archive[from..from + 8]).unwrap();
                u32::from_str_radix(digits, 16).unwrap()
            };
            let name_from = at + 110;
            let name_to = name_from + field(11) as usize - 1;
            assert_eq!(archive[name_to], 0);
            let name = String::from_utf8(archive[name_from..name_to].to_vec()).unwrap();
            let from = (name_to + 1).next_multiple_of(4);
            let to = from + field(6) as usize;
            if name == TRAILER {
                assert_eq!(archive.len(), from);
                return entries;
            }
            entries.push((name, field(1), archive[from..to].to_vec()));
            at = to.next_multiple_of(4);
        }
    }

    fn example() -> Vec<u8> {
        let mut archive = Archive::new(Vec::new());
        archive.file("init", 0o755, b"#!").unwrap();
        archive.file("/a/b/c", 0o644, b"12345").unwrap();
        archive.file("a/b/d", 0o600, b"").unwrap();
        archive.finish().unwrap()
    }

    #[test]
    fn what_was_put_in_comes_out_with_the_folders_first() {
        let expected: [(&str, u32, &[u8]); 5] = [
            ("init", 0o100_755, b"#!"),
            ("a", 0o040_755, b""),
            ("a/b", 0o040_755, b""),
            ("a/b/c", 0o100_644, b"12345"),
            ("a/b/d", 0o100_600, b""),
        ];
        let found = entries(&example());
        assert_eq!(found.len(), expected.len());
        for ((name, mode, content), wanted) in found.iter().zip(expected) {
            assert_eq!((name.as_str(), *mode, content.as_slice()), wanted);
        }
    }

    #[test]
    fn the_same_entries_give_the_same_bytes() {
        assert_eq!(example(), example());
    }
}
