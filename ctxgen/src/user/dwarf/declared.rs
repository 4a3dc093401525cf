//! What debug information says of a function or parameter, in its entry and in those that the entry refers to.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use gimli::AttributeValue;

use super::error::DwarfError;
use super::program::At;
use super::program::Entry;
use super::program::Program;
use super::program::flag;
use super::program::number;
use super::registers;
use super::registers::Found;
use super::types::Types;
use super::types::Way;
use crate::btf::TypeId;
use crate::text::ident::is_clone;
use crate::text::ident::is_identifier;
use crate::user::Facts;
use crate::user::UserRefusal;
use crate::user::language::Language;

/// How many entries may stand between a function's code and where it is declared.
const MAX_ORIGINS: usize = 8;

/// How many parameters are looked at.
const MAX_PARAMS: usize = 255;

/// Which registers something is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    /// One for integers.
    Plain,
    /// One for floating point numbers.
    Float,
    /// Several, or memory.
    Other,
}

/// A function or parameter.
pub(super) struct Declared<'p, 'd> {
    program: &'p Program<'d>,
    /// Its entry, and those of which that is an instance or the definition. There is one at least.
    origins: Vec<(At, Entry<'d>)>,
}

impl<'p, 'd> Declared<'p, 'd> {
    pub(super) fn new(
        program: &'p Program<'d>,
        at: At,
        entry: Entry<'d>,
    ) -> Result<Self, DwarfError> {
        let mut origins = vec![(at, entry)];
        while origins.len() < MAX_ORIGINS
            && let Some((at, entry)) = origins.last()
        {
            let target = |attribute| program.target(*at, entry, attribute);
            let origin = target(gimli::DW_AT_abstract_origin);
            let Some(next) = origin.or_else(|| target(gimli::DW_AT_specification)) else {
                break;
            };
            origins.push((next, program.entry(next)?));
        }
        Ok(Self { program, origins })
    }

    /// Where its code starts. 0 stands for what the linker has thrown away.
    pub(super) fn address(&self) -> Option<u64> {
        let (at, entry) = &self.origins[0];
        let value = entry.attr_value(gimli::DW_AT_low_pc);
        let value = value.or_else(|| entry.attr_value(gimli::DW_AT_entry_pc));
        let (dwarf, unit) = (self.program.dwarf(*at), self.program.unit(*at));
        let address = match value {
            Some(value) => dwarf.attr_address(unit, value).ok().flatten()?,
            None => {
                let ranges = entry.attr_value(gimli::DW_AT_ranges)?;
                let mut ranges = dwarf.attr_ranges(unit, ranges).ok().flatten()?;
                ranges.next().ok().flatten()?.begin
            }
        };
        (address != 0 && !unit.header.is_tombstone_address(address)).then_some(address)
    }

    /// Whether its entry says that it is inlined, or was to be.
    pub(super) fn is_inlined(&self) -> bool {
        self.origins[0].1.has_attr(gimli::DW_AT_inline)
    }

