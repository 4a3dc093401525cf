//! The sections of an object that have code.

use std::sync::Arc;

use object::Object as _;
use object::ObjectSection as _;
use object::SectionFlags;
use object::SectionIndex;
use object::elf::SHF_EXECINSTR;
use object::read::elf::ElfFile64;
use object::read::elf::ElfSection64;

use super::error::ObjectError;
use super::names;
use super::names::MAX_SECTION;
use super::names::SectionNames;
use crate::btf::ByteOrder;

/// BPF has 64-bit objects only.
pub(super) type Elf<'e> = ElfFile64<'e>;

/// How many times the bytes of a file its sections may have together. Each byte is in one; in a file that was
/// made to take forever to read, many sections have the same bytes.
const MOST_SHARED: u64 = 2;

/// An object's ELF file.
///
/// # Errors
/// [`ObjectError::Elf`], where it is none; [`ObjectError::Overlapping`].
pub(super) fn parse(bytes: &[u8]) -> Result<Elf<'_>, ObjectError> {
    let elf = Elf::parse(bytes)?;
    let lens = elf.sections().filter_map(|section| section.file_range());
    let len = lens.fold(0_u64, |sum, (_, len)| sum.saturating_add(len));
    match len > MOST_SHARED.saturating_mul(bytes.len() as u64) {
        true => Err(ObjectError::Overlapping("sections")),
        false => Ok(elf),
    }
}

pub(super) fn byte_order(elf: &Elf<'_>) -> ByteOrder {
    match elf.is_little_endian() {
        true => ByteOrder::Little,
        false => ByteOrder::Big,
    }
}

/// A section that programs, or what they call, are in.
pub(super) struct CodeSection<'e> {
    pub(super) index: SectionIndex,
    pub(super) name: Arc<str>,
    pub(super) code: &'e [u8],
}

/// They are in the order of their indices.
pub(super) fn code_sections<'e>(
    elf: &Elf<'e>,
) -> Result<(Vec<CodeSection<'e>>, SectionNames), ObjectError> {
    let has_code = |section: &ElfSection64<'_, '_>| matches!(section.flags(), SectionFlags::Elf { sh_flags, .. } if sh_flags.0 & SHF_EXECINSTR.0 != 0);
    let with_code: Vec<_> = elf.sections().filter(has_code).collect();
    let mut names = Vec::new();
    for section in &with_code {
        if let Ok(name) = section.name() {
            names.push(limited(name, MAX_SECTION)?);
        }
    }
    let names = SectionNames::of(names);
    let mut sections = Vec::new();
    for section in &with_code {
        if let Some(name) = section.name().ok().and_then(|name| names.get(name)) {
            sections.push(CodeSection {
                index: section.index(),
                name: Arc::clone(name),
                code: section.data()?,
            });
        }
    }
    Ok((sections, names))
}

pub(super) fn limited(name: &str, max: usize) -> Result<&str, ObjectError> {
    match name.len() <= max {
        true => Ok(name),
        false => Err(ObjectError::LongName {
            len: name.len(),
            max,
            start: names::shown(name),
        }),
    }
}
