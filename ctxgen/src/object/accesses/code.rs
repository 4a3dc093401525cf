//! A program's surroundings: the sections with code, and what their instructions refer to.

use std::collections::HashMap;
use std::sync::Arc;

use object::Object as _;
use object::ObjectSection as _;
use object::ObjectSymbol as _;
use object::RelocationTarget;
use object::SectionIndex;
use object::SymbolFlags;
use object::SymbolKind;
use object::elf::STV_HIDDEN;
use object::elf::STV_INTERNAL;
use object::read::elf::ElfSymbol64;

use super::instruction::Instruction;
use super::instruction::LAST_ARGUMENT;
use super::instruction::LEN;
use super::instruction::Raw;
use crate::btf::Btf;
use crate::btf::ByteOrder;
use crate::btf::TypeId;
use crate::object::CodeSection;
use crate::object::Elf;
use crate::object::names::shown;

/// An instruction's place: the number of its section, and its own in that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) section: u32,
    pub(super) index: u32,
}

impl Place {
    /// The place so many instructions behind it, or before.
    pub(super) fn moved(self, by: i64) -> Option<Self> {
        let index = u32::try_from(i64::from(self.index).checked_add(by)?).ok()?;
        Some(Self { index, ..self })
    }
}

/// What a relocated instruction refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A function of the object: the section, and the number of the instruction that the symbol is at.
    Function(Place),
    /// One of the kernel, which takes so many arguments.
    Kernel { arguments: u8 },
    /// Anything else: a map, a variable.
    Data,
}

/// A function of the object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Function {
    /// The number of its first instruction.
    pub(super) start: u32,
    pub(super) name: Arc<str>,
    /// How many arguments it takes.
    pub(super) arguments: u8,
    /// Whether the kernel verifies it by itself, whatever calls it.
    pub(super) is_global: bool,
}

/// A section with code.
#[derive(Debug)]
pub(super) struct Section<'e> {
    pub(super) name: Arc<str>,
    pub(super) code: &'e [u8],
    /// What the instructions of these numbers refer to.
    pub(super) relocated: HashMap<u32, Target>,
    /// The functions, by where they start.
    pub(super) functions: Vec<Function>,
    /// For each instruction whether another one jumps there.
    is_target: Vec<bool>,
}

/// All code of an object.
#[derive(Debug)]
pub(super) struct Code<'e> {
    pub(super) order: ByteOrder,
    pub(super) sections: Vec<Section<'e>>,
}

impl<'e> Section<'e> {
    pub(super) fn new(name: Arc<str>, code: &'e [u8], order: ByteOrder) -> Self {
        Self {
            name,
            code,
            relocated: HashMap::new(),
            functions: Vec::new(),
            is_target: targets(code, order),
        }
    }

    /// The function that an instruction is in.
    pub(super) fn function(&self, index: u32) -> Option<&Function> {
        let after = self.functions.partition_point(|known| known.start <= index);
        self.functions.get(after.checked_sub(1)?)
    }
}

