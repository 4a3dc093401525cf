//! Types of the object's BTF, copied into the target's.

use crate::btf::Btf;
use crate::btf::BtfWriter;
use crate::btf::Kind;
use crate::btf::Role;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::btf::copy::Part;

/// How deep types may be in each other by value or behind pointers.
const MAX_DEPTH: u32 = 16;
/// How many types a context's fields may consist of.
const MAX_TYPES: u32 = 4096;

/// Copies types as far as relocations look at them: without typedefs and modifiers, without what is
/// behind pointers, and without names.
///
/// Every named type of a target is a candidate for relocations against types of that name
/// (`bpf_core_add_cands` in `libbpf.c`): the object's own enum would stand beside the kernel's then, with
/// the values that the object has. What is read through a member needs no name of the member's type
/// (`bpf_core_fields_are_compat` in `relo_core.c`).
pub(super) struct Copier<'o> {
    local: &'o Btf<'o>,
    names: Names,
    /// What was copied, sorted, and the copies.
    copied: Vec<(TypeId, TypeId)>,
    left: u32,
}

/// Whether the copies have the names of what they are copies of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// As all relocations but one kind want it.
    Dropped,
    /// For `bpf_core_type_matches`, which compares the names in a context too.
    Kept,
}

impl<'o> Copier<'o> {
    pub(super) fn new(local: &'o Btf<'_>, names: Names) -> Self {
        Self {
            local,
            names,
            copied: Vec::new(),
            left: MAX_TYPES,
        }
    }

    /// The id of a type's copy; void where the type is none that memory can hold.
    pub(super) fn copy(&mut self, writer: &mut BtfWriter, id: TypeId) -> TypeId {
        self.copy_below(writer, id, MAX_DEPTH)
    }

    fn copy_below(&mut self, writer: &mut BtfWriter, id: TypeId, depth: u32) -> TypeId {
        let Some(ty) = self.local.resolve(id) else {
            return TypeId::VOID;
        };
        if let Ok(known) = self.place(ty.id()) {
            return self.copied[known].1;
        }
        if ty.id() == TypeId::VOID || depth == 0 || self.left == 0 {
            return TypeId::VOID;
        }
        self.left -= 1;
        let depth = depth - 1;
        let copy = match ty.kind() {
            Kind::Ptr(_)
            | Kind::Struct(_)
            | Kind::Union(_)
            | Kind::Array { .. }
            | Kind::Int { .. }
            | Kind::Float { .. }
            | Kind::Enum { .. }
            | Kind::Enum64 { .. } => self.whole(writer, &ty, depth),
            _ => TypeId::VOID,
        };
        if let Err(place) = self.place(ty.id()) {
            self.copied.insert(place, (ty.id(), copy));
        }
        copy
    }

    /// Where a type is among those that were copied, or belongs.
    fn place(&self, id: TypeId) -> Result<usize, usize> {
        self.copied.binary_search_by_key(&id, |copied| copied.0)
    }

    fn pointee(&mut self, writer: &mut BtfWriter, to: TypeId, depth: u32) -> TypeId {
        if self.names == Names::Dropped {
            return TypeId::VOID;
        }
        let Some(ty) = self.local.resolve(to) else {
            return TypeId::VOID;
        };
        let is_union = match ty.kind() {
            Kind::Struct(_) => false,
            Kind::Union(_) => true,
            Kind::Fwd { is_union } => is_union,
            _ => return self.copy_below(writer, to, depth),
        };
        match ty.name() {
            "" => TypeId::VOID,
            name => writer.forward(name, is_union),
        }
    }

    fn whole(&mut self, writer: &mut BtfWriter, ty: &Type<'_>, depth: u32) -> TypeId {
        let part = match self.names {
            Names::Dropped => Part::Unnamed,
            Names::Kept => Part::Whole,
        };
        let copy = writer.copy(ty, &part, |writer, child| match child.role {
            Role::Pointee => Some(self.pointee(writer, child.id, depth)),
            _ => Some(self.copy_below(writer, child.id, depth)),
        });
        copy.unwrap_or(TypeId::VOID)
    }
}
