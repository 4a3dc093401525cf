//! Prototypes of a program's functions, out of its debug information (DWARF 4 and 5).
//!
//! All functions that have code are put into one BTF, with as much of their types as calling conventions
//! and declarations need: of what is behind a pointer, a name at most. Debug information is not trusted:
//! it is read in bounds, in time that grows with its length, and what makes no sense is an error.

mod functions;
mod interned;
mod registers;
mod sections;
mod types;

use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;

use gimli::DebuggingInformationEntry;
use gimli::EndianSlice;
use gimli::RunTimeEndian;
use gimli::UnitOffset;

use self::functions::Functions;
pub(crate) use self::sections::Sections;
use super::Prototypes;
use super::file::Elf;
use super::file::Facts;
use super::language::Language;
use crate::Error;
use crate::btf::ByteOrder;

type Slice<'d> = EndianSlice<'d, RunTimeEndian>;
type Dwarf<'d> = gimli::Dwarf<Slice<'d>>;
type Unit<'d> = gimli::Unit<Slice<'d>>;
pub(crate) type Entry<'d> = DebuggingInformationEntry<Slice<'d>>;

/// More units are in nothing real.
const MAX_UNITS: usize = 1 << 20;

/// Why debug information cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DwarfError {
    #[error("{0}")]
    Gimli(#[from] gimli::Error),
    #[error("its section {0} is damaged, or compressed in a way that is not known ({1})")]
    Section(&'static str, object::Error),
    #[error("its sections have more than {0} bytes")]
    TooLarge(u64),
    #[error("it has more units than anything real")]
    TooManyUnits,
    #[error(
        "it is split (-gsplit-dwarf), and files like {0} have the rest, which ctxgen does not read: \
         compile without -gsplit-dwarf"
    )]
    Split(String),
    #[error(
        "it shares types with a file that dwz has made ({0}), and that file is not there, or of another \
         build: install it with the debug symbols"
    )]
    Supplement(String),
}

/// The prototypes in the debug information of the program at `path`, which is in the file `from`.
pub(super) fn prototypes(
    path: &Path,
    from: &Path,
    elf: &Elf<'_>,
    facts: &Facts,
    roots: &[PathBuf],
) -> Result<Prototypes, Error> {
    let bad = |error: DwarfError| Error::UserDwarf {
        path: path.to_owned(),
        file: from.to_owned(),
        reason: error.to_string(),
    };
    let order = facts.order.unwrap_or(ByteOrder::HOST);
    let supplement = sections::supplement(from, elf, roots).map_err(bad)?;
    let own = Sections::load(elf).map_err(bad)?;
    let program = Program::new(&own, supplement.as_ref().map(|(_, s)| s), order).map_err(bad)?;
    let mut functions = Functions::new(&program, facts, order);
    functions.find().map_err(bad)?;
    let (btf, refused) = functions.finish();
    Ok(Prototypes {
        btf,
        more: supplement.into_iter().map(|(path, _)| path).collect(),
        refused,
    })
}

/// Debug information, its units taken apart.
pub(crate) struct Program<'d> {
    /// The program's, and that which dwz has put elsewhere.
    files: Vec<Dwarf<'d>>,
    /// Sorted by file and offset.
    units: Vec<Known<'d>>,
    /// The units of one type, by its signature.
    of_types: HashMap<u64, usize>,
}

/// A unit.
struct Known<'d> {
    /// Which of the files it is in.
    file: usize,
    unit: Unit<'d>,
    /// Where it starts in `.debug_info`; `None` for one of `.debug_types`.
    start: Option<usize>,
    /// Of a unit of one type: the type's place.
    type_offset: Option<UnitOffset>,
    language: Option<Language>,
    /// Whether gcc has made it.
    is_gnu: bool,
}

/// A place in debug information.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct At {
    unit: usize,
    offset: UnitOffset,
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

    fn add(&mut self, mut dwarf: Dwarf<'d>) -> Result<(), DwarfError> {
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

    fn dwarf(&self, at: At) -> &Dwarf<'d> {
        &self.files[self.units[at.unit].file]
    }

    fn unit(&self, at: At) -> &Unit<'d> {
        &self.units[at.unit].unit
    }

    pub(crate) fn entry(&self, at: At) -> Result<Entry<'d>, DwarfError> {
        Ok(self.unit(at).entry(at.offset)?)
    }

    /// The entry of a type; of one that is in a unit of its own, that in there.
    fn whole(&self, at: At) -> Result<(At, Entry<'d>), DwarfError> {
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
        let text = std::str::from_utf8(text.slice()).ok()?;
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

fn flag(entry: &Entry<'_>, attribute: gimli::DwAt) -> bool {
    matches!(
        entry.attr_value(attribute),
        Some(gimli::AttributeValue::Flag(true))
    )
}

pub(crate) fn number(entry: &Entry<'_>, attribute: gimli::DwAt) -> Option<u64> {
    entry.attr(attribute)?.udata_value()
}
