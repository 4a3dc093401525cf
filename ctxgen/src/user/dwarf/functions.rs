//! The functions of a program.

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
use crate::btf::ByteOrder;
use crate::btf::TypeId;
use crate::text::ident::is_clone;
use crate::text::ident::is_identifier;
use crate::text::ident::original;
use crate::user::Facts;
use crate::user::UserRefusal;
use crate::user::language::Language;

/// How many entries may stand between a function's code and where it is declared.
const MAX_ORIGINS: usize = 8;

/// How many parameters are looked at.
const MAX_PARAMS: usize = 255;

/// How many symbols at one address are looked at: functions that the linker has folded.
const MAX_SYMBOLS: usize = 256;

/// How many bytes the names in the smallest debug information may have, and how many more for each of its bytes.
const LEAST_NAMES: usize = 16 << 20;
const NAMES_OF_BYTE: usize = 8;

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

/// What was found of the functions of one name.
#[derive(Debug, Default)]
struct Outcomes {
    /// Those that are called so.
    own: Vec<Result<TypeId, UserRefusal>>,
    /// Those that only have their code where that symbol is: the linker folds what is alike.
    others: Vec<Result<TypeId, UserRefusal>>,
}

pub(super) struct Functions<'p, 'd> {
    program: &'p Program<'d>,
    facts: &'p Facts,
    types: Types<'p, 'd>,
    found: BTreeMap<String, Outcomes>,
    /// Whether the unit being looked at has more than line numbers.
    has_types: bool,
    /// Those that are inlined somewhere, or are the originals of clones.
    doubtful: BTreeMap<String, UserRefusal>,
    /// How many more bytes names may have.
    room: usize,
}

impl<'p, 'd> Functions<'p, 'd> {
    pub(super) fn new(program: &'p Program<'d>, facts: &'p Facts, order: ByteOrder) -> Self {
        Self {
            program,
            facts,
            types: Types::new(program, order),
            found: BTreeMap::new(),
            has_types: false,
            doubtful: BTreeMap::new(),
            room: LEAST_NAMES.saturating_add(NAMES_OF_BYTE.saturating_mul(program.len())),
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
        let mut functions = Vec::new();
        // Up to this depth, all that is around the next entry is a unit, namespace or class.
        let mut scopes = 0;
        self.has_types = false;
        while !entries.is_empty() {
            let (offset, depth) = (entries.next_offset(), entries.next_depth());
            let Some(abbreviation) = entries.read_abbreviation()? else {
                continue;
            };
            entries.skip_attributes(abbreviation.attributes())?;
            self.has_types |= is_typed(abbreviation.tag());
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
                gimli::DW_TAG_subprogram => functions.push(At { unit, offset }),
                _ => {}
            }
        }
        functions.into_iter().try_for_each(|at| self.add(at))
    }

    fn add(&mut self, at: At) -> Result<(), DwarfError> {
        let entry = self.program.entry(at)?;
        let origins = self.origins(at, entry)?;
        let entry = &origins[0].1;
        let names = self.names(&origins);
        let Some(address) = self.address(at, entry) else {
            self.count(names.iter())?;
            if entry.has_attr(gimli::DW_AT_inline) {
                let refusal = match self.language(at) {
                    language if language.is_c() => UserRefusal::OnlyInlined,
                    language => UserRefusal::ForeignLanguage(language.to_string()),
                };
                for name in names {
                    self.doubtful.entry(name).or_insert(refusal.clone());
                }
            }
            return Ok(());
        };
        let symbols = self.facts.symbols.range((address, String::new())..);
        let symbols: BTreeSet<String> = symbols
            .take_while(|(place, _)| *place == address)
            .take(MAX_SYMBOLS)
            .map(|(_, name)| name.clone())
            .collect();
        self.count(names.iter().chain(&symbols))?;
        // uprobes are set on symbols: those count, whatever the source says.
        let reached = match symbols.is_empty() {
            true => names.clone(),
            false => symbols,
        };
        for name in names.iter().filter(|name| !reached.contains(*name)) {
            if let Some(clone) = reached.iter().find(|clone| original(clone) == name) {
                let refusal = UserRefusal::OnlyClone(clone.clone());
                self.doubtful.insert(name.clone(), refusal);
            }
        }
        let prototype = self.prototype(at, &origins, &names, &reached)?;
        for name in names.iter().filter(|name| !reached.contains(*name)) {
            let refusal = match (&prototype, reached.first()) {
                (Err(refusal), _) => refusal.clone(),
                (Ok(_), Some(symbol)) => UserRefusal::OtherSymbol(symbol.clone()),
                (Ok(_), None) => continue,
            };
            self.doubtful.entry(name.clone()).or_insert(refusal);
        }
        for name in reached.into_iter().filter(|name| is_function(name)) {
            let outcome = match is_changed(&name) {
                true => Err(UserRefusal::ChangedClone(original(&name).to_owned())),
                false => prototype.clone(),
            };
            let is_own = names.contains(&name);
            let outcomes = self.found.entry(name).or_default();
            match is_own {
                true => outcomes.own.push(outcome),
                false => outcomes.others.push(outcome),
            }
        }
        Ok(())
    }

