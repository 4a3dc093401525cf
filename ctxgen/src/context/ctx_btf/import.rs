//! Types of one kernel in a split BTF on top of another's.

use std::ffi::CString;

use libbpf_rs::libbpf_sys;

use crate::btf::Btf;
use crate::btf::BtfWriter;
use crate::btf::IntEncoding;
use crate::btf::Kind;
use crate::btf::Role;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::btf::compat::Agreement;
use crate::btf::compat::agreement;
use crate::btf::copy::Part;
use crate::kernel::KernelBtf;
use crate::kernel::integer;

/// How many types may be nested in one another.
const MAX_DEPTH: u32 = 16;

/// A type of `from` on top of the BTF of `base`.
///
/// Names are kept where they mean the same there: of a typedef or enum that `base` lacks, the number
/// remains, of a struct behind a pointer the declaration, and of a function that it is one. `None` for
/// what cannot be declared so that it is still the same: a struct that `base` lacks, by value or behind
/// a pointer without a name of its own.
pub(super) fn import(
    base: &KernelBtf,
    writer: &mut BtfWriter,
    from: &Btf<'_>,
    id: TypeId,
    structs: Structs,
) -> Option<TypeId> {
    Importer {
        base,
        from,
        structs,
    }
    .by_value(writer, id, MAX_DEPTH)
}

/// What a struct is that has a name which the base has too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Structs {
    /// The same, be it of another version.
    Kernels,
    /// Another one: programs in user space have structs of their own. To C they would be one, so that
    /// a pointer to it is declared as one to nothing that is known.
    Strangers,
}

struct Importer<'a> {
    base: &'a KernelBtf,
    from: &'a Btf<'a>,
    structs: Structs,
}

impl Importer<'_> {
    fn by_value(&self, writer: &mut BtfWriter, id: TypeId, depth: u32) -> Option<TypeId> {
        let depth = depth.checked_sub(1)?;
        let ty = self.from.get(id)?;
        match ty.kind() {
            Kind::Void => Some(TypeId::VOID),
            Kind::Struct(_) | Kind::Union(_) => self.same(&ty),
            Kind::Typedef(to) => match self.same(&ty) {
                Some(known) => Some(known),
                None => self.by_value(writer, to, depth),
            },
            Kind::Volatile(to) | Kind::Restrict(to) | Kind::TypeTag(to) => {
                self.by_value(writer, to, depth)
            }
            Kind::Enum { size } | Kind::Enum64 { size } => match self.same(&ty) {
                Some(known) => Some(known),
                None => number(writer, size, ty.kind_flag()),
            },
            Kind::Int { .. } => match self.same(&ty) {
                Some(known) => Some(known),
                None => self.copied(writer, &ty, depth),
            },
            Kind::Ptr(_) | Kind::Const(_) | Kind::Array { .. } => self.copied(writer, &ty, depth),
            _ => None,
        }
    }

    /// A copy on top of what the type refers to.
    fn copied(&self, writer: &mut BtfWriter, ty: &Type<'_>, depth: u32) -> Option<TypeId> {
        writer.copy(ty, &Part::Whole, |writer, child| match child.role {
            Role::Pointee => self.pointee(writer, child.id, depth),
            _ => self.by_value(writer, child.id, depth),
        })
    }

    fn pointee(&self, writer: &mut BtfWriter, id: TypeId, depth: u32) -> Option<TypeId> {
        let depth = depth.checked_sub(1)?;
        let ty = self.from.get(id)?;
        let is_union = match ty.kind() {
            Kind::Struct(_) => false,
            Kind::Union(_) => true,
            Kind::Fwd { is_union } => is_union,
            Kind::Const(_) => {
                return writer.copy(&ty, &Part::Whole, |writer, child| {
                    self.pointee(writer, child.id, depth)
                });
            }
            Kind::Volatile(to) | Kind::Restrict(to) | Kind::TypeTag(to) => {
                return self.pointee(writer, to, depth);
            }
            Kind::Typedef(to) => {
                return match self.same(&ty) {
                    Some(known) => Some(known),
                    None => self.pointee(writer, to, depth),
                };
            }
            // Its arguments are nothing that a program could pass.
            Kind::FuncProto { .. } => return Some(writer.prototype(&[], TypeId::VOID)),
            _ => return self.by_value(writer, id, depth),
        };
        match (ty.name().is_empty(), self.structs) {
            (true, Structs::Kernels) => return None,
            (true, Structs::Strangers) => return Some(TypeId::VOID),
            (false, _) => {}
        }
        let kind = match is_union {
            true => libbpf_sys::BTF_KIND_UNION,
            false => libbpf_sys::BTF_KIND_STRUCT,
        };
        let known = self.find(ty.name(), kind);
        if known.is_some() && self.structs == Structs::Strangers {
            return Some(TypeId::VOID);
        }
        Some(known.unwrap_or_else(|| writer.forward(ty.name(), is_union)))
    }

    /// The type of the base that has this one's name and is the same.
    fn same(&self, ty: &Type<'_>) -> Option<TypeId> {
        let known = self.find(ty.name(), ty.kind_number())?;
        let agreement = agreement((self.base.btf(), known), (self.from, ty.id()));
        (agreement == Agreement::Same).then_some(known)
    }

    fn find(&self, name: &str, kind: u32) -> Option<TypeId> {
        if name.is_empty() {
            return None;
        }
        let name = CString::new(name).ok()?;
        let known = self.base.btf().find(&name, kind)?.id();
        self.base.touch(known);
        Some(known)
    }
}

/// A number of C in place of an enum.
fn number(writer: &mut BtfWriter, size: u32, signed: bool) -> Option<TypeId> {
    let encoding = match signed {
        true => IntEncoding::Signed,
        false => IntEncoding::Unsigned,
    };
    let has_number = matches!(size, 1 | 2 | 4 | 8);
    has_number.then(|| writer.int(integer(size, encoding), size, encoding))
}