    /// What it is called in the source and by the linker.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let attributes = [
            gimli::DW_AT_name,
            gimli::DW_AT_linkage_name,
            gimli::DW_AT_MIPS_linkage_name,
        ];
        let texts = self.origins.iter().flat_map(|(at, entry)| {
            let text = |attribute| self.program.text(*at, entry, attribute);
            attributes.into_iter().filter_map(text)
        });
        texts.filter(|name| is_function(name)).collect()
    }

    pub(super) fn language(&self) -> Language {
        let (at, _) = &self.origins[0];
        let language = self.program.units[at.unit].language.clone();
        language.unwrap_or_else(|| {
            Language::Other("a language that its debug information does not name".to_owned())
        })
    }

    /// The prototype of a function whose code is at the symbols `reached`, or why there is none. `has_types` is
    /// whether its unit has more than line numbers.
    pub(super) fn prototype(
        &self,
        types: &mut Types<'p, 'd>,
        facts: &Facts,
        reached: &BTreeSet<String>,
        has_types: bool,
    ) -> Result<Result<TypeId, UserRefusal>, DwarfError> {
        let of_entry = |entry: &Entry<'d>| match entry.attr_value(gimli::DW_AT_calling_convention) {
            Some(AttributeValue::CallingConvention(convention)) => Some(convention),
            _ => None,
        };
        let mut conventions = self.origins.iter().filter_map(|(_, entry)| of_entry(entry));
        let is_own = |convention: gimli::DwCc| {
            !matches!(convention, gimli::DW_CC_normal | gimli::DW_CC_program)
        };
        if conventions.any(is_own) {
            return Ok(Err(UserRefusal::OwnConvention));
        }
        let language = self.language();
        // Rust has functions under names of C's, whose numbers and pointers are where C has them.
        let is_exported = language == Language::Rust && self.is_called_by_its_name(reached);
        if !language.is_c() && !is_exported {
            return Ok(Err(UserRefusal::ForeignLanguage(language.to_string())));
        }
        if !has_types && !self.says(gimli::DW_AT_prototyped) {
            return Ok(Err(UserRefusal::LinesOnly));
        }
        if let Some(moved) = self.moved(facts)? {
            return Ok(Err(UserRefusal::Moved(moved)));
        }
        self.declared(types, &language)
    }

    /// Whether the linker has it under the names that the source has.
    fn is_called_by_its_name(&self, reached: &BTreeSet<String>) -> bool {
        let names = self.names();
        reached.iter().all(|name| names.contains(name))
            && !self.origins.iter().any(|(at, entry)| {
                let name = |attribute| self.program.text(*at, entry, attribute);
                let linkage = name(gimli::DW_AT_linkage_name);
                linkage.is_some() && linkage != name(gimli::DW_AT_name)
            })
    }

    /// Whether one of its entries has a flag.
    fn says(&self, attribute: gimli::DwAt) -> bool {
        self.origins.iter().any(|(_, entry)| flag(entry, attribute))
    }

    /// The first argument that is not where the calling convention has it, as far as debug information
    /// tells and arguments before it are plain.
    fn moved(&self, facts: &Facts) -> Result<Option<String>, DwarfError> {
        let program = self.program;
        let (at, _) = &self.origins[0];
        let Some(address) = self.address() else {
            return Ok(None);
        };
        let mut places = BTreeMap::new();
        for (place, param) in program.children(*at)? {
            let declared = program.target(place, &param, gimli::DW_AT_abstract_origin);
            let found = registers::at_entry(program, place, &param, address);
            places.insert(declared.unwrap_or(place), found);
        }
        // gcc gives another name to what it has changed; others may leave arguments out of what no other
        // file can call.
        let may_lack = self.says(gimli::DW_AT_external) || program.units[at.unit].is_gnu;
        // The register that is next, as long as it is known.
        let mut next = match self.sort()? {
            Sort::Plain | Sort::Float => Some(0),
            Sort::Other => None,
        };
        for (number, (at, param)) in self.params()?.into_iter().enumerate() {
            let of = Self::new(program, at, param)?;
            let expected = next.and_then(|next: usize| facts.registers.get(next));
            next = match (of.sort()?, next) {
                (Sort::Plain, Some(next)) => Some(next + 1),
                (Sort::Float, next) if !facts.floats_take_registers => next,
                _ => None,
            };
            let moved = match (places.get(&at), expected, next) {
                (Some(Found::Register(found)), Some(expected), Some(_)) => {
                    found != expected && facts.registers.contains(found)
                }
                (Some(Found::Nowhere), ..) => !may_lack,
                _ => false,
            };
            if moved {
                let name = program.text(at, &of.origins[0].1, gimli::DW_AT_name);
                return Ok(Some(argument(number, &name.unwrap_or_default())));
            }
        }
        Ok(None)
    }

    /// The prototype as it is declared.
    fn declared(
        &self,
        types: &mut Types<'p, 'd>,
        language: &Language,
    ) -> Result<Result<TypeId, UserRefusal>, DwarfError> {
        let foreign = || UserRefusal::ForeignLanguage(language.to_string());
        let ret = match types.passed(self.ty(), language, Way::Returned)? {
            Ok(ret) if language.is_c() || self.is_plain()? => ret,
            Ok(_) => return Ok(Err(foreign())),
            Err(why) => return Ok(Err(unclear("what it returns", why))),
        };
        let mut params = Vec::new();
        for (number, (at, param)) in self.params()?.into_iter().enumerate() {
            if param.tag() == gimli::DW_TAG_unspecified_parameters {
                params.push((String::new(), TypeId::VOID));
                break;
            }
            let param = Self::new(self.program, at, param)?;
            let name = param.identifier().unwrap_or_default();
            let Some(ty) = param.ty() else {
                let what = argument(number, &name);
                return Ok(Err(unclear(&what, "it has no type")));
            };
            match types.passed(Some(ty), language, Way::Argument)? {
                Ok(_) if !language.is_c() && !param.is_plain()? => {
                    return Ok(Err(foreign()));
                }
                Ok(id) => params.push((name, id)),
                Err(_) if !language.is_c() => return Ok(Err(foreign())),
                Err(why) => return Ok(Err(unclear(&argument(number, &name), why))),
            }
        }
        Ok(Ok(types.interned.prototype(&params, ret)))
    }

    /// The type of a parameter, or of what a function returns.
    fn ty(&self) -> Option<At> {
        let mut origins = self.origins.iter();
        origins.find_map(|(at, entry)| self.program.target(*at, entry, gimli::DW_AT_type))
    }

    /// The first of its names that C can write.
    fn identifier(&self) -> Option<String> {
        let name = |(at, entry): &(At, Entry<'d>)| self.program.text(*at, entry, gimli::DW_AT_name);
        let mut names = self.origins.iter().filter_map(name);
        names.find(|name| is_identifier(name))
    }

    /// Whether its type is one integer or pointer of up to 8 bytes, or nothing.
    fn is_plain(&self) -> Result<bool, DwarfError> {
        Ok(self.sort()? == Sort::Plain)
    }

    /// Which registers a parameter or result is in.
    fn sort(&self) -> Result<Sort, DwarfError> {
        let mut next = self.ty();
        for _ in 0..MAX_ORIGINS {
            let Some(at) = next else {
                return Ok(Sort::Plain);
            };
            let entry = self.program.entry(at)?;
            return Ok(match entry.tag() {
                gimli::DW_TAG_pointer_type
                | gimli::DW_TAG_reference_type
                | gimli::DW_TAG_rvalue_reference_type
                | gimli::DW_TAG_enumeration_type => Sort::Plain,
                gimli::DW_TAG_base_type => {
                    let size = number(&entry, gimli::DW_AT_byte_size);
                    match entry.attr_value(gimli::DW_AT_encoding) {
                        _ if size.is_none_or(|size| size > 8) => Sort::Other,
                        Some(AttributeValue::Encoding(gimli::DW_ATE_float)) => Sort::Float,
                        Some(AttributeValue::Encoding(gimli::DW_ATE_complex_float)) => Sort::Other,
                        _ => Sort::Plain,
                    }
                }
                gimli::DW_TAG_typedef
                | gimli::DW_TAG_const_type
                | gimli::DW_TAG_volatile_type
                | gimli::DW_TAG_restrict_type => {
                    next = self.program.target(at, &entry, gimli::DW_AT_type);
                    continue;
                }
                _ => Sort::Other,
            });
        }
        Ok(Sort::Other)
    }

    /// The parameters, of the first entry that has some: an instance of a function may have fewer than
    /// the function, so what it is an instance of comes first. The declaration in a class comes last,
    /// which has no names.
    fn params(&self) -> Result<Vec<(At, Entry<'d>)>, DwarfError> {
        let is_definition =
            |(_, entry): &(At, Entry<'d>)| entry.has_attr(gimli::DW_AT_specification);
        let end = match self.origins.iter().position(is_definition) {
            Some(definition) => definition + 1,
            None => self.origins.len(),
        };
        let (own, declared) = self.origins.split_at(end);
        for (at, _) in own.iter().rev().chain(declared) {
            let mut params = self.program.children(*at)?;
            params.retain(|(_, entry)| {
                matches!(
                    entry.tag(),
                    gimli::DW_TAG_formal_parameter | gimli::DW_TAG_unspecified_parameters
                )
            });
            if !params.is_empty() {
                params.truncate(MAX_PARAMS);
                return Ok(params);
            }
        }
        Ok(Vec::new())
    }
}

/// Whether a symbol can be that of a function.
pub(super) fn is_function(name: &str) -> bool {
    is_identifier(name) || is_clone(name)
}

fn argument(number: usize, name: &str) -> String {
    match name {
        "" => format!("argument {number}"),
        name => format!("`{name}`"),
    }
}

fn unclear(what: &str, why: &'static str) -> UserRefusal {
    UserRefusal::UnclearType {
        what: what.to_owned(),
        why: why.to_owned(),
    }
}
