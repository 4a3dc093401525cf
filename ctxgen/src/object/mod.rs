//! A compiled BPF object: its types, its programs, and what CO-RE has to relocate in it.

pub mod accesses;
mod code;
mod declared;
mod embedded;
mod ext;
mod externals;
mod fields;
mod functions;
mod instruction;
mod license;
mod live;
pub mod meant;
mod names;
mod path;
mod place;
mod struct_ops;

use std::ops::Range;
use std::sync::Arc;

use object::Object as _;
use object::ObjectSection as _;
use object::ObjectSymbol as _;
use object::SectionFlags;
use object::SectionIndex;
use object::SymbolKind;
use object::elf::SHF_EXECINSTR;
use object::read::elf::ElfFile64;
use object::read::elf::ElfSection64;

use crate::btf::Btf;
use crate::btf::BtfError;
use crate::btf::BtfWriter;
use crate::btf::ByteOrder;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::btf::compat::essential_name;
use crate::hook::Hook;
use crate::hook::Prototypes;
use crate::hook::SecName;
use crate::sorted::set;
use crate::sorted::sorted_by;

pub use self::accesses::reads;
pub use self::declared::complete_declarations;
pub use self::embedded::embedded;
pub use self::ext::ExtError;
pub use self::ext::Relocation;
pub use self::ext::RelocationKind;
pub use self::externals::External;
pub use self::functions::Functions;
pub use self::functions::Parameter;
pub use self::functions::Pointee;
pub use self::license::GplOnly;
pub use self::license::Unlicensed;
pub use self::license::gpl_only_helper;
pub use self::license::unlicensed;
use self::names::MAX_FUNCTION;
use self::names::MAX_SECTION;
use self::names::SectionNames;
pub use self::path::Step;
pub use self::place::PlacedField;

use self::code::Code;
pub(crate) use self::code::Place;
pub(crate) use self::fields::context_arguments;
pub(crate) use self::fields::context_fields;
pub(crate) use self::fields::own_type;
pub(crate) use self::fields::slots;
pub(crate) use self::live::Flow;

/// BPF has 64-bit objects only.
type Elf<'e> = ElfFile64<'e>;

/// Functions that are no programs are in this section.
const SUBPROGRAMS: &str = ".text";

/// Why bytes could not be read as a BPF object.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// They are no ELF file, or a damaged one.
    #[error("it cannot be read as an ELF file: {0}")]
    Elf(#[from] object::Error),
    /// Its section `.BTF` is damaged.
    #[error("its .BTF section cannot be used: {0}")]
    Btf(#[from] BtfError),
    /// Its section `.BTF.ext` is damaged.
    #[error("its .BTF.ext section cannot be used: {0}")]
    Ext(#[from] ExtError),
    /// A section with code, or a function in one, has a name longer than libbpf and kernels take.
    #[error(
        "it has code under a name of {len} bytes, and none has more than {max}: {start:?} and so on"
    )]
    LongName {
        /// How long it is, in bytes.
        len: usize,
        /// How long it may be.
        max: usize,
        /// What it starts with.
        start: String,
    },
}

/// A program of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The function's name.
    pub name: String,
    /// The SEC name, as it stands in the source.
    pub section: Arc<str>,
    /// The struct or union, in the object's BTF, that the first argument points to; `None` for what
    /// claims nothing about the context: no argument, `void *`, an array of slots.
    pub context: Option<TypeId>,
    /// The members of `struct_ops` that the object's variables have it for, sorted.
    pub implements: Vec<Hook>,
    /// Where in its section it is, in bytes.
    range: Range<u64>,
}

impl Program {
    /// Whether its section lets it take that struct, which is another than its hook's: see
    /// [`SecName::may_take`].
    pub(crate) fn may_take(&self, struct_name: &str) -> bool {
        let sec = SecName::parse(&self.section);
        self.implements.is_empty() && sec.is_ok_and(|sec| sec.may_take(struct_name))
    }

    /// Where it attaches, as far as the object says: the hook of its section, or those that it lists, or of a
    /// `struct_ops` program the members that it is assigned to. Several have the same context, as far as the
    /// program takes one.
    pub fn hooks(&self) -> Vec<Hook> {
        if !self.implements.is_empty() {
            return self.implements.clone();
        }
        let of_section = match SecName::parse(&self.section) {
            Ok(sec) if !sec.listed().is_empty() => return sec.listed().to_vec(),
            sec => sec.ok().map(|sec| sec.hook),
        };
        // Of such programs, the section may say any name.
        let says_nothing =
            |hook: &Hook| hook.is_generic() && hook.family().prototypes() == Prototypes::StructOps;
        of_section
            .into_iter()
            .filter(|hook| !says_nothing(hook))
            .collect()
    }
}

