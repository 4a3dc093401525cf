//! Debug information, its units taken apart.

use std::collections::HashMap;

use gimli::DebuggingInformationEntry;
use gimli::EndianSlice;
use gimli::RunTimeEndian;
use gimli::Section as _;
use gimli::UnitOffset;

use super::error::DwarfError;
use super::sections::Sections;
use crate::btf::ByteOrder;
use crate::user::language::Language;

pub(super) type Slice<'d> = EndianSlice<'d, RunTimeEndian>;
pub(super) type Dwarf<'d> = gimli::Dwarf<Slice<'d>>;
pub(super) type Unit<'d> = gimli::Unit<Slice<'d>>;
pub(crate) type Entry<'d> = DebuggingInformationEntry<Slice<'d>>;

/// More units are in nothing real.
const MAX_UNITS: usize = 1 << 20;

/// How long a text may be that is looked at, in bytes: a path, a name of C++. Texts may be the ends of one.
const MAX_TEXT: usize = 4096;

/// Debug information, its units taken apart.
pub(crate) struct Program<'d> {
    /// The program's, and that which dwz has put elsewhere.
    pub(super) files: Vec<Dwarf<'d>>,
    /// Sorted by file and offset.
    pub(super) units: Vec<Known<'d>>,
    /// The units of one type, by its signature.
    pub(super) of_types: HashMap<u64, usize>,
}

/// A unit.
pub(super) struct Known<'d> {
    /// Which of the files it is in.
    pub(super) file: usize,
    pub(super) unit: Unit<'d>,
    /// Where it starts in `.debug_info`; `None` for one of `.debug_types`.
    pub(super) start: Option<usize>,
    /// Of a unit of one type: the type's place.
    pub(super) type_offset: Option<UnitOffset>,
    pub(super) language: Option<Language>,
    /// Whether gcc has made it.
    pub(super) is_gnu: bool,
}

/// A place in debug information.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct At {
    pub(super) unit: usize,
    pub(super) offset: UnitOffset,
}

impl<'d> Program<'d> {
    pub(crate) fn new(
        own: &'d Sections<'_>,
        supplement: Option<&'d Sections<'_>>,
        order: ByteOrder,
    ) -> Result<Self, DwarfError> {
        let endian = match order {
            ByteOrder::Little => RunTimeEndian::Little,
            ByteOrder::Big => RunTimeEndian::Big,
        };
        let load = |sections: &'d Sections<'_>| {
            Dwarf::load(|id| Ok::<_, gimli::Error>(EndianSlice::new(sections.get(id), endian)))
        };
        let mut program = Self {
            files: Vec::new(),
            units: Vec::new(),
            of_types: HashMap::new(),
        };
        for sections in [Some(own), supplement].into_iter().flatten() {
            program.add(load(sections)?)?;
        }
        if let Some(supplement) = supplement {
            let supplement = load(supplement)?;
            program.files[0].set_sup(supplement);
        }
        Ok(program)
    }

    pub(super) fn add(&mut self, mut dwarf: Dwarf<'d>) -> Result<(), DwarfError> {
        dwarf.populate_abbreviations_cache(gimli::AbbreviationsCacheStrategy::Duplicates);
        let file = self.files.len();
        let mut headers = Vec::new();
        let mut units = dwarf.units();
        while let Some(header) = units.next()? {
            headers.push(header);
        }
        let mut units = dwarf.type_units();
        while let Some(header) = units.next()? {
            headers.push(header);
        }
        if headers.len() > MAX_UNITS {
            return Err(DwarfError::TooManyUnits);
        }
        for header in headers {
            let type_offset = match header.type_() {
                gimli::UnitType::Type {
                    type_signature,
                    type_offset,
                } => {
                    self.of_types.insert(type_signature.0, self.units.len());
                    Some(type_offset)
                }
                _ => None,
            };
            let start = header.debug_info_offset().map(|offset| offset.0);
            let unit = dwarf.unit(header)?;
            if let Some(name) = unit.dwo_name()? {
                let name = dwarf.attr_string(&unit, name)?;
                return Err(DwarfError::Split(name.to_string_lossy().into_owned()));
            }
            let root = unit.entry(unit.header.root_offset())?;
            let language = match root.attr_value(gimli::DW_AT_language) {
                Some(gimli::AttributeValue::Language(language)) => {
                    Some(Language::of_dwarf(language.0))
                }
                _ => None,
            };
            let producer = root.attr_value(gimli::DW_AT_producer);
            let producer = producer.and_then(|value| dwarf.attr_string(&unit, value).ok());
            let is_gnu = producer.is_some_and(|text| text.slice().starts_with(b"GNU "));
            self.units.push(Known {
                file,
                unit,
                start,
                type_offset,
                language,
                is_gnu,
            });
        }
        self.files.push(dwarf);
        Ok(())
    }

