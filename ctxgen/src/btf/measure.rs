//! How types are aligned, and what is in them.

use std::collections::HashMap;
use std::collections::HashSet;

use super::Btf;
use super::Kind;
use super::MAX_MODIFIERS;
use super::Type;
use super::TypeId;

impl Btf<'_> {
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
            match ty.kind() {
                Kind::Struct(composite) | Kind::Union(composite) => {
                    queue.extend(composite.members().map(|member| member.type_id));
                }
                Kind::Array { element, .. } => queue.push(element),
                _ => {}
            }
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
