//! Which types of a kernel a pinned BTF has, and how much of each.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use libbpf_rs::libbpf_sys;

use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::kernel::Arch;
use crate::kernel::Incomplete;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::kernel::NotPinned;
use crate::kernel::Touched;
use crate::minimize::Trim;
use crate::tracefs::Format;
use crate::usage::closure::Reach;
use crate::usage::identifiers::Names;

/// Tags of kernel functions that BPF programs may call.
const KFUNC_TAGS: [&str; 2] = ["bpf_kfunc", "bpf_fastcall"];

/// How much of a type is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// Of a struct or union, name and size, and the members of these names.
    Outside(BTreeSet<String>),
}

/// The types that are kept.
pub(super) struct Kept<'k> {
    kernel: &'k KernelBtf,
    btf: &'k Btf<'static>,
    trim: Trim<'k>,
    /// Members that are needed of unions that are not needed whole.
    members: BTreeMap<TypeId, BTreeSet<String>>,
    /// What tracefs says of trace events, by category and name.
    pub(super) formats: BTreeMap<(String, String), Format>,
}

impl<'k> Kept<'k> {
    pub(super) fn new(kernel: &'k KernelBtf) -> Self {
        Self {
            kernel,
            btf: kernel.btf(),
            trim: Trim::new(kernel.btf()),
            members: BTreeMap::new(),
            formats: BTreeMap::new(),
        }
    }

    /// How much of each.
    pub(super) fn parts(&self) -> BTreeMap<TypeId, Part> {
        let (defined, mentioned) = self.trim.parts();
        let outside = |id: &TypeId| {
            let is_outside = self.btf.get(*id).is_some_and(|ty| ty.is_composite());
            match is_outside {
                true => Part::Outside(self.members.get(id).cloned().unwrap_or_default()),
                false => Part::Whole,
            }
        };
        let mentioned = mentioned.iter().map(|id| (*id, outside(id)));
        let mut parts: BTreeMap<TypeId, Part> = mentioned.collect();
        parts.extend(defined.iter().map(|id| (*id, Part::Whole)));
        parts
    }

    /// All that lookups have come to.
    pub(super) fn add(&mut self, touched: Touched) {
        for id in touched.types {
            self.trim.define(id);
            if let Some(proto) = prototype(self.btf, id) {
                self.define_what_is_passed(&proto);
            }
        }
        for (union, member) in touched.members {
            self.add_member(union, member);
        }
        for (category, event) in touched.formats {
            if let Some(format) = self.kernel.formats().used(&category, &event) {
                self.formats.insert((category, event), format);
            }
        }
    }

    /// What a function takes by value stands in a context with all that it is made of.
    fn define_what_is_passed(&mut self, proto: &Type<'_>) {
        for param in proto.params() {
            let resolved = self.btf.resolve(param.type_id);
            if resolved.is_some_and(|ty| ty.is_composite()) {
                self.trim.define(param.type_id);
            }
        }
    }

    fn add_member(&mut self, union: TypeId, name: String) {
        self.trim.mention(union);
        let Some(Kind::Union(composite)) = self.btf.get(union).map(|ty| ty.kind()) else {
            return;
        };
        for member in composite.members().filter(|member| member.name == name) {
            self.trim.mention(member.type_id);
        }
        self.members.entry(union).or_default().insert(name);
    }

