//! What of a kernel's types the names of sources reach.
//!
//! The roots are the types that are named: structs, unions, enums and typedefs by their own names,
//! enums by those of their values, and what kernel functions (kfuncs) take and return. What a type
//! holds by value comes along whole. What a member points to comes along whole where the member is
//! named, and as a declaration otherwise.

mod filter;
mod users;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use libbpf_rs::libbpf_sys;

use self::filter::Filter;
use self::users::users;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::Role;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::kernel::KernelBtf;
use crate::usage::identifiers::Names;

/// What C names with `struct` or `union`.
const COMPOSITES: [u32; 3] = [
    libbpf_sys::BTF_KIND_STRUCT,
    libbpf_sys::BTF_KIND_UNION,
    libbpf_sys::BTF_KIND_FWD,
];

/// Types of a kernel that sources reach.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Reach {
    /// What is defined for its own sake, and not because something holds it by value.
    pub roots: BTreeSet<TypeId>,
    /// All structs and unions that are defined, the roots' members by value included.
    pub(crate) composites: BTreeSet<TypeId>,
    /// All types that the definitions and declarations consist of.
    pub(crate) parts: Vec<TypeId>,
    /// The kernel functions that are named, by name.
    pub(crate) kfuncs: BTreeMap<String, Kfunc>,
}

/// A kernel function that BPF programs may call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kfunc {
    pub(crate) proto: TypeId,
    /// Whether it leaves the registers alone that hold no arguments (`KF_FASTCALL`).
    pub(crate) is_fastcall: bool,
}

impl Reach {
    /// What of a kernel's types the names reach.
    pub fn new(kernel: &KernelBtf, names: &Names<'_>) -> Self {
        let btf = kernel.btf();
        let count = btf.type_count() as usize;
        let mut walk = Walk {
            kernel,
            btf,
            names,
            state: vec![State::default(); count],
            reach: Self::default(),
            queue: Vec::new(),
        };
        walk.find_roots();
        walk.go();
        walk.reach
    }
}

/// The kernel functions that BPF programs may call and of whose names `wanted` is true, by name:
/// the kernel's build tags them (`bpf_kfunc`; Linux 6.10 with pahole 1.27, and newer).
pub(crate) fn kfuncs(kernel: &KernelBtf, wanted: impl Fn(&str) -> bool) -> BTreeMap<String, Kfunc> {
    let btf = kernel.btf();
    let mut kfuncs = BTreeMap::new();
    let mut fastcalls = BTreeSet::new();
    for ty in kernel
        .index()
        .tags(btf)
        .iter()
        .filter_map(|id| btf.get(*id))
    {
        // One of a parameter says nothing about the function.
        let Kind::DeclTag {
            target,
            component: -1,
        } = ty.kind()
        else {
            continue;
        };
        let Some(func) = btf.get(target) else {
            continue;
        };
        let Kind::Func(proto) = func.kind() else {
            continue;
        };
        match ty.name() {
            "bpf_kfunc" if wanted(func.name()) => {
                let kfunc = Kfunc {
                    proto,
                    is_fastcall: false,
                };
                kfuncs.entry(func.name().to_owned()).or_insert(kfunc);
            }
            "bpf_fastcall" => {
                fastcalls.insert(func.name());
            }
            _ => {}
        }
    }
    for (name, kfunc) in &mut kfuncs {
        kfunc.is_fastcall = fastcalls.contains(&**name);
    }
    kfuncs
}

/// What was done with a type.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    mentioned: bool,
    defined: bool,
    followed: bool,
}

/// How a type is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Through a pointer: of a struct or union with a name, that is enough.
    Mention,
    /// By value.
    Define,
    /// For what it points to, and that points to.
    Follow,
}

struct Walk<'w> {
    kernel: &'w KernelBtf,
    btf: &'w Btf<'static>,
    names: &'w Names<'w>,
    state: Vec<State>,
    reach: Reach,
    queue: Vec<(TypeId, Way)>,
}