    /// Counts names that are kept.
    ///
    /// # Errors
    /// [`DwarfError::Names`], where they are too many.
    fn count<'n>(&mut self, names: impl Iterator<Item = &'n String>) -> Result<(), DwarfError> {
        let len = names.map(String::len).sum();
        self.room = self.room.checked_sub(len).ok_or(DwarfError::Names)?;
        // Those of types are there once each.
        match self.types.interned.string_len() > self.room {
            true => Err(DwarfError::Names),
            false => Ok(()),
        }
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
    ) -> Result<Result<TypeId, UserRefusal>, DwarfError> {
        let of_entry = |entry: &Entry<'d>| match entry.attr_value(gimli::DW_AT_calling_convention) {
            Some(AttributeValue::CallingConvention(convention)) => Some(convention),
            _ => None,
        };
        let mut conventions = origins.iter().filter_map(|(_, entry)| of_entry(entry));
        let is_own = |convention: gimli::DwCc| {
            !matches!(convention, gimli::DW_CC_normal | gimli::DW_CC_program)
        };
        if conventions.any(is_own) {
            return Ok(Err(UserRefusal::OwnConvention));
        }
        let language = self.language(at);
        // Rust has functions under names of C's, whose numbers and pointers are where C has them.
        let is_exported = language == Language::Rust
            && reached.iter().all(|name| names.contains(name))
            && !origins.iter().any(|(at, entry)| {
                let name = |attribute| self.program.text(*at, entry, attribute);
                let linkage = name(gimli::DW_AT_linkage_name);
                linkage.is_some() && linkage != name(gimli::DW_AT_name)
            });
        if !language.is_c() && !is_exported {
            return Ok(Err(UserRefusal::ForeignLanguage(language.to_string())));
        }
        let says_it = |(_, entry): &(At, Entry<'d>)| flag(entry, gimli::DW_AT_prototyped);
        if !self.has_types && !origins.iter().any(says_it) {
            return Ok(Err(UserRefusal::LinesOnly));
        }
        if let Some(moved) = self.moved(origins)? {
            return Ok(Err(UserRefusal::Moved(moved)));
        }
        self.declared(origins, &language)
    }

    fn language(&self, at: At) -> Language {
        let language = self.program.units[at.unit].language.clone();
        language.unwrap_or_else(|| {
            Language::Other("a language that its debug information does not name".to_owned())
        })
    }

    /// The first argument that is not where the calling convention has it, as far as debug information
    /// tells and arguments before it are plain.
    fn moved(&self, origins: &[(At, Entry<'d>)]) -> Result<Option<String>, DwarfError> {
        let program = self.program;
        let (at, entry) = &origins[0];
        let Some(address) = self.address(*at, entry) else {
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
        let is_external = origins
            .iter()
            .any(|(_, entry)| flag(entry, gimli::DW_AT_external));
        let may_lack = is_external || program.units[at.unit].is_gnu;
        // The register that is next, as long as it is known.
        let mut next = match self.sort(origins)? {
            Sort::Plain | Sort::Float => Some(0),
            Sort::Other => None,
        };
        for (number, (at, param)) in self.params(origins)?.into_iter().enumerate() {
            let of = self.origins(at, param)?;
            let expected = next.and_then(|next: usize| self.facts.registers.get(next));
            next = match (self.sort(&of)?, next) {
                (Sort::Plain, Some(next)) => Some(next + 1),
                (Sort::Float, next) if !self.facts.floats_take_registers => next,
                _ => None,
            };
            let moved = match (places.get(&at), expected, next) {
                (Some(Found::Register(found)), Some(expected), Some(_)) => {
                    found != expected && self.facts.registers.contains(found)
                }
                (Some(Found::Nowhere), ..) => !may_lack,
                _ => false,
            };
            if moved {
                let name = program.text(at, &of[0].1, gimli::DW_AT_name);
                return Ok(Some(argument(number, &name.unwrap_or_default())));
            }
        }
        Ok(None)
    }

    /// The prototype as it is declared.
    fn declared(
        &mut self,
        origins: &[(At, Entry<'d>)],
        language: &Language,
    ) -> Result<Result<TypeId, UserRefusal>, DwarfError> {
        let program = self.program;
        let foreign = || UserRefusal::ForeignLanguage(language.to_string());
        let ret = origins
            .iter()
            .find_map(|(at, entry)| program.target(*at, entry, gimli::DW_AT_type));
        let ret = match self.types.passed(ret, language, Way::Returned)? {
            Ok(ret) if language.is_c() || self.is_plain(origins)? => ret,
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
                Ok(_) if !language.is_c() && !self.is_plain(&origins)? => {
                    return Ok(Err(foreign()));
                }
                Ok(id) => params.push((name, id)),
                Err(_) if !language.is_c() => return Ok(Err(foreign())),
                Err(why) => return Ok(Err(unclear(&argument(number, &name), why))),
            }
        }
        Ok(Ok(self.types.interned.prototype(&params, ret)))
    }

    /// Whether a type is one integer or pointer of up to 8 bytes, or nothing.
    fn is_plain(&self, origins: &[(At, Entry<'d>)]) -> Result<bool, DwarfError> {
        Ok(self.sort(origins)? == Sort::Plain)
    }

    /// Which registers a parameter or result is in.
    fn sort(&self, origins: &[(At, Entry<'d>)]) -> Result<Sort, DwarfError> {
        let mut origins = origins.iter();
        let mut next =
            origins.find_map(|(at, entry)| self.program.target(*at, entry, gimli::DW_AT_type));
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
    pub(super) fn finish(mut self) -> (Vec<u8>, BTreeMap<String, UserRefusal>) {
        let mut refused = self.doubtful;
        refused.retain(|name, _| !self.found.contains_key(name));
        let with_prototype: BTreeSet<String> = self.found.keys().cloned().collect();
        for (name, outcomes) in self.found {
            let outcomes = match outcomes.own.is_empty() {
                true => outcomes.others,
                false => outcomes.own,
            };
            // Of which one is meant where another of the name is refused, nobody knows.
            match outcomes.into_iter().collect::<Result<BTreeSet<_>, _>>() {
                Ok(prototypes) => {
                    for id in prototypes {
                        self.types.interned.function(&name, id);
                    }
                }
                Err(refusal) => {
                    refused.insert(name, refusal);
                }
            }
        }
        for (_, name) in &self.facts.symbols {
            if is_function(name) && !with_prototype.contains(name) && !refused.contains_key(name) {
                refused.insert(name.clone(), UserRefusal::NotDescribed);
            }
        }
        (self.types.interned.finish(), refused)
    }
}

/// Whether debug information of line numbers alone has no such entries.
fn is_typed(tag: gimli::DwTag) -> bool {
    matches!(
        tag,
        gimli::DW_TAG_base_type
            | gimli::DW_TAG_pointer_type
            | gimli::DW_TAG_structure_type
            | gimli::DW_TAG_typedef
            | gimli::DW_TAG_formal_parameter
            | gimli::DW_TAG_imported_unit
    )
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

fn unclear(what: &str, why: &'static str) -> UserRefusal {
    UserRefusal::UnclearType {
        what: what.to_owned(),
        why: why.to_owned(),
    }
}
