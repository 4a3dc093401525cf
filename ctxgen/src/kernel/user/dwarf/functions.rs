//! The functions of a program.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use gimli::AttributeValue;

use super::At;
use super::DwarfError;
use super::Entry;
use super::Program;
use super::number;
use super::types::Types;
use super::types::Way;
use crate::btf::ByteOrder;
use crate::btf::TypeId;
use crate::hook::is_clone;
use crate::hook::original;
use crate::ident::is_identifier;
use crate::kernel::user::Facts;
use crate::kernel::user::language::Language;
use crate::layout::Unsupported;

/// How many entries may stand between a function's code and where it is declared.
const MAX_ORIGINS: usize = 8;

/// How many parameters are looked at.
const MAX_PARAMS: usize = 255;

pub(super) struct Functions<'p, 'd> {
    program: &'p Program<'d>,
    facts: &'p Facts,
    types: Types<'p, 'd>,
    found: BTreeSet<(String, TypeId)>,
    refused: BTreeMap<String, Unsupported>,
    /// Those that are inlined somewhere, or are the originals of clones.
    doubtful: BTreeMap<String, Unsupported>,
}

impl<'p, 'd> Functions<'p, 'd> {
    pub(super) fn new(program: &'p Program<'d>, facts: &'p Facts, order: ByteOrder) -> Self {
        Self {
            program,
            facts,
            types: Types::new(program, order),
            found: BTreeSet::new(),
            refused: BTreeMap::new(),
            doubtful: BTreeMap::new(),
        }
    }

    /// Goes through all units for functions in them, or in what only gives them longer names.
    pub(super) fn find(&mut self) -> Result<(), DwarfError> {
        for unit in 0..self.program.units.len() {
            if self.program.units[unit].file == 0 {
                self.find_in(unit)?;
            }
        }
        Ok(())
    }

    fn find_in(&mut self, unit: usize) -> Result<(), DwarfError> {
        let program = self.program;
        let known = &program.units[unit].unit;
        let mut entries = known.entries_raw(None)?;
        // Up to this depth, all that is around the next entry is a unit, namespace or class.
        let mut scopes = 0;
        while !entries.is_empty() {
            let (offset, depth) = (entries.next_offset(), entries.next_depth());
            let Some(abbreviation) = entries.read_abbreviation()? else {
                continue;
            };
            entries.skip_attributes(abbreviation.attributes())?;
            scopes = scopes.min(depth);
            if depth > scopes {
                continue;
            }
            match abbreviation.tag() {
                gimli::DW_TAG_compile_unit
                | gimli::DW_TAG_partial_unit
                | gimli::DW_TAG_namespace
                | gimli::DW_TAG_module
                | gimli::DW_TAG_class_type
                | gimli::DW_TAG_structure_type
                | gimli::DW_TAG_union_type => scopes = depth + 1,
                gimli::DW_TAG_subprogram => self.add(At { unit, offset })?,
                _ => {}
            }
        }
        Ok(())
    }

    fn add(&mut self, at: At) -> Result<(), DwarfError> {
        let entry = self.program.entry(at)?;
        let origins = self.origins(at, entry)?;
        let entry = &origins[0].1;
        let names = self.names(&origins);
        let Some(address) = self.address(at, entry) else {
            if entry.has_attr(gimli::DW_AT_inline) {
                for name in names {
                    self.doubtful
                        .entry(name)
                        .or_insert(Unsupported::OnlyInlined);
                }
            }
            return Ok(());
        };
        let symbols = self.facts.symbols.range((address, String::new())..);
        let symbols: BTreeSet<String> = symbols
            .take_while(|(place, _)| *place == address)
            .map(|(_, name)| name.clone())
            .collect();
        // uprobes are set on symbols: those count, whatever the source says.
        let reached = match symbols.is_empty() {
            true => names.clone(),
            false => symbols,
        };
        for name in names.iter().filter(|name| !reached.contains(*name)) {
            if let Some(clone) = reached.iter().find(|clone| original(clone) == name) {
                let refusal = Unsupported::OnlyClone(clone.clone());
                self.doubtful.entry(name.clone()).or_insert(refusal);
            }
        }
        let prototype = self.prototype(at, &origins, &names, &reached)?;
        for name in reached.into_iter().filter(|name| is_function(name)) {
            match &prototype {
                _ if is_changed(&name) => {
                    let of = original(&name).to_owned();
                    self.refused.insert(name, Unsupported::ChangedClone(of));
                }
                Ok(id) => {
                    self.found.insert((name, *id));
                }
                Err(refusal) => {
                    self.refused.insert(name, refusal.clone());
                }
            }
        }
        Ok(())
    }