impl Walk<'_> {
    fn find_roots(&mut self) {
        let typedefs = Filter::new([&self.names.identifiers, &self.names.mentions]);
        let tags = Filter::new([&self.names.tags]);
        let mut without_name = Vec::new();
        let strings = self.btf.strings();
        let btf = self.btf;
        for id in btf.of_kinds(&COMPOSITES) {
            let name = btf.name_offset(id);
            if tags.may_have(strings, name) && self.is_tag(name) {
                self.root(id);
            }
        }
        for id in btf.of_kinds(&[libbpf_sys::BTF_KIND_ENUM, libbpf_sys::BTF_KIND_ENUM64]) {
            let name = btf.name_offset(id);
            let is_named = tags.may_have(strings, name) && self.is_tag(name);
            if is_named || self.has_value(id, &typedefs, strings) {
                self.root(id);
                if btf.string(name).is_empty() {
                    without_name.push(id);
                }
            }
        }
        for id in btf.of_kinds(&[libbpf_sys::BTF_KIND_TYPEDEF]) {
            let offset = btf.name_offset(id);
            if !typedefs.may_have(strings, offset) {
                continue;
            }
            let name = btf.string(offset);
            if self.names.identifiers.contains(name) {
                self.root(id);
                self.queue.push((id, Way::Follow));
            } else if self.names.mentions.contains(name) {
                self.root(id);
            }
        }
        for user in users(self.btf, &without_name) {
            self.root(user);
        }
        self.reach.kfuncs = kfuncs(self.kernel, |name| self.names.calls(name));
        let protos = self
            .reach
            .kfuncs
            .values()
            .map(|kfunc| kfunc.proto)
            .collect();
        self.add_prototypes(protos);
    }

    fn is_tag(&self, name: u32) -> bool {
        self.names.tags.contains(self.btf.string(name))
    }

    /// Whether a value of an enum is named.
    fn has_value(&self, id: TypeId, names: &Filter, strings: &[u8]) -> bool {
        let Some(ty) = self.btf.get(id) else {
            return false;
        };
        let words = ty.records();
        let len = match ty.kind_number() {
            libbpf_sys::BTF_KIND_ENUM => 2,
            _ => 3,
        };
        let mut at = 0;
        while at < words.len() {
            if names.may_have(strings, words[at]) {
                let name = self.btf.string(words[at]);
                if self.names.identifiers.contains(name) || self.names.mentions.contains(name) {
                    return true;
                }
            }
            at += len;
        }
        false
    }

    /// Makes roots of all that prototypes mention, behind pointers too: libbpf compares a kernel
    /// function's prototype in the object with the kernel's, and a declared struct is no match for a
    /// defined one.
    fn add_prototypes(&mut self, mut ids: Vec<TypeId>) {
        let mut seen = BTreeSet::new();
        while let Some(id) = ids.pop() {
            if !seen.insert(id) {
                continue;
            }
            let Some(ty) = self.btf.get(id) else { continue };
            match ty.kind() {
                Kind::FuncProto { ret } => {
                    self.queue.push((id, Way::Mention));
                    ids.push(ret);
                    ids.extend(ty.params().map(|param| param.type_id));
                }
                Kind::Ptr(to) => ids.push(to),
                Kind::Array { element, .. } => ids.push(element),
                Kind::Typedef(to) => {
                    self.root(id);
                    ids.push(to);
                }
                Kind::Struct(_)
                | Kind::Union(_)
                | Kind::Enum { .. }
                | Kind::Enum64 { .. }
                | Kind::Fwd { .. } => self.root(id),
                kind => ids.extend(kind.modified()),
            }
        }
    }

    fn root(&mut self, id: TypeId) {
        self.reach.roots.insert(id);
        self.queue.push((id, Way::Define));
    }

    fn go(&mut self) {
        while let Some((id, way)) = self.queue.pop() {
            let Some(state) = self.state.get_mut(id.0 as usize) else {
                continue;
            };
            let is_new = !state.mentioned && !state.defined;
            let done = match way {
                Way::Mention if state.defined => true,
                Way::Mention => std::mem::replace(&mut state.mentioned, true),
                Way::Define => std::mem::replace(&mut state.defined, true),
                Way::Follow => std::mem::replace(&mut state.followed, true),
            };
            if done || id == TypeId::VOID {
                continue;
            }
            let Some(ty) = self.btf.get(id) else { continue };
            if way == Way::Follow {
                self.follow(&ty);
                continue;
            }
            if is_new {
                self.reach.parts.push(id);
            }
            self.visit(&ty, way);
        }
    }

    fn visit(&mut self, ty: &Type<'_>, way: Way) {
        if let Kind::Struct(composite) | Kind::Union(composite) = ty.kind() {
            // What has no name can only be written out.
            let is_defined = way == Way::Define || ty.name().is_empty();
            if !is_defined || !self.reach.composites.insert(ty.id()) {
                return;
            }
            for member in composite.members() {
                self.queue.push((member.type_id, Way::Define));
                if self.names.members.contains(member.name) {
                    self.queue.push((member.type_id, Way::Follow));
                }
            }
            return;
        }
        for child in ty.children() {
            let way = match child.role {
                Role::Pointee => Way::Mention,
                Role::Element => Way::Define,
                Role::Alias | Role::Result | Role::Param => way,
                _ => continue,
            };
            self.queue.push((child.id, way));
        }
    }

    /// Goes through pointers to what can be used behind them.
    fn follow(&mut self, ty: &Type<'_>) {
        let to = match ty.kind() {
            Kind::Ptr(to) | Kind::Typedef(to) => to,
            Kind::Array { element, .. } => element,
            Kind::FuncProto { ret } => ret,
            Kind::Struct(_) | Kind::Union(_) => {
                if !ty.name().is_empty() {
                    self.reach.roots.insert(ty.id());
                }
                return self.queue.push((ty.id(), Way::Define));
            }
            Kind::Enum { .. } | Kind::Enum64 { .. } | Kind::Fwd { .. } => return,
            kind => match kind.modified() {
                Some(to) => to,
                None => return,
            },
        };
        self.queue.push((to, Way::Follow));
    }
}

#[cfg(test)]
mod tests;
