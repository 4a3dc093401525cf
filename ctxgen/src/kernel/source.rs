//! BTF bytes out of files.

use std::path::Path;

use object::Object;
use object::ObjectSection;

use crate::Error;

const ELF_MAGIC: &[u8] = b"\x7fELF";

/// The raw BTF in a file: the file itself, or the `.BTF` section of an ELF file.
pub(super) fn read_btf(path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = std::fs::read(path).map_err(|error| Error::Read {
        path: path.to_owned(),
        error,
    })?;
    if !bytes.starts_with(ELF_MAGIC) {
        return Ok(bytes);
    }
    let bad_elf = |error| Error::BadElf {
        path: path.to_owned(),
        error,
    };
    let elf = object::File::parse(&*bytes).map_err(bad_elf)?;
    let section = elf
        .section_by_name(".BTF")
        .ok_or_else(|| Error::NoBtfSection {
            path: path.to_owned(),
        })?;
    Ok(section.data().map_err(bad_elf)?.to_vec())
}

/// What `uname -r` says, from where it needs no system call of our own.
pub(super) fn running_release() -> Option<String> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    Some(release.trim().to_owned())
}
