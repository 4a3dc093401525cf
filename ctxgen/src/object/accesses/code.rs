//! A program's surroundings: the sections with code, and what their instructions refer to.

use std::collections::HashMap;
use std::sync::Arc;

use object::Object as _;
use object::ObjectSection as _;
use object::ObjectSymbol as _;
use object::RelocationTarget;
use object::SectionIndex;
use object::SymbolKind;
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

/// A section with code.
#[derive(Debug)]
pub(super) struct Section<'e> {
    pub(super) name: Arc<str>,
    pub(super) code: &'e [u8],
    /// What the instructions of these numbers refer to.
    pub(super) relocated: HashMap<u32, Target>,
    /// Where functions start, how they are called and how many arguments they take, sorted.
    pub(super) functions: Vec<(u32, Arc<str>, u8)>,
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
    pub(super) fn function(&self, index: u32) -> Option<&(u32, Arc<str>, u8)> {
        let after = self.functions.partition_point(|known| known.0 <= index);
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
                functions.push((start, shown(name).into(), arguments(name)));
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
                    let target = target(&symbol, &number, &arguments);
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
        let next = section
            .and_then(|section| Raw::at(section.code, place.index as usize + 1, self.order));
        let high = next.map_or(0, |next| next.imm);
        i64::from(high) << 32 | i64::from(low) & i64::from(u32::MAX)
    }

    pub(super) fn is_target(&self, place: Place) -> bool {
        let section = self.sections.get(place.section as usize);
        section.is_some_and(|section| section.is_target.get(place.index as usize) == Some(&true))
    }

    pub(super) fn relocated(&self, place: Place) -> Option<Target> {
        let section = self.sections.get(place.section as usize)?;
        section.relocated.get(&place.index).copied()
    }
}

/// The number of the instruction at a distance from the section's start.
pub(super) fn index_of(offset: u64) -> Option<u32> {
    let len = LEN as u64;
    let index = (offset % len == 0).then_some(offset / len)?;
    u32::try_from(index).ok()
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