    /// How many bytes of entries there are in all of its files.
    pub(super) fn len(&self) -> usize {
        let entries = self
            .files
            .iter()
            .map(|file| file.debug_info.reader().len() + file.debug_types.reader().len());
        entries.sum()
    }

    pub(crate) fn unit_count(&self) -> usize {
        self.units.len()
    }

    /// The outermost entry of a unit.
    pub(crate) fn root(&self, unit: usize) -> At {
        At {
            unit,
            offset: self.units[unit].unit.header.root_offset(),
        }
    }

    pub(super) fn dwarf(&self, at: At) -> &Dwarf<'d> {
        &self.files[self.units[at.unit].file]
    }

    pub(super) fn unit(&self, at: At) -> &Unit<'d> {
        &self.units[at.unit].unit
    }

    pub(crate) fn entry(&self, at: At) -> Result<Entry<'d>, DwarfError> {
        Ok(self.unit(at).entry(at.offset)?)
    }

    /// The entry of a type; of one that is in a unit of its own, that in there.
    pub(super) fn whole(&self, at: At) -> Result<(At, Entry<'d>), DwarfError> {
        let entry = self.entry(at)?;
        match self.target(at, &entry, gimli::DW_AT_signature) {
            Some(whole) => Ok((whole, self.entry(whole)?)),
            None => Ok((at, entry)),
        }
    }

    /// What an attribute refers to; `None` where there is none, or it leads nowhere.
    pub(crate) fn target(&self, at: At, entry: &Entry<'d>, attribute: gimli::DwAt) -> Option<At> {
        let in_file = |file: usize, offset: usize| {
            // Those of `.debug_types` come last.
            let units = self.units.partition_point(|known| {
                known.file < file
                    || known.file == file && known.start.is_some_and(|start| start <= offset)
            });
            let unit = units.checked_sub(1)?;
            let known = &self.units[unit];
            let start = known.start.filter(|_| known.file == file)?;
            let offset = UnitOffset(offset.checked_sub(start)?);
            Some(At { unit, offset })
        };
        match entry.attr_value(attribute)? {
            gimli::AttributeValue::UnitRef(offset) => Some(At {
                unit: at.unit,
                offset,
            }),
            gimli::AttributeValue::DebugInfoRef(offset) => {
                in_file(self.units[at.unit].file, offset.0)
            }
            gimli::AttributeValue::DebugInfoRefSup(offset) => in_file(1, offset.0),
            gimli::AttributeValue::DebugTypesRef(signature) => {
                let unit = *self.of_types.get(&signature.0)?;
                let offset = self.units[unit].type_offset?;
                Some(At { unit, offset })
            }
            _ => None,
        }
    }

    pub(crate) fn text(&self, at: At, entry: &Entry<'d>, attribute: gimli::DwAt) -> Option<String> {
        let value = entry.attr_value(attribute)?;
        let text = self.dwarf(at).attr_string(self.unit(at), value).ok()?;
        let text = Some(text.slice()).filter(|text| text.len() <= MAX_TEXT)?;
        let text = std::str::from_utf8(text).ok()?;
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The direct children of an entry.
    pub(crate) fn children(&self, at: At) -> Result<Vec<(At, Entry<'d>)>, DwarfError> {
        let mut children = Vec::new();
        let mut cursor = self.unit(at).entries_at_offset(at.offset)?;
        if !cursor.next_entry()? {
            return Ok(children);
        }
        let has_children = cursor.current().is_some_and(Entry::has_children);
        if !has_children || !cursor.next_entry()? {
            return Ok(children);
        }
        while let Some(entry) = cursor.current() {
            let place = At {
                unit: at.unit,
                offset: entry.offset(),
            };
            children.push((place, entry.clone()));
            cursor.next_sibling()?;
        }
        Ok(children)
    }
}

pub(super) fn flag(entry: &Entry<'_>, attribute: gimli::DwAt) -> bool {
    matches!(
        entry.attr_value(attribute),
        Some(gimli::AttributeValue::Flag(true))
    )
}

pub(crate) fn number(entry: &Entry<'_>, attribute: gimli::DwAt) -> Option<u64> {
    entry.attr(attribute)?.udata_value()
}
