//! What of a kernel's BTF an object needs at load time.
//!
//! The rules are those by which libbpf's `relo_core.c` and `bpf_core_add_cands` in `libbpf.c` find
//! what to relocate against: any kernel type of the same kind and essential name is a candidate, of
//! its members only those whose names occur in the access are looked at, and through pointers nothing
//! is followed.

use libbpf_rs::libbpf_sys;

use crate::btf::Kind;
use crate::btf::TypeId;
use crate::essential_name;
use crate::hook::Hook;
use crate::hook::VMLINUX;
use crate::kernel::Named;
use crate::object::ObjectFile;
use crate::object::Program;
use crate::object::RelocationKind;
use crate::object::Step;
use crate::prototype::Lookup;
use crate::prototype::lookups;
use crate::sorted::set;

use super::names::Compare;
use super::names::Match;
use super::names::Sought;

/// How much of a struct or union is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Kind, name and size.
    Outside,
    /// The members whose names are wanted.
    Members,
    /// All of it.
    Whole,
}

/// Why something is sought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// Relocations are against it; this much of it is needed.
    Root(Part),
    /// A hook is looked up by it, by its place among the hooks.
    Hook(usize),
    /// As [`Lookup::SameTypes`].
    SameTypes,
    /// As [`Lookup::Classes`].
    Class {
        /// The prefixes of the functions.
        funcs: &'static [&'static str],
        /// The prefix of the structs.
        structs: &'static str,
    },
    /// As [`Lookup::MemberTypes`], of the member of this name.
    MemberTypes(String),
    /// As [`Lookup::Tag`].
    Tag,
    /// The size of a pointer is told by it.
    Long,
}

/// Names of the integer by whose size libbpf knows that of a pointer (`determine_ptr_size` in its
/// `btf.c`), as compilers write them.
const LONG: [&str; 4] = ["long int", "long unsigned int", "long", "unsigned long"];

/// What an object needs.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) sought: Sought,
    /// By what is sought.
    pub(super) reasons: Vec<Vec<Reason>>,
    /// Names of members, sorted.
    pub(super) members: Vec<String>,
    /// The hooks of programs and of relocated contexts, each once.
    pub(super) hooks: Vec<Hook>,
    /// Whether ids of the kernel's own types are asked for, which only its whole BTF has.
    pub(super) ids: bool,
}

impl Wanted {
    pub(super) fn new(object: &ObjectFile) -> Self {
        let mut wanted = Self {
            sought: Sought::new(),
            reasons: Vec::new(),
            members: Vec::new(),
            hooks: hooks(object),
            ids: false,
        };
        for (number, hook) in wanted.hooks.clone().iter().enumerate() {
            for lookup in lookups(hook) {
                wanted.look_up(lookup, number);
            }
        }
        wanted.roots(object);
        for name in LONG {
            let kinds = [libbpf_sys::BTF_KIND_INT];
            wanted.add(&kinds, Compare::Whole, name, Reason::Long);
        }
        wanted.members = set(wanted.members);
        wanted
    }

    fn add(&mut self, kinds: &[u32], compare: Compare, name: &str, reason: Reason) {
        let matched: Match = self.sought.add(kinds, compare, name);
        self.reasons.resize(self.sought.len(), Vec::new());
        if !self.reasons[matched].contains(&reason) {
            self.reasons[matched].push(reason);
        }
    }

