//! Which members of `struct_ops` an object's programs are.
//!
//! The section of a program says nothing of that: the variables of ops types do, each a `struct_ops` map to
//! libbpf, whose pointers to programs are relocations (`init_struct_ops_maps` and
//! `bpf_object__collect_st_ops_relos` of `libbpf.c`).

use std::collections::BTreeSet;
use std::collections::HashMap;

use object::Object as _;
use object::ObjectSection as _;
use object::ObjectSymbol as _;
use object::RelocationTarget;
use object::SectionIndex;
use object::SymbolKind;

use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::TYPE_WORDS;
use crate::btf::TypeId;
use crate::btf::compat::essential_name;
use crate::hook::Family;
use crate::hook::Hook;

use super::Elf;
use super::names::MAX_FUNCTION;

/// The sections of such variables (`STRUCT_OPS_SEC` and `STRUCT_OPS_LINK_SEC`); those with a question mark
/// are not made unless asked for.
const SECTIONS: [&str; 4] = [
    ".struct_ops",
    ".struct_ops.link",
    "?.struct_ops",
    "?.struct_ops.link",
];

/// What such programs are a part of.
const FAMILY: &str = "struct_ops";

/// How many words a variable takes in a `BTF_KIND_DATASEC`: type, offset, size.
const VARIABLE: usize = 3;

/// Where a program is: its section, and how far into that, in bytes.
pub(super) type Address = (SectionIndex, u64);

/// The members that are set to programs, by where these are, each once and in the order of their names.
///
/// What fits nothing is passed over: libbpf opens no such object.
pub(super) fn implemented(elf: &Elf<'_>, btf: &Btf<'_>) -> HashMap<Address, BTreeSet<Hook>> {
    let mut implemented: HashMap<Address, BTreeSet<Hook>> = HashMap::new();
    let mut members = Members::new(btf);
    for section in elf.sections() {
        let Some(name) = section.name().ok().filter(|name| SECTIONS.contains(name)) else {
            continue;
        };
        let variables = variables(elf, btf, section.index(), name);
        for (at, relocation) in section.relocations() {
            let after = variables.partition_point(|variable| variable.start <= at);
            let Some(variable) = after.checked_sub(1).map(|last| &variables[last]) else {
                continue;
            };
            let member = members.hook(variable.ops, at - variable.start);
            if let Some(hook) = member
                && let RelocationTarget::Symbol(symbol) = relocation.target()
                && let Ok(symbol) = elf.symbol_by_index(symbol)
                && symbol.kind() == SymbolKind::Text
                && let Some(code) = symbol.section_index()
            {
                let address = (code, symbol.address());
                implemented.entry(address).or_default().insert(hook);
            }
        }
    }
    implemented
}

/// A variable of an ops type.
struct Variable {
    /// Where in its section it starts, in bytes.
    start: u64,
    ops: TypeId,
}

/// The variables of a section, by where they start. Where BTF has an offset, it is 0 until libbpf has
/// put it right by the symbol (`btf_fixup_datasec`).
fn variables(elf: &Elf<'_>, btf: &Btf<'_>, index: SectionIndex, section: &str) -> Vec<Variable> {
    let types = variable_types(btf, section);
    let mut variables: Vec<Variable> = elf
        .symbols()
        .filter(|symbol| symbol.section_index() == Some(index))
        .filter(|symbol| symbol.kind() == SymbolKind::Data)
        .filter_map(|symbol| {
            Some(Variable {
                start: symbol.address(),
                ops: *types.get(symbol.name().ok()?)?,
            })
        })
        .collect();
    variables.sort_by_key(|variable| variable.start);
    variables
}

/// The structs that the variables of a section are of, by the variables' names.
fn variable_types<'b>(btf: &'b Btf<'_>, section: &str) -> HashMap<&'b str, TypeId> {
    let mut types = HashMap::new();
    for ty in btf.types() {
        if !matches!(ty.kind(), Kind::DataSec) || ty.name() != section {
            continue;
        }
        let words = ty.words();
        let records = words.get(TYPE_WORDS..).unwrap_or_default();
        for record in records.chunks_exact(VARIABLE) {
            let Some(variable) = btf.get(TypeId(record[0])) else {
                continue;
            };
            if let Kind::Var(of) = variable.kind()
                && variable.name().len() <= MAX_FUNCTION
                && let Some(ops) = btf.resolve(of)
                && matches!(ops.kind(), Kind::Struct(_))
            {
                types.insert(variable.name(), ops.id());
            }
        }
    }
    types
}

/// The members of ops types by their offsets, of each type once.
struct Members<'b> {
    btf: &'b Btf<'b>,
    by_ops: HashMap<TypeId, HashMap<u64, &'b str>>,
}

impl<'b> Members<'b> {
    fn new(btf: &'b Btf<'_>) -> Self {
        Self {
            btf,
            by_ops: HashMap::new(),
        }
    }

    /// The hook of the member at an offset in bytes. What has a name that no kernel's has is none.
    fn hook(&mut self, ops: TypeId, offset: u64) -> Option<Hook> {
        let btf = self.btf;
        let ty = btf.get(ops)?;
        let members = self.by_ops.entry(ops).or_insert_with(|| {
            let Kind::Struct(composite) = ty.kind() else {
                return HashMap::new();
            };
            let members = composite.members();
            members
                .map(|member| (u64::from(member.bit_offset), member.name))
                .collect()
        });
        let member = *members.get(&offset.checked_mul(8)?)?;
        let ops = essential_name(ty.name());
        if ops.len().max(member.len()) > MAX_FUNCTION {
            return None;
        }
        let family = Family::by_name(FAMILY)?;
        let hook = Hook::new(family, &format!("{ops}/{member}")).ok()?;
        (!hook.is_generic()).then_some(hook)
    }
}
