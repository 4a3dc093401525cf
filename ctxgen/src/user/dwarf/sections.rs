//! The sections that debug information is in, decompressed.

use std::borrow::Cow;
use std::path::Path;
use std::path::PathBuf;

use gimli::SectionId;
use object::CompressedData;
use object::Object;
use object::ObjectSection;

use super::error::DwarfError;
use crate::user::file;
use crate::user::file::Elf;

/// How many bytes all sections may have, decompressed, however few they are in the file.
const LEAST: u64 = 16 << 20;

/// How many more for each of their bytes in the file. Debug information shrinks to a third, or a tenth where it
/// repeats itself.
const PER_BYTE: u64 = 20;

/// How many bytes sections may have once they are decompressed.
#[derive(Debug)]
pub(crate) struct Room {
    left: u64,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self { left: LEAST }
    }

    /// The bytes of a section.
    ///
    /// # Errors
    /// [`DwarfError::TooLarge`], where that would be too many.
    pub(crate) fn decompress<'d>(
        &mut self,
        data: CompressedData<'d>,
        bad: impl Fn(object::Error) -> DwarfError,
    ) -> Result<Cow<'d, [u8]>, DwarfError> {
        let more = PER_BYTE.saturating_mul(data.data.len() as u64);
        let left = self.left.saturating_add(more);
        let left = left.checked_sub(data.uncompressed_size);
        self.left = left.ok_or(DwarfError::TooLarge(PER_BYTE))?;
        data.decompress().map_err(bad)
    }
}

/// What prototypes are read from.
const SECTIONS: [SectionId; 12] = [
    SectionId::DebugAbbrev,
    SectionId::DebugAddr,
    SectionId::DebugInfo,
    SectionId::DebugLine,
    SectionId::DebugLineStr,
    SectionId::DebugStr,
    SectionId::DebugStrOffsets,
    SectionId::DebugTypes,
    SectionId::DebugLoc,
    SectionId::DebugLocLists,
    SectionId::DebugRanges,
    SectionId::DebugRngLists,
];

pub(crate) struct Sections<'d>(Vec<(SectionId, Cow<'d, [u8]>)>);

/// The bytes of a file with debug information of several programs.
pub(super) type Owned = Sections<'static>;

impl<'d> Sections<'d> {
    pub(super) fn load(elf: &Elf<'d>) -> Result<Self, DwarfError> {
        let mut sections = Vec::new();
        let mut room = Room::new();
        for id in SECTIONS {
            let Some(section) = elf.section_by_name(id.name()) else {
                continue;
            };
            let bad = |error| DwarfError::Section(id.name(), error);
            let data = section.compressed_data().map_err(bad)?;
            sections.push((id, room.decompress(data, bad)?));
        }
        Ok(Self(sections))
    }

    /// Those that there are of the sections with debug information.
    pub(crate) fn of(mut data: impl FnMut(SectionId) -> Option<Cow<'d, [u8]>>) -> Self {
        let sections = SECTIONS.into_iter();
        Self(sections.filter_map(|id| Some((id, data(id)?))).collect())
    }

    pub(crate) fn get(&self, id: SectionId) -> &[u8] {
        let section = self.0.iter().find(|(known, _)| *known == id);
        section.map_or(&[], |(_, data)| data)
    }

    fn into_owned(self) -> Owned {
        let owned = self.0.into_iter();
        Sections(
            owned
                .map(|(id, data)| (id, Cow::Owned(data.into_owned())))
                .collect(),
        )
    }
}

/// The file to which dwz has moved what several programs' debug information has in common, where it has.
pub(super) fn supplement(
    from: &Path,
    elf: &Elf<'_>,
    roots: &[PathBuf],
) -> Result<Option<(PathBuf, Owned)>, DwarfError> {
    let Some((name, id)) = elf.gnu_debugaltlink().ok().flatten() else {
        return Ok(None);
    };
    let name = String::from_utf8_lossy(name).into_owned();
    let folder = from.parent().unwrap_or(from);
    let by_id = roots.iter().filter_map(|root| file::by_build_id(root, id));
    let files: Vec<PathBuf> = [folder.join(&name)].into_iter().chain(by_id).collect();
    for file in files {
        let Ok(cache) = file::open(&file) else {
            continue;
        };
        let Ok(other) = Elf::parse(&cache) else {
            continue;
        };
        if other.build_id().ok().flatten() == Some(id) {
            let sections = Sections::load(&other)?.into_owned();
            return Ok(Some((file, sections)));
        }
    }
    Err(DwarfError::Supplement(name))
}