    /// The tags of these names on the functions for which `wanted` is true, and these functions.
    fn add_tags(&mut self, names: &[&str], wanted: impl Fn(&Type<'_>) -> bool) {
        for tag in self.kernel.index().tags(self.btf) {
            let Some(tag) = self.btf.get(*tag) else {
                continue;
            };
            let Kind::DeclTag {
                target,
                component: -1,
            } = tag.kind()
            else {
                continue;
            };
            let func = self.btf.get(target);
            let is_func = |func: &Type<'_>| matches!(func.kind(), Kind::Func(_)) && wanted(func);
            if names.contains(&tag.name()) && func.as_ref().is_some_and(is_func) {
                self.trim.define(tag.id());
                self.trim.define(target);
            }
        }
    }

    /// All that sources with these names reach.
    ///
    /// # Errors
    /// [`NotPinned`].
    pub(super) fn add_names(&mut self, names: &Names<'_>) -> Result<(), NotPinned> {
        let reach = Reach::new(self.kernel, names);
        Incomplete::new(self.kernel).has_none_of(&reach.composites)?;
        for id in reach.composites {
            self.trim.define(id);
        }
        for id in reach.parts {
            self.trim.mention(id);
        }
        self.add_tags(&KFUNC_TAGS, |func| reach.kfuncs.contains_key(func.name()));
        Ok(())
    }

    /// What tells the architecture, and how large numbers and pointers are.
    pub(super) fn add_what_kernels_are_told_by(&mut self) {
        for name in Arch::landmarks() {
            for ty in self.kernel.candidates(Named::Struct, name) {
                self.trim.define(ty.id());
            }
        }
        let numbers = |ty: &Type<'_>| matches!(ty.kind(), Kind::Int { .. } | Kind::Float { .. });
        for ty in self.btf.types().filter(numbers) {
            self.trim.define(ty.id());
        }
    }

    /// Adds what makes the kept types look as they do among all of the kernel's.
    pub(super) fn close(&mut self) {
        self.add_users_of_enums();
        while self.add_namesakes() || self.add_typedefs_of_values() {}
    }

    /// All typedefs that have the name of a value that is kept; whether any was not there yet.
    ///
    /// A C printer gives the value another name then.
    fn add_typedefs_of_values(&mut self) -> bool {
        let kept = self.parts();
        let types = kept.keys().filter_map(|id| self.btf.get(*id));
        let values: BTreeSet<&str> = types
            .filter(|ty| matches!(ty.kind(), Kind::Enum { .. } | Kind::Enum64 { .. }))
            .flat_map(|ty| ty.enumerators())
            .map(|value| value.name)
            .collect();
        let typedefs = self.btf.of_kinds(&[libbpf_sys::BTF_KIND_TYPEDEF]);
        let is_new = |id: &TypeId| {
            let name = self.btf.get(*id).map(|ty| ty.name());
            !kept.contains_key(id) && name.is_some_and(|name| values.contains(name))
        };
        let new: Vec<TypeId> = typedefs.into_iter().filter(is_new).collect();
        for id in &new {
            self.trim.mention(*id);
        }
        !new.is_empty()
    }

    /// All types of a name where one of them is kept; whether any was not there yet.
    ///
    /// A C printer tells them apart by a number, in their order.
    fn add_namesakes(&mut self) -> bool {
        let kept = self.parts();
        let name_of = |id: TypeId| self.btf.get(id).map(|ty| ty.name());
        let namesakes = self.btf.namesakes();
        let names: BTreeSet<&str> = namesakes
            .iter()
            .filter(|id| kept.contains_key(id))
            .filter_map(|id| name_of(*id))
            .collect();
        let new: Vec<TypeId> = namesakes
            .iter()
            .copied()
            .filter(|id| !kept.contains_key(id))
            .filter(|id| name_of(*id).is_some_and(|name| names.contains(name)))
            .collect();
        for id in &new {
            self.trim.mention(*id);
        }
        !new.is_empty()
    }

    /// An enum without a name that nothing uses is written out by itself. Where something does, one
    /// that does is kept.
    fn add_users_of_enums(&mut self) {
        let kept = self.parts();
        let is_nameless = |id: &TypeId| {
            self.btf.get(*id).is_some_and(|ty| {
                ty.name().is_empty() && matches!(ty.kind(), Kind::Enum { .. } | Kind::Enum64 { .. })
            })
        };
        let mut unused: BTreeSet<TypeId> = kept.keys().copied().filter(is_nameless).collect();
        let mut users: BTreeMap<TypeId, TypeId> = BTreeMap::new();
        for ty in self.btf.types() {
            for id in ty.children().map(|child| child.id) {
                match kept.get(&ty.id()) {
                    Some(Part::Whole) => {
                        unused.remove(&id);
                    }
                    _ if unused.contains(&id) => {
                        users.entry(id).or_insert(ty.id());
                    }
                    _ => {}
                }
            }
        }
        for (_, user) in users.into_iter().filter(|(id, _)| unused.contains(id)) {
            self.trim.define(user);
        }
    }
}

/// The prototype of a function or of what points to one, or what is one.
fn prototype<'b>(btf: &'b Btf<'_>, id: TypeId) -> Option<Type<'b>> {
    let mut ty = btf.get(id)?;
    if let Kind::Typedef(pointer) = ty.kind() {
        ty = btf.get(pointer)?;
    }
    if let Kind::Ptr(to) | Kind::Func(to) = ty.kind() {
        ty = btf.get(to)?;
    }
    matches!(ty.kind(), Kind::FuncProto { .. }).then_some(ty)
}