    fn look_up(&mut self, lookup: Lookup, hook: usize) {
        const FUNC: u32 = libbpf_sys::BTF_KIND_FUNC;
        const UNION: u32 = libbpf_sys::BTF_KIND_UNION;
        match lookup {
            Lookup::Type(named, name) => {
                let kind = match named {
                    Named::Func => FUNC,
                    Named::Typedef => libbpf_sys::BTF_KIND_TYPEDEF,
                    Named::Struct => libbpf_sys::BTF_KIND_STRUCT,
                    Named::Union => UNION,
                };
                self.add(&[kind], Compare::Whole, &name, Reason::Hook(hook));
            }
            Lookup::Member(of, name) => {
                self.members.push(name);
                let reason = Reason::Root(Part::Members);
                self.add(&[UNION], Compare::Whole, of, reason);
            }
            Lookup::SameTypes(prefix) => {
                self.add(&[FUNC], Compare::Prefix, prefix, Reason::SameTypes);
            }
            Lookup::Classes { funcs, structs } => {
                for prefix in funcs {
                    self.add(&[FUNC], Compare::Prefix, prefix, Reason::SameTypes);
                }
                let kinds = [libbpf_sys::BTF_KIND_STRUCT];
                let reason = Reason::Class { funcs, structs };
                self.add(&kinds, Compare::Prefix, structs, reason);
            }
            Lookup::MemberTypes(name) => {
                let suffix = format!("_{name}");
                self.add(&[FUNC], Compare::Suffix, &suffix, Reason::MemberTypes(name));
            }
            Lookup::Tag(name) => {
                let kinds = [libbpf_sys::BTF_KIND_DECL_TAG];
                self.add(&kinds, Compare::Whole, name, Reason::Tag);
            }
        }
    }

    /// What is sought with members of ops types, by their names.
    pub(super) fn by_member(&self) -> Vec<(&str, Match)> {
        let all = self.reasons.iter().enumerate();
        all.flat_map(|(matched, reasons)| {
            reasons.iter().filter_map(move |reason| match reason {
                Reason::MemberTypes(member) => Some((member.as_str(), matched)),
                _ => None,
            })
        })
        .collect()
    }

    fn roots(&mut self, object: &ObjectFile) {
        for relocation in object.relocations() {
            // The kernel has none of ctxgen's contexts.
            let of_kernel = relocation.kind != RelocationKind::TypeIdLocal
                && object.context_hook(relocation.type_id).is_none();
            if !of_kernel {
                continue;
            }
            self.ids |= relocation.kind == RelocationKind::TypeIdTarget;
            let part = match relocation.kind {
                RelocationKind::TypeMatches => Part::Whole,
                _ => Part::Members,
            };
            self.root(object, relocation.type_id, part);
            for step in object.steps(relocation).into_iter().flatten() {
                if let Step::Member { name, .. } = step {
                    self.members.push(name.to_owned());
                }
            }
        }
    }

    fn root(&mut self, object: &ObjectFile, id: TypeId, part: Part) {
        let Some(ty) = object.btf().get(id).filter(|ty| !ty.name().is_empty()) else {
            return;
        };
        // `btf_kind_core_compat`: of different kinds, only the two kinds of enum go together.
        let kind = ty.kind_number();
        let enums = [libbpf_sys::BTF_KIND_ENUM, libbpf_sys::BTF_KIND_ENUM64];
        let own = [kind];
        let kinds: &[u32] = match ty.kind() {
            Kind::Enum { .. } | Kind::Enum64 { .. } => &enums,
            _ => &own,
        };
        let name = essential_name(ty.name());
        self.add(kinds, Compare::Essential, name, Reason::Root(part));
    }

    /// What of it has to be looked for in modules, where this is what the kernel itself has: types that
    /// it lacks, and hooks that it lacks or that are a module's by their name.
    pub(super) fn lacking(&self, found: impl Fn(Match) -> bool) -> Vec<Match> {
        let mut hooks = vec![false; self.hooks.len()];
        for (matched, reasons) in self.reasons.iter().enumerate() {
            for reason in reasons {
                if let Reason::Hook(hook) = reason {
                    let module = self.hooks[*hook].module();
                    hooks[*hook] |= found(matched) && module.is_none_or(|name| name == VMLINUX);
                }
            }
        }
        let lacks = |matched: &Match| {
            self.reasons[*matched].iter().any(|reason| match reason {
                Reason::Root(_) => !found(*matched),
                Reason::Hook(hook) => !hooks[*hook],
                _ => false,
            })
        };
        (0..self.reasons.len()).filter(lacks).collect()
    }
}

/// The hooks that programs are for, and those whose contexts are relocated.
fn hooks(object: &ObjectFile) -> Vec<Hook> {
    let of_programs = object.programs().iter().flat_map(Program::hooks);
    let of_contexts = object
        .relocated_contexts()
        .into_iter()
        .filter_map(|id| object.context_hook(id));
    set(of_programs.chain(of_contexts).collect())
}
