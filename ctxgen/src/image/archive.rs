//! Archives with a BTF in them, such as `BTFHub` keeps.

use super::Trail;
use super::error::ImageError;

/// Where a file's header in an archive has its magic, in all formats but the oldest, which has none.
const MAGIC_AT: usize = 257;

pub(super) fn is_tar(bytes: &[u8]) -> bool {
    bytes
        .get(MAGIC_AT..)
        .is_some_and(|magic| magic.starts_with(b"ustar"))
}

/// The one file in an archive that is BTF.
#[cfg(feature = "images")]
pub(super) fn btf(bytes: &[u8], trail: &Trail) -> Result<Vec<u8>, ImageError> {
    use std::io::Read;

    use super::raw::is_btf;

    let unreadable = |error| ImageError::Archive {
        file: trail.clone(),
        error,
    };
    let mut archive = tar::Archive::new(bytes);
    let mut found: Option<Vec<u8>> = None;
    let mut files = 0;
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        files += 1;
        // The reader takes no more than the archive has, whatever its header says. The size is not
        // asked: a sparse file's is not that of its contents.
        let mut contents = Vec::new();
        let mut start = (&mut entry).take(4);
        start.read_to_end(&mut contents).map_err(unreadable)?;
        if !is_btf(&contents) {
            continue;
        }
        if found.is_some() {
            return Err(ImageError::SeveralInArchive {
                file: trail.clone(),
            });
        }
        let mut rest = entry.take(bytes.len() as u64);
        rest.read_to_end(&mut contents).map_err(unreadable)?;
        found = Some(contents);
    }
    found.ok_or_else(|| ImageError::NoBtfInArchive {
        file: trail.clone(),
        files,
    })
}

#[cfg(not(feature = "images"))]
pub(super) fn btf(_bytes: &[u8], trail: &Trail) -> Result<Vec<u8>, ImageError> {
    Err(ImageError::NoDecompression {
        file: trail.clone(),
    })
}
