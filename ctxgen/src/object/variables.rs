//! The variables of an object whose values are known before it is verified: those that are constant to its
//! programs and that user space sets, and those of the kernel's configuration that libbpf sets.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use object::Object as _;
use object::ObjectSection as _;
use object::ObjectSymbol as _;
use object::SymbolKind;

use super::ObjectError;
use super::code::Code;
use super::code::Place;
use super::code::index_of;
use super::code::relocations;
use super::elf::Elf;
use super::names::MAX_FUNCTION;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::TYPE_WORDS;
use crate::btf::TypeId;

/// How many words a variable takes in a `BTF_KIND_DATASEC`.
const VARIABLE: usize = 3;
/// How many variables are told apart.
const MAX_VARIABLES: usize = 1 << 14;

/// Variables, and the instructions that take their addresses.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    pub(crate) names: Vec<Arc<str>>,
    /// The variables' numbers, by the instructions.
    pub(crate) by_place: HashMap<Place, u32>,
}

impl Variables {
    pub(super) fn of(elf: &Elf<'_>, code: &Code, btf: &Btf<'_>) -> Result<Self, ObjectError> {
        let mut variables = Self::default();
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let constants = constants(elf);
        let configured = configured(btf);
        let sections = code.numbers();
        for section in elf.sections() {
            let Ok(name) = section.name() else {
                continue;
            };
            let Some(&number) = sections.get(name) else {
                continue;
            };
            for (at, symbol) in relocations(elf, section.index())? {
                let (Some(index), Some(symbol)) = (index_of(at), symbol) else {
                    continue;
                };
                let place = Place {
                    section: number,
                    index,
                };
                let own = symbol.name().ok().filter(|name| name.len() <= MAX_FUNCTION);
                let name = match symbol.section_index() {
                    None => own.filter(|name| configured.contains(name)),
                    Some(of) => {
                        let imm = code.raw(place).map_or(0, |raw| raw.imm);
                        let added = u64::from(imm.cast_unsigned());
                        let at = symbol.address().wrapping_add(added);
                        let list = constants.get(&of.0);
                        list.and_then(|list| {
                            let after = list.partition_point(|known| known.0 <= at);
                            let known = list.get(after.checked_sub(1)?)?;
                            (at < known.0.saturating_add(known.1)).then_some(known.2)
                        })
                    }
                };
                let Some(name) = name.filter(|_| variables.names.len() < MAX_VARIABLES) else {
                    continue;
                };
                let number = *numbers.entry(name.to_owned()).or_insert_with(|| {
                    variables.names.push(name.into());
                    u32::try_from(variables.names.len() - 1).unwrap_or(u32::MAX)
                });
                variables.by_place.insert(place, number);
            }
        }
        Ok(variables)
    }
}

/// Address, length and name.
type Constant<'e> = (u64, u64, &'e str);

/// The variables in sections of constants, by the sections' indices, sorted.
fn constants<'e>(elf: &Elf<'e>) -> HashMap<usize, Vec<Constant<'e>>> {
    let sections = elf.sections().filter(|section| {
        let name = section.name().unwrap_or_default();
        name == ".rodata" || name.starts_with(".rodata.")
    });
    let mut found: HashMap<usize, Vec<Constant<'e>>> = sections
        .map(|section| (section.index().0, Vec::new()))
        .collect();
    for symbol in elf.symbols() {
        if symbol.kind() == SymbolKind::Data
            && let Some(list) = symbol.section_index().and_then(|of| found.get_mut(&of.0))
            && let Ok(name) = symbol.name()
            && name.len() <= MAX_FUNCTION
        {
            list.push((symbol.address(), symbol.size(), name));
        }
    }
    for list in found.values_mut() {
        list.sort_unstable();
    }
    found
}

/// The names of the variables that libbpf sets (`__kconfig`).
fn configured<'b>(btf: &'b Btf<'_>) -> HashSet<&'b str> {
    let mut found = HashSet::new();
    for ty in btf.types() {
        if !matches!(ty.kind(), Kind::DataSec) || ty.name() != ".kconfig" {
            continue;
        }
        let words = ty.words();
        for record in words
            .get(TYPE_WORDS..)
            .unwrap_or_default()
            .chunks_exact(VARIABLE)
        {
            let variable = btf.get(TypeId(record[0]));
            found.extend(variable.map(|variable| variable.name()));
        }
    }
    found
}
