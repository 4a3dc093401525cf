//! Objects as they are read.

use std::sync::Arc;

use object::Object as _;
use object::ObjectSection as _;
use object::ObjectSymbol as _;
use object::SymbolKind;

use super::aliases::Aliases;
use super::aliases::context_hook;
use super::claims;
use super::code::Code;
#[cfg(feature = "reads")]
use super::code::Place;
#[cfg(feature = "reads")]
use super::code::index_of;
use super::elf;
use super::elf::CodeSection;
use super::elf::Elf;
use super::elf::byte_order;
use super::elf::code_sections;
use super::elf::limited;
use super::error::ObjectError;
use super::ext;
use super::ext::Relocation;
use super::ext::RelocationKind;
use super::externals;
use super::externals::External;
use super::names::MAX_FUNCTION;
use super::path;
use super::path::Step;
use super::program::Program;
use super::struct_ops;
use super::variables::Variables;
use crate::btf::Btf;
use crate::btf::BtfWriter;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::hook::Hook;
use crate::sorted::set;
use crate::sorted::sorted_by;

/// Functions that are no programs are in this section.
const SUBPROGRAMS: &str = ".text";

/// How many programs may have the same instructions, on average: a function may have another name too.
const MOST_ALIASES: u64 = 8;

/// A compiled BPF object.
#[derive(Debug)]
pub struct ObjectFile {
    pub(super) btf: Btf<'static>,
    pub(super) programs: Vec<Program>,
    pub(super) relocations: Vec<Relocation>,
    pub(super) aliases: Aliases,
    /// The numbers of the programs, by section and by where in it they start.
    pub(super) places: Vec<usize>,
    pub(super) externals: Vec<External>,
    pub(super) code: Code,
    pub(super) variables: Variables,
}

impl ObjectFile {
    /// Reads an object, as clang or libbpf's linker has written it, in either byte order.
    ///
    /// # Errors
    /// [`ObjectError`], where it is none or is damaged.
    pub fn parse(bytes: &[u8]) -> Result<Self, ObjectError> {
        let elf = elf::parse(bytes)?;
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
        let aliases = Aliases::take(&btf, &mut relocations);
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
        let variables = Variables::of(&elf, &code, &btf)?;
        let mut object = Self {
            btf,
            programs,
            relocations,
            aliases,
            places,
            externals,
            code,
            variables,
        };
        let roots = object.relocations.iter();
        let roots = roots.filter_map(|of| Some((object.place_of(of)?, of.type_id)));
        for (place, context) in claims::claimed(&object.btf, &object.programs, roots) {
            object.programs[place].context = Some(context);
            object.programs[place].is_claimed = true;
        }
        Ok(object)
    }

    /// The instruction that is so many bytes behind the start of a section.
    #[cfg(feature = "reads")]
    pub(crate) fn place_at(&self, section: &str, offset: u32) -> Option<Place> {
        let section = *self.code.numbers().get(section)?;
        let index = index_of(offset.into())?;
        Some(Place { section, index })
    }

    /// The object's own types.
    pub fn btf(&self) -> &Btf<'static> {
        &self.btf
    }

    /// The programs, in the order of the symbol table. Functions that programs call are none.
    pub fn programs(&self) -> &[Program] {
        &self.programs
    }

    /// What CO-RE has to relocate, in the order of the object. What is against a typedef of a context struct
    /// is here as one against the struct.
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
        context_hook(&self.btf, id)
    }

    /// The struct that a typedef of a context struct leads to, where relocations are against that; any other
    /// type is itself.
    pub(crate) fn unaliased(&self, id: TypeId) -> TypeId {
        self.aliases.resolve(id)
    }

    /// The typedefs of a context struct that relocations are against, by name.
    pub(crate) fn aliases(&self, context: TypeId) -> impl Iterator<Item = &str> {
        let aliases = self.aliases.of(context);
        aliases.filter_map(|id| Some(self.btf.get(id)?.name()))
    }

    /// What a relocation of a field goes through, from the root type on; `None` where the access
    /// string does not fit the types, or where the relocation is of no field.
    pub fn steps(&self, relocation: &Relocation) -> Option<Vec<Step<'_>>> {
        path::steps(&self.btf, relocation)
    }
}

fn programs(
    elf: &Elf<'_>,
    sections: &[CodeSection<'_>],
    btf: &Btf<'_>,
    prototypes: &[(&str, TypeId)],
) -> Result<Vec<Program>, ObjectError> {
    let implemented = struct_ops::implemented(elf, btf);
    let code = sections.iter().map(|section| section.code.len() as u64);
    let mut room = MOST_ALIASES.saturating_mul(code.sum());
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
        let room_left = room.checked_sub(symbol.size());
        room = room_left.ok_or(ObjectError::Overlapping("functions"))?;
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
            is_claimed: false,
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
