//! How large types are, how they are aligned, and what is in them.

use std::collections::HashMap;
use std::collections::HashSet;

use libbpf_rs::libbpf_sys;

use super::Btf;
use super::Kind;
use super::Role;
use super::Type;
use super::TypeId;
use super::reader::MAX_MODIFIERS;

/// Names of the integer by whose size that of a pointer is told, as libbpf has them (`determine_ptr_size` in
/// its `btf.c`).
const LONG: [&str; 11] = [
    "long",
    "long int",
    "int long",
    "unsigned long",
    "long unsigned",
    "unsigned long int",
    "unsigned int long",
    "long unsigned int",
    "long int unsigned",
    "int unsigned long",
    "int long unsigned",
];

impl Btf<'_> {
    /// The target's pointer size in bytes; 8 where the BTF does not tell, since that is what a BPF
    /// program sees.
    pub fn pointer_size(&self) -> u32 {
        self.size_of_long().unwrap_or(8)
    }

    fn size_of_long(&self) -> Option<u32> {
        *self.pointer_size.get_or_init(|| {
            let in_base = self.base.and_then(Btf::size_of_long);
            in_base.or_else(|| {
                let ints = self.of_kinds(&[libbpf_sys::BTF_KIND_INT]);
                let mut ints = ints.into_iter().filter_map(|id| self.get(id));
                let long = ints.find(|ty| matches!(ty.size(), 4 | 8) && LONG.contains(&ty.name()));
                long.map(|ty| ty.size())
            })
        })
    }

    /// A type's size in bytes; `None` where it has none.
    pub fn size_of(&self, id: TypeId) -> Option<u32> {
        let mut ty = self.get(id)?;
        let mut elements: u32 = 1;
        for _ in 0..MAX_MODIFIERS {
            let next = match ty.kind() {
                Kind::Ptr(_) => return elements.checked_mul(self.pointer_size()),
                Kind::Int { .. }
                | Kind::Float { .. }
                | Kind::Struct(_)
                | Kind::Union(_)
                | Kind::Enum { .. }
                | Kind::Enum64 { .. }
                | Kind::DataSec => return elements.checked_mul(ty.size()),
                Kind::Array { element, len, .. } => {
                    elements = elements.checked_mul(len)?;
                    element
                }
                Kind::Typedef(to) | Kind::Var(to) | Kind::DeclTag { target: to, .. } => to,
                kind => kind.modified()?,
            };
            ty = self.get(next)?;
        }
        None
    }

    /// How a type is aligned, in bytes, if it is as large as its members make it: neither packed nor
    /// aligned by an attribute, of which BTF says nothing. At least 1.
    pub(crate) fn align_of(&self, id: TypeId) -> u32 {
        self.align(id, &mut HashMap::new(), 0)
    }

    /// Whether a member of a struct is not where its own alignment would have it, or one of a member.
    pub(crate) fn is_packed(&self, id: TypeId) -> bool {
        let mut known = HashMap::new();
        self.any_part(id, |part| match part.kind() {
            Kind::Struct(composite) | Kind::Union(composite) => composite.members().any(|member| {
                let align = self.align(member.type_id, &mut known, 0);
                member.bits == 0 && !(member.bit_offset / 8).is_multiple_of(align)
            }),
            _ => false,
        })
    }

    /// Whether a floating point number is in a type.
    pub(crate) fn has_float(&self, id: TypeId) -> bool {
        self.any_part(id, |part| matches!(part.kind(), Kind::Float { .. }))
    }

    /// Whether a type, or one of those that it holds by value, is such.
    fn any_part(&self, id: TypeId, mut is_such: impl FnMut(&Type<'_>) -> bool) -> bool {
        let mut seen = HashSet::new();
        let mut queue = vec![id];
        while let Some(id) = queue.pop() {
            let Some(ty) = self.resolve(id).filter(|ty| seen.insert(ty.id())) else {
                continue;
            };
            if is_such(&ty) {
                return true;
            }
            let held = ty
                .children()
                .filter(|child| matches!(child.role, Role::Member | Role::Element));
            queue.extend(held.map(|child| child.id));
        }
        false
    }

    /// Where a struct has the member of that name, in bytes, and of which type: its own, or one of an
    /// anonymous member.
    pub(crate) fn member_named(&self, composite: TypeId, name: &str) -> Option<(u32, TypeId)> {
        let mut seen = HashSet::new();
        let mut queue = vec![(composite, 0u32)];
        while let Some((id, start)) = queue.pop() {
            let Some(ty) = self.resolve(id).filter(|ty| seen.insert(ty.id())) else {
                continue;
            };
            let (Kind::Struct(composite) | Kind::Union(composite)) = ty.kind() else {
                continue;
            };
            for member in composite.members() {
                let offset = start.saturating_add(member.bit_offset / 8);
                if member.name == name {
                    return Some((offset, member.type_id));
                }
                if member.name.is_empty() {
                    queue.push((member.type_id, offset));
                }
            }
        }
        None
    }

    fn align(&self, id: TypeId, known: &mut HashMap<TypeId, u32>, depth: usize) -> u32 {
        let Some(ty) = self.resolve(id).filter(|_| depth < MAX_MODIFIERS) else {
            return 1;
        };
        if let Some(align) = known.get(&ty.id()) {
            return *align;
        }
        // For a struct that is in itself, which no compiler makes.
        known.insert(ty.id(), 1);
        let align = match ty.kind() {
            Kind::Int { size, .. }
            | Kind::Float { size }
            | Kind::Enum { size }
            | Kind::Enum64 { size } => size.clamp(1, 16),
            Kind::Ptr(_) => self.pointer_size(),
            Kind::Array { element, .. } => self.align(element, known, depth + 1),
            Kind::Struct(composite) | Kind::Union(composite) => {
                let members = composite.members();
                let aligns = members.map(|member| self.align(member.type_id, known, depth + 1));
                aligns.max().unwrap_or(1)
            }
            _ => 1,
        };
        known.insert(ty.id(), align);
        align
    }
}
