//! BTF bytes out of a file of any kind.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use object::ReadCache;

use super::Found;
use super::LIMIT;
use super::Trail;
use super::elf;
use super::elf::is_elf;
use super::error::ImageError;
use super::extract;

/// The raw BTF in a file, whatever kind of file with kernel BTF that is.
pub(crate) fn read_btf(path: &Path) -> Result<Found, ImageError> {
    let mut trail = Trail::new(path);
    let read = |error| ImageError::Read {
        path: path.to_owned(),
        error,
    };
    let mut file = File::open(path).map_err(read)?;
    let metadata = file.metadata().map_err(read)?;
    let mut bytes = Vec::new();
    if metadata.is_file() {
        (&mut file).take(4).read_to_end(&mut bytes).map_err(read)?;
        if is_elf(&bytes) {
            trail.push("an ELF file");
            return elf::btf(&ReadCache::new(file), &trail);
        }
        if metadata.len() <= LIMIT {
            bytes.reserve_exact(usize::try_from(metadata.len()).unwrap_or_default());
        }
    }
    // One byte more than is accepted, to know whether there are more: a pipe does not tell.
    let room = LIMIT + 1 - bytes.len() as u64;
    let too_large = metadata.len() > LIMIT
        || file.take(room).read_to_end(&mut bytes).map_err(read)? as u64 == room;
    if too_large {
        return Err(ImageError::TooLarge {
            file: trail,
            limit: LIMIT,
        });
    }
    extract::btf(bytes, trail)
}