    /// The entry, and those of which it is an instance or the definition.
    fn origins(&self, at: At, entry: Entry<'d>) -> Result<Vec<(At, Entry<'d>)>, DwarfError> {
        let mut origins = vec![(at, entry)];
        while origins.len() < MAX_ORIGINS
            && let Some((at, entry)) = origins.last()
        {
            let target = |attribute| self.program.target(*at, entry, attribute);
            let origin = target(gimli::DW_AT_abstract_origin);
            let Some(next) = origin.or_else(|| target(gimli::DW_AT_specification)) else {
                break;
            };
            origins.push((next, self.program.entry(next)?));
        }
        Ok(origins)
    }

    /// Where its code starts. 0 stands for what the linker has thrown away.
    fn address(&self, at: At, entry: &Entry<'d>) -> Option<u64> {
        let value = entry.attr_value(gimli::DW_AT_low_pc);
        let value = value.or_else(|| entry.attr_value(gimli::DW_AT_entry_pc));
        let (dwarf, unit) = (self.program.dwarf(at), self.program.unit(at));
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

    /// What it is called in the source and by the linker.
    fn names(&self, origins: &[(At, Entry<'d>)]) -> BTreeSet<String> {
        let attributes = [
            gimli::DW_AT_name,
            gimli::DW_AT_linkage_name,
            gimli::DW_AT_MIPS_linkage_name,
        ];
        let texts = origins.iter().flat_map(|(at, entry)| {
            let text = |attribute| self.program.text(*at, entry, attribute);
            attributes.into_iter().filter_map(text)
        });
        texts.filter(|name| is_function(name)).collect()
    }

    fn prototype(
        &mut self,
        at: At,
        origins: &[(At, Entry<'d>)],
        names: &BTreeSet<String>,
        reached: &BTreeSet<String>,
    ) -> Result<Result<TypeId, Unsupported>, DwarfError> {
        let of_entry = |entry: &Entry<'d>| match entry.attr_value(gimli::DW_AT_calling_convention) {
            Some(AttributeValue::CallingConvention(convention)) => Some(convention),
            _ => None,
        };
        let mut conventions = origins.iter().filter_map(|(_, entry)| of_entry(entry));
        let is_own = |convention: gimli::DwCc| {
            !matches!(convention, gimli::DW_CC_normal | gimli::DW_CC_program)
        };
        if conventions.any(is_own) {
            return Ok(Err(Unsupported::OwnConvention));
        }
        let language = match &self.program.units[at.unit].language {
            Some(language) => language.clone(),
            None => {
                Language::Other("a language that its debug information does not name".to_owned())
            }
        };
        // Rust has functions under names of C's, whose numbers and pointers are where C has them.
        let is_exported = language == Language::Rust
            && reached.iter().all(|name| names.contains(name))
            && !origins.iter().any(|(at, entry)| {
                let name = |attribute| self.program.text(*at, entry, attribute);
                let linkage = name(gimli::DW_AT_linkage_name);
                linkage.is_some() && linkage != name(gimli::DW_AT_name)
            });
        if !language.is_c() && !is_exported {
            return Ok(Err(Unsupported::ForeignLanguage(language.to_string())));
        }
        self.declared(origins, &language)
    }

    /// The prototype as it is declared.
    fn declared(
        &mut self,
        origins: &[(At, Entry<'d>)],
        language: &Language,
    ) -> Result<Result<TypeId, Unsupported>, DwarfError> {
        let program = self.program;
        let foreign = || Unsupported::ForeignLanguage(language.to_string());
        let ret = origins
            .iter()
            .find_map(|(at, entry)| program.target(*at, entry, gimli::DW_AT_type));
        let ret = match self.types.passed(ret, language, Way::Returned)? {
            Ok(ret) if language.is_c() || self.is_plain(origins, gimli::DW_AT_type)? => ret,
            Ok(_) => return Ok(Err(foreign())),
            Err(why) => return Ok(Err(unclear("what it returns", why))),
        };
        let mut params = Vec::new();
        for (number, (at, param)) in self.params(origins)?.into_iter().enumerate() {
            if param.tag() == gimli::DW_TAG_unspecified_parameters {
                params.push((String::new(), TypeId::VOID));
                break;
            }
            let origins = self.origins(at, param)?;
            let target = |attribute| {
                let mut origins = origins.iter();
                origins.find_map(|(at, entry)| program.target(*at, entry, attribute))
            };
            let mut names = origins
                .iter()
                .filter_map(|(at, entry)| program.text(*at, entry, gimli::DW_AT_name));
            let name = names.find(|name| is_identifier(name)).unwrap_or_default();
            let Some(ty) = target(gimli::DW_AT_type) else {
                let what = argument(number, &name);
                return Ok(Err(unclear(&what, "it has no type")));
            };
            match self.types.passed(Some(ty), language, Way::Argument)? {
                Ok(_) if !language.is_c() && !self.is_plain(&origins, gimli::DW_AT_type)? => {
                    return Ok(Err(foreign()));
                }
                Ok(id) => params.push((name, id)),
                Err(_) if !language.is_c() => return Ok(Err(foreign())),
                Err(why) => return Ok(Err(unclear(&argument(number, &name), why))),
            }
        }
        Ok(Ok(self.types.interned.prototype(&params, ret)))
    }

    /// Whether a type is one number or pointer of up to 8 bytes.
    fn is_plain(
        &self,
        origins: &[(At, Entry<'d>)],
        attribute: gimli::DwAt,
    ) -> Result<bool, DwarfError> {
        let mut origins = origins.iter();
        let found = origins.find_map(|(at, entry)| self.program.target(*at, entry, attribute));
        let mut next = found;
        for _ in 0..MAX_ORIGINS {
            let Some(at) = next else {
                return Ok(true);
            };
            let entry = self.program.entry(at)?;
            match entry.tag() {
                gimli::DW_TAG_pointer_type | gimli::DW_TAG_reference_type => return Ok(true),
                gimli::DW_TAG_base_type => {
                    let size = number(&entry, gimli::DW_AT_byte_size);
                    return Ok(size.is_some_and(|size| size <= 8));
                }
                gimli::DW_TAG_typedef | gimli::DW_TAG_const_type => {
                    next = self.program.target(at, &entry, gimli::DW_AT_type);
                }
                _ => return Ok(false),
            }
        }
        Ok(false)
    }

    /// The parameters, of the first entry that has some: an instance of a function may have fewer than
    /// the function, so what it is an instance of comes first. The declaration in a class comes last,
    /// which has no names.
    fn params(&self, origins: &[(At, Entry<'d>)]) -> Result<Vec<(At, Entry<'d>)>, DwarfError> {
        let is_definition =
            |(_, entry): &&(At, Entry<'d>)| entry.has_attr(gimli::DW_AT_specification);
        let end = match origins.iter().position(|origin| is_definition(&origin)) {
            Some(definition) => definition + 1,
            None => origins.len(),
        };
        let (own, declared) = origins.split_at(end);
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

    /// The functions as BTF, and those that are none, with the reason.
    pub(super) fn finish(mut self) -> (Vec<u8>, BTreeMap<String, Unsupported>) {
        let mut refused = self.refused;
        for (name, id) in &self.found {
            // Of which one is meant where another of the name is refused, nobody knows.
            if !refused.contains_key(name) {
                self.types.interned.function(name, *id);
            }
        }
        let has_code: BTreeSet<&str> = self.found.iter().map(|(name, _)| &**name).collect();
        let doubtful = self.doubtful.into_iter();
        for (name, refusal) in doubtful.filter(|(name, _)| !has_code.contains(&**name)) {
            refused.entry(name).or_insert(refusal);
        }
        (self.types.interned.finish(), refused)
    }
}

fn is_function(name: &str) -> bool {
    is_identifier(name) || is_clone(name)
}

/// Whether a name is that of a clone whose arguments a compiler has changed. Other names with dots only
/// keep functions of one name apart (`.llvm.123`, `.lto_priv.0`, `.__uniq.123`).
fn is_changed(name: &str) -> bool {
    let mut parts = name.split('.').skip(1);
    parts.any(|part| matches!(part, "isra" | "constprop" | "part" | "cold" | "specialized"))
}

fn argument(number: usize, name: &str) -> String {
    match name {
        "" => format!("argument {number}"),
        name => format!("`{name}`"),
    }
}

fn unclear(what: &str, why: &'static str) -> Unsupported {
    Unsupported::UnclearType {
        what: what.to_owned(),
        why: why.to_owned(),
    }
}
