//! What of a kernel's types the names of sources reach.
//!
//! The roots are the types that are named: structs, unions, enums and typedefs by their own names,
//! enums by those of their values, and what kernel functions (kfuncs) take and return. What a type
//! holds by value comes along whole. What a member points to comes along whole where the member is
//! named, and as a declaration otherwise.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use libbpf_rs::libbpf_sys;

use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::kernel::KernelBtf;
use crate::names::Names;

/// Types of a kernel that sources reach.
#[derive(Debug, Default)]
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
    for ty in kernel.index().tags().iter().filter_map(|id| btf.get(*id)) {
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
        let names = self.names;
        let typedefs = Filter::new([&names.identifiers, &names.mentions]);
        let tags = Filter::new([&names.tags]);
        let mut without_name = Vec::new();
        for &id in self.kernel.index().definitions() {
            let Some(ty) = self.btf.get(id) else { continue };
            match ty.kind_number() {
                libbpf_sys::BTF_KIND_STRUCT
                | libbpf_sys::BTF_KIND_UNION
                | libbpf_sys::BTF_KIND_FWD => {
                    let name = ty.name();
                    if tags.may_have(name) && names.tags.contains(name) {
                        self.root(id);
                    }
                }
                libbpf_sys::BTF_KIND_ENUM | libbpf_sys::BTF_KIND_ENUM64 => {
                    let name = ty.name();
                    let is_named = tags.may_have(name) && names.tags.contains(name);
                    let has_value = |name: &str| {
                        typedefs.may_have(name)
                            && (names.identifiers.contains(name) || names.mentions.contains(name))
                    };
                    if is_named || ty.enumerators().iter().any(|value| has_value(value.name)) {
                        self.root(id);
                        if name.is_empty() {
                            without_name.push(id);
                        }
                    }
                }
                libbpf_sys::BTF_KIND_TYPEDEF => {
                    let name = ty.name();
                    if !typedefs.may_have(name) {
                        continue;
                    }
                    if names.identifiers.contains(name) {
                        self.root(id);
                        self.queue.push((id, Way::Follow));
                    } else if names.mentions.contains(name) {
                        self.root(id);
                    }
                }
                _ => {}
            }
        }
        self.add_users(&without_name);
        self.reach.kfuncs = kfuncs(self.kernel, |name| names.calls(name));
        let protos = self
            .reach
            .kfuncs
            .values()
            .map(|kfunc| kfunc.proto)
            .collect();
        self.add_prototypes(protos);
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

    /// An enum without a name can be written nowhere but where it is used, if it is. Makes roots of
    /// what uses these.
    fn add_users(&mut self, enums: &[TypeId]) {
        let index = self.kernel.index();
        let mut targets = vec![false; self.state.len()];
        let mut new = enums.to_vec();
        while !new.is_empty() {
            for id in std::mem::take(&mut new) {
                targets[id.0 as usize] = true;
            }
            for &id in index.definitions().iter().chain(index.links()) {
                let Some(ty) = self.btf.get(id) else { continue };
                if targets[id.0 as usize] || !ty.uses_any(&targets) {
                    continue;
                }
                if ty.name().is_empty() {
                    new.push(id);
                } else {
                    self.root(id);
                }
            }
        }
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
        match ty.kind() {
            Kind::Ptr(to) => self.queue.push((to, Way::Mention)),
            Kind::Typedef(to) => self.queue.push((to, way)),
            Kind::Array { element, .. } => self.queue.push((element, Way::Define)),
            Kind::FuncProto { ret } => {
                self.queue.push((ret, way));
                let params = ty.params().map(|param| (param.type_id, way));
                self.queue.extend(params);
            }
            // What has no name can only be written out.
            Kind::Struct(composite) | Kind::Union(composite)
                if way == Way::Define || ty.name().is_empty() =>
            {
                if !self.reach.composites.insert(ty.id()) {
                    return;
                }
                for member in composite.members() {
                    self.queue.push((member.type_id, Way::Define));
                    if self.names.members.contains(member.name) {
                        self.queue.push((member.type_id, Way::Follow));
                    }
                }
            }
            kind => self.queue.extend(kind.modified().map(|to| (to, way))),
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

/// Whether a name may be one of some others, by a few of its bytes. Of a kernel's names hardly one
/// in a hundred is wanted, and build scripts are not optimized.
struct Filter(Vec<bool>);

impl Filter {
    fn new<'n>(sets: impl IntoIterator<Item = &'n BTreeSet<&'n str>>) -> Self {
        let mut filter = Self(vec![false; 1 << 16]);
        for set in sets {
            for name in set {
                filter.0[Self::place(name)] = true;
            }
        }
        filter
    }

    fn may_have(&self, name: &str) -> bool {
        self.0[Self::place(name)]
    }

    fn place(name: &str) -> usize {
        let bytes = name.as_bytes();
        let len = bytes.len();
        if len == 0 {
            return 0;
        }
        let first = usize::from(bytes[len / 3]);
        let middle = usize::from(bytes[len * 2 / 3]);
        let last = usize::from(bytes[len - 1]);
        (first << 9 ^ middle << 6 ^ last << 3 ^ len) & 0xffff
    }
}

#[cfg(test)]
mod tests;
