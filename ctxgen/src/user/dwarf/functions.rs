//! The functions of a program.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::declared::Declared;
use super::declared::is_function;
use super::error::DwarfError;
use super::program::At;
use super::program::Program;
use super::types::Types;
use crate::btf::ByteOrder;
use crate::btf::TypeId;
use crate::text::ident::original;
use crate::user::Facts;
use crate::user::UserRefusal;

/// How many symbols at one address are looked at: functions that the linker has folded.
const MAX_SYMBOLS: usize = 256;

/// How many bytes the names in the smallest debug information may have, and how many more for each of its bytes.
const LEAST_NAMES: usize = 16 << 20;
const NAMES_OF_BYTE: usize = 8;

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
        let function = Declared::new(self.program, at, self.program.entry(at)?)?;
        let names = function.names();
        let Some(address) = function.address() else {
            self.count(names.iter())?;
            if function.is_inlined() {
                let refusal = match function.language() {
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
        let prototype =
            function.prototype(&mut self.types, self.facts, &reached, self.has_types)?;
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

/// Whether a name is that of a clone whose arguments a compiler has changed. Other names with dots only
/// keep functions of one name apart (`.llvm.123`, `.lto_priv.0`, `.__uniq.123`).
fn is_changed(name: &str) -> bool {
    let mut parts = name.split('.').skip(1);
    parts.any(|part| matches!(part, "isra" | "constprop" | "part" | "cold" | "specialized"))
}