/// A compiled BPF object.
#[derive(Debug)]
pub struct ObjectFile {
    btf: Btf<'static>,
    programs: Vec<Program>,
    relocations: Vec<Relocation>,
    /// The numbers of the programs, by section and by where in it they start.
    places: Vec<usize>,
    externals: Vec<External>,
    code: Code,
}

impl ObjectFile {
    /// Reads an object, as clang or libbpf's linker has written it, in either byte order.
    ///
    /// # Errors
    /// [`ObjectError`], where it is none or is damaged.
    pub fn parse(bytes: &[u8]) -> Result<Self, ObjectError> {
        let elf = Elf::parse(bytes)?;
        let section = |name| -> Result<Option<&[u8]>, ObjectError> {
            match elf.section_by_name(name) {
                Some(section) => Ok(Some(section.data()?)),
                None => Ok(None),
            }
        };
        let order = byte_order(&elf);
        let btf = match section(".BTF")? {
            Some(bytes) => Btf::parse(bytes)?,
            // clang writes none for a source that defines nothing.
            None => Btf::parse(&BtfWriter::new(order).finish())?,
        };
        let (sections, names) = code_sections(&elf)?;
        let mut relocations = match section(".BTF.ext")? {
            Some(bytes) => ext::relocations(bytes, &btf, &names)?,
            None => Vec::new(),
        };
        let by_name = sorted_by(sections.iter().collect(), |a, b| a.name.cmp(&b.name));
        for relocation in &mut relocations {
            let at = relocation.instruction_offset as usize;
            let place = by_name.binary_search_by(|section| section.name.cmp(&relocation.section));
            let code = place.map_or(&[][..], |place| by_name[place].code);
            relocation.opcode = code.get(at).copied();
        }
        let prototypes = prototypes(&btf);
        let programs = programs(&elf, &sections, &btf, &prototypes)?;
        let places = places(&programs);
        let code = Code::read(&elf, order, &sections, &btf, &prototypes)?;
        let externals = externals::externals(&elf, &btf);
        Ok(Self {
            btf,
            programs,
            relocations,
            places,
            externals,
            code,
        })
    }

    /// The object's own types.
    pub fn btf(&self) -> &Btf<'static> {
        &self.btf
    }

    /// The programs, in the order of the symbol table. Functions that programs call are none.
    pub fn programs(&self) -> &[Program] {
        &self.programs
    }

    /// What CO-RE has to relocate, in the order of the object.
    pub fn relocations(&self) -> &[Relocation] {
        &self.relocations
    }

    /// The functions of the kernel that programs call.
    pub fn externals(&self) -> &[External] {
        &self.externals
    }

    /// The program that a relocation is in; `None` for one in a function that programs call.
    pub fn program_of(&self, relocation: &Relocation) -> Option<&Program> {
        self.place_of(relocation).map(|place| &self.programs[place])
    }

    /// As [`ObjectFile::program_of`], by its place among the programs.
    pub(crate) fn place_of(&self, relocation: &Relocation) -> Option<usize> {
        let at = u64::from(relocation.instruction_offset);
        let section = |place: &usize| &self.programs[*place].section;
        let before = |place: &usize| *section(place) < relocation.section;
        let places = &self.places[self.places.partition_point(before)..];
        let within = |place: &usize| *section(place) == relocation.section;
        let places = &places[..places.partition_point(within)];
        let start = |place: &usize| self.programs[*place].range.start;
        let after = places.partition_point(|place| start(place) <= at);
        let last = start(places[..after].last()?);
        let first = places.partition_point(|place| start(place) < last);
        let mut starting = places[first..after].iter().copied();
        starting.find(|place| self.programs[*place].range.contains(&at))
    }

    /// The context structs that relocations are against, flavours included, in the order of their
    /// ids. An object built with a plain header has none, since the offsets of its accesses are
    /// fixed; the kernel's own contexts (`struct bpf_iter__task`) are not among them.
    pub fn relocated_contexts(&self) -> Vec<TypeId> {
        let roots = self
            .relocations
            .iter()
            .filter(|relocation| relocation.kind != RelocationKind::TypeIdLocal)
            .map(|relocation| relocation.type_id);
        let mut roots = set(roots.collect());
        roots.retain(|id| self.context_hook(*id).is_some());
        roots
    }

    /// The hook that a struct of the object is a context of; `None` for any other type, and for the
    /// kernel's own contexts.
    pub fn context_hook(&self, id: TypeId) -> Option<Hook> {
        let ty = self.btf.get(id)?;
        if !matches!(ty.kind(), Kind::Struct(_) | Kind::Fwd { is_union: false }) {
            return None;
        }
        // Three underscores may also be a part of the target's name.
        let hook = [essential_name(ty.name()), ty.name()]
            .into_iter()
            .find_map(Hook::from_struct_name);
        hook.filter(Hook::has_generated_struct)
    }

    /// What a relocation of a field goes through, from the root type on; `None` where the access
    /// string does not fit the types, or where the relocation is of no field.
    pub fn steps(&self, relocation: &Relocation) -> Option<Vec<Step<'_>>> {
        path::steps(&self.btf, relocation)
    }
}