impl<'e> Code<'e> {
    /// The code of an object, whose functions have these prototypes by name.
    pub(super) fn of(
        elf: &Elf<'e>,
        order: ByteOrder,
        sections: &[CodeSection<'e>],
        btf: &Btf<'_>,
        prototypes: &[(&str, TypeId)],
    ) -> Self {
        let arguments = |name: &str| arguments(btf, prototypes, name);
        let number = |index: SectionIndex| {
            let place = sections.binary_search_by_key(&index.0, |known| known.index.0);
            place.ok().and_then(|place| u32::try_from(place).ok())
        };
        let mut code = Self {
            order,
            sections: sections
                .iter()
                .map(|section| Section::new(Arc::clone(&section.name), section.code, order))
                .collect(),
        };
        for symbol in elf.symbols() {
            if symbol.kind() == SymbolKind::Text
                && let Some(section) = symbol.section_index().and_then(number)
                && let Ok(name) = symbol.name()
                && let Some(start) = index_of(symbol.address())
            {
                let functions = &mut code.sections[section as usize].functions;
                functions.push(Function {
                    start,
                    name: shown(name).into(),
                    arguments: arguments(name),
                    is_global: is_global(&symbol),
                });
            }
        }
        for (section, of) in code.sections.iter_mut().zip(sections) {
            section.functions.sort();
            let Ok(elf_section) = elf.section_by_index(of.index) else {
                continue;
            };
            for (at, relocation) in elf_section.relocations() {
                let RelocationTarget::Symbol(symbol) = relocation.target() else {
                    continue;
                };
                let Ok(symbol) = elf.symbol_by_index(symbol) else {
                    continue;
                };
                if let Some(at) = index_of(at) {
                    let target = target(&symbol, number, arguments);
                    section.relocated.insert(at, target);
                }
            }
        }
        code
    }

    /// The instruction at a place; `None` behind the last.
    pub(super) fn at(&self, place: Place) -> Option<Instruction> {
        let section = self.sections.get(place.section as usize)?;
        let raw = Raw::at(section.code, place.index as usize, self.order)?;
        Some(Instruction::decode(raw))
    }

    /// Both halves of the constant at a place.
    pub(super) fn wide(&self, place: Place, low: i32) -> i64 {
        let section = self.sections.get(place.section as usize);
        let next =
            section.and_then(|section| Raw::at(section.code, place.index as usize + 1, self.order));
        let high = next.map_or(0, |next| next.imm);
        i64::from(high) << 32 | i64::from(low) & i64::from(u32::MAX)
    }

    pub(super) fn is_target(&self, place: Place) -> bool {
        let section = self.sections.get(place.section as usize);
        section.is_some_and(|section| section.is_target.get(place.index as usize) == Some(&true))
    }

    /// The function that a call at a place goes to, which is so many places behind the next one unless a
    /// relocation says otherwise.
    pub(super) fn called(&self, place: Place, by: i32) -> Option<Place> {
        let from = match self.relocated(place) {
            Some(Target::Function(target)) => target,
            Some(_) => return None,
            None => place,
        };
        from.moved(i64::from(by) + 1)
    }

    /// The function that starts at a place.
    pub(super) fn function(&self, place: Place) -> Option<&Function> {
        let section = self.sections.get(place.section as usize)?;
        let function = section.function(place.index)?;
        (function.start == place.index).then_some(function)
    }

    pub(super) fn relocated(&self, place: Place) -> Option<Target> {
        let section = self.sections.get(place.section as usize)?;
        section.relocated.get(&place.index).copied()
    }
}

/// The number of the instruction at a distance from the section's start.
pub(super) fn index_of(offset: u64) -> Option<u32> {
    let len = LEN as u64;
    let index = offset.is_multiple_of(len).then_some(offset / len)?;
    u32::try_from(index).ok()
}

/// As libbpf tells them: a function with hidden visibility is verified with its callers
/// (`bpf_object__collect_externs` and `btf_func_linkage` in `libbpf.c`).
fn is_global(symbol: &ElfSymbol64<'_, '_>) -> bool {
    let is_hidden = matches!(
        symbol.flags(),
        SymbolFlags::Elf { st_other, .. }
            if [STV_HIDDEN.0, STV_INTERNAL.0].contains(&(st_other.0 & 3))
    );
    symbol.is_global() && !is_hidden
}

/// How many arguments the function of a name takes; as many as can be passed where that is not known.
fn arguments(btf: &Btf<'_>, prototypes: &[(&str, TypeId)], name: &str) -> u8 {
    let place = prototypes.binary_search_by(|known| known.0.cmp(name));
    let prototype = place.ok().and_then(|place| btf.get(prototypes[place].1));
    let count = prototype.map(|prototype| prototype.params().len());
    let count = count.and_then(|count| u8::try_from(count).ok());
    count.map_or(LAST_ARGUMENT, |count| count.min(LAST_ARGUMENT))
}

fn target(
    symbol: &ElfSymbol64<'_, '_>,
    section: impl Fn(SectionIndex) -> Option<u32>,
    arguments: impl Fn(&str) -> u8,
) -> Target {
    if symbol.is_undefined() {
        let arguments = symbol.name().map_or(LAST_ARGUMENT, arguments);
        return Target::Kernel { arguments };
    }
    let place = symbol
        .section_index()
        .and_then(section)
        .zip(index_of(symbol.address()))
        .map(|(section, index)| Place { section, index });
    place.map_or(Target::Data, Target::Function)
}

fn targets(code: &[u8], order: ByteOrder) -> Vec<bool> {
    let mut targets = vec![false; code.len() / LEN];
    for index in 0..targets.len() {
        let instruction = Raw::at(code, index, order).map(Instruction::decode);
        let by = match instruction {
            Some(Instruction::Jump { by } | Instruction::Branch { by, .. }) => by,
            _ => continue,
        };
        let to = i64::try_from(index).map(|index| index + 1 + i64::from(by));
        let to = to.ok().and_then(|to| usize::try_from(to).ok());
        if let Some(target) = to.and_then(|to| targets.get_mut(to)) {
            *target = true;
        }
    }
    targets
}
