//! The `.BTF` section of ELF files.

use object::Endianness;
use object::ReadRef;
use object::elf::ELFCLASS32;
use object::elf::FileHeader32;
use object::elf::FileHeader64;
use object::read::elf::FileHeader;
use object::read::elf::SectionHeader;

use super::Found;
use super::LIMIT;
use super::Trail;
use super::error::ImageError;

const MAGIC: &[u8] = b"\x7fELF";

/// A vmlinux has less than a hundred, a module that was compiled with a section for each function
/// some thousands.
const MAX_SECTIONS: u32 = 1 << 16;

pub(crate) fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// The BTF in an ELF file of either class and byte order, and what else a module has.
///
/// Only the section headers, their names and those sections are read: a vmlinux with debug
/// information is hundreds of megabytes long.
pub(crate) fn btf<'d>(data: impl ReadRef<'d>, trail: &Trail) -> Result<Found, ImageError> {
    let class = data
        .read_bytes_at(MAGIC.len() as u64, 1)
        .unwrap_or_default();
    let [btf, base, modinfo] = if class == [ELFCLASS32.0] {
        sections::<FileHeader32<Endianness>>(data, trail)
    } else {
        sections::<FileHeader64<Endianness>>(data, trail)
    }?;
    match btf {
        Some(btf) => Ok(Found { btf, base, modinfo }),
        None => Err(ImageError::NoBtfSection {
            file: trail.clone(),
        }),
    }
}

/// The sections that are read. `.BTF.base` and `.modinfo` are those of modules.
const SECTIONS: [&[u8]; 3] = [b".BTF", b".BTF.base", b".modinfo"];

/// The contents of each of [`SECTIONS`] that is there and not empty.
fn sections<'d, Elf>(
    data: impl ReadRef<'d>,
    trail: &Trail,
) -> Result<[Option<Vec<u8>>; SECTIONS.len()], ImageError>
where
    Elf: FileHeader<Endian = Endianness>,
{
    let bad_elf = |error| ImageError::BadElf {
        file: trail.clone(),
        error,
    };
    let header = Elf::parse(data).map_err(bad_elf)?;
    let endian = header.endian().map_err(bad_elf)?;
    let count = header.shnum(endian, data).map_err(bad_elf)?;
    if count > MAX_SECTIONS {
        return Err(ImageError::TooManySections {
            file: trail.clone(),
            count,
        });
    }
    let sections = header.sections(endian, data).map_err(bad_elf)?;
    let mut found = [const { None }; SECTIONS.len()];
    for (name, contents) in SECTIONS.into_iter().zip(&mut found) {
        let Some((_, section)) = sections.section_by_name(endian, name) else {
            continue;
        };
        if section.sh_size(endian).into() > LIMIT {
            return Err(ImageError::TooLarge {
                file: trail.clone(),
                limit: LIMIT,
            });
        }
        let bytes = section.data(endian, data).map_err(bad_elf)?;
        *contents = (!bytes.is_empty()).then(|| bytes.to_vec());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use object::ReadCache;

    use super::super::samples;
    use super::*;
    use crate::btf::ByteOrder;

    fn trail() -> Trail {
        Trail::new("vmlinux")
    }

    #[test]
    fn either_byte_order() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let elf = samples::elf(order, ".BTF", b"the BTF");
            assert!(is_elf(&elf));
            assert_eq!(btf(&*elf, &trail()).unwrap().btf, b"the BTF");
            let file = ReadCache::new(Cursor::new(&elf));
            assert_eq!(btf(&file, &trail()).unwrap().btf, b"the BTF");
        }
    }

    #[test]
    fn no_such_section_or_an_empty_one() {
        for elf in [
            samples::elf(ByteOrder::Little, ".data", b"data"),
            samples::elf(ByteOrder::Little, ".BTF", b""),
        ] {
            let error = btf(&*elf, &trail()).unwrap_err();
            assert!(matches!(error, ImageError::NoBtfSection { .. }), "{error}");
        }
    }

    #[test]
    fn every_truncation_is_an_error() {
        let elf = samples::elf(ByteOrder::Little, ".BTF", b"the BTF");
        for len in 0..elf.len() {
            assert!(btf(&elf[..len], &trail()).is_err(), "{len}");
        }
    }

    #[test]
    fn sections_without_number() {
        let mut elf = samples::elf(ByteOrder::Little, ".BTF", b"the BTF");
        let table = u64::from_le_bytes(elf[0x28..0x30].try_into().unwrap());
        // No number in the file header: then it is the size of the first section.
        elf[0x3c..0x3e].copy_from_slice(&[0; 2]);
        elf[usize::try_from(table).unwrap() + 0x20..][..4].copy_from_slice(&[0xff; 4]);
        let error = btf(&*elf, &trail()).unwrap_err();
        assert!(
            matches!(error, ImageError::TooManySections { .. }),
            "{error}"
        );
    }
}