fn byte_order(elf: &Elf<'_>) -> ByteOrder {
    match elf.is_little_endian() {
        true => ByteOrder::Little,
        false => ByteOrder::Big,
    }
}

/// A section that programs, or what they call, are in.
struct CodeSection<'e> {
    index: SectionIndex,
    name: Arc<str>,
    code: &'e [u8],
}

/// They are in the order of their indices.
fn code_sections<'e>(elf: &Elf<'e>) -> Result<(Vec<CodeSection<'e>>, SectionNames), ObjectError> {
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

fn limited(name: &str, max: usize) -> Result<&str, ObjectError> {
    match name.len() <= max {
        true => Ok(name),
        false => Err(ObjectError::LongName {
            len: name.len(),
            max,
            start: names::shown(name),
        }),
    }
}

fn programs(
    elf: &Elf<'_>,
    sections: &[CodeSection<'_>],
    btf: &Btf<'_>,
    prototypes: &[(&str, TypeId)],
) -> Result<Vec<Program>, ObjectError> {
    let implemented = struct_ops::implemented(elf, btf);
    let mut programs = Vec::new();
    for symbol in elf.symbols() {
        let Some(index) = symbol.section_index() else {
            continue;
        };
        let place = sections.binary_search_by_key(&index.0, |known| known.index.0);
        let Ok(place) = place else {
            continue;
        };
        let section = &sections[place].name;
        if symbol.kind() != SymbolKind::Text || **section == *SUBPROGRAMS {
            continue;
        }
        let Ok(name) = symbol.name() else {
            continue;
        };
        let name = limited(name, MAX_FUNCTION)?;
        programs.push(Program {
            name: name.to_owned(),
            section: Arc::clone(section),
            context: prototypes
                .binary_search_by(|known| known.0.cmp(name))
                .ok()
                .and_then(|place| context_struct(btf, prototypes[place].1)),
            implements: implemented
                .get(&(index, symbol.address()))
                .map_or_else(Vec::new, |hooks| hooks.iter().cloned().collect()),
            range: symbol.address()..symbol.address().saturating_add(symbol.size()),
        });
    }
    Ok(programs)
}

/// The numbers of the programs, by section and address.
fn places(programs: &[Program]) -> Vec<usize> {
    let key = |number: &usize| {
        let program = &programs[*number];
        (&program.section, program.range.start)
    };
    sorted_by((0..programs.len()).collect(), |a, b| key(a).cmp(&key(b)))
}

/// The prototypes of functions by name, of several with one name the first.
fn prototypes<'b>(btf: &'b Btf<'_>) -> Vec<(&'b str, TypeId)> {
    let mut prototypes = Vec::new();
    for ty in btf.types() {
        if let Kind::Func(proto) = ty.kind()
            && let name = ty.name()
            && name.len() <= MAX_FUNCTION
        {
            prototypes.push((name, proto));
        }
    }
    let mut prototypes = sorted_by(prototypes, |a, b| a.0.cmp(b.0));
    prototypes.dedup_by_key(|prototype| prototype.0);
    prototypes
}

/// The struct that a program's first argument points to.
fn context_struct(btf: &Btf<'_>, proto: TypeId) -> Option<TypeId> {
    let param = btf.get(proto)?.params().next()?;
    let Kind::Ptr(to) = btf.resolve(param.type_id)?.kind() else {
        return None;
    };
    let pointee = btf.resolve(to)?;
    match pointee.kind() {
        Kind::Struct(_) | Kind::Union(_) | Kind::Fwd { .. } if !pointee.name().is_empty() => {
            Some(pointee.id())
        }
        _ => None,
    }
}
