//! Types of one kernel in a split BTF on top of another's.

use std::ffi::CString;

use libbpf_rs::libbpf_sys;

use crate::btf::Btf;
use crate::btf::BtfWriter;
use crate::btf::IntEncoding;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::btf::compat::Agreement;
use crate::btf::compat::agreement;

/// How many types may be nested in one another.
const MAX_DEPTH: u32 = 16;

/// A type of `from` on top of `base`.
///
/// Names are kept where they mean the same there: of a typedef or enum that `base` lacks, the number
/// remains, of a struct behind a pointer the declaration, and of a function that it is one. `None` for
/// what cannot be declared so that it is still the same: a struct that `base` lacks, by value or behind
/// a pointer without a name of its own.
pub(super) fn import(
    base: &Btf<'_>,
    writer: &mut BtfWriter,
    from: &Btf<'_>,
    id: TypeId,
    structs: Structs,
) -> Option<TypeId> {
    Importer {
        base,
        writer,
        from,
        structs,
    }
    .by_value(id, MAX_DEPTH)
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
    base: &'a Btf<'a>,
    writer: &'a mut BtfWriter,
    from: &'a Btf<'a>,
    structs: Structs,
}

impl Importer<'_> {
    fn by_value(&mut self, id: TypeId, depth: u32) -> Option<TypeId> {
        let depth = depth.checked_sub(1)?;
        let ty = self.from.get(id)?;
        match ty.kind() {
            Kind::Void => Some(TypeId::VOID),
            Kind::Ptr(to) => {
                let to = self.pointee(to, depth)?;
                Some(self.writer.pointer(to))
            }
            Kind::Typedef(to) => match self.same(&ty) {
                Some(known) => Some(known),
                None => self.by_value(to, depth),
            },
            Kind::Const(to) => {
                let to = self.by_value(to, depth)?;
                Some(self.writer.constant(to))
            }
            Kind::Volatile(to) | Kind::Restrict(to) | Kind::TypeTag(to) => self.by_value(to, depth),
            Kind::Int { size, encoding } => Some(match self.same(&ty) {
                Some(known) => known,
                None => self.writer.int(ty.name(), size, encoding),
            }),
            Kind::Enum { size } | Kind::Enum64 { size } => match self.same(&ty) {
                Some(known) => Some(known),
                None => self.number(size, ty.kind_flag()),
            },
            Kind::Struct(_) | Kind::Union(_) => self.same(&ty),
            Kind::Array {
                element,
                len,
                index,
            } => {
                let element = self.by_value(element, depth)?;
                let index = self.by_value(index, depth)?;
                Some(self.writer.array(element, index, len))
            }
            _ => None,
        }
    }

    fn pointee(&mut self, id: TypeId, depth: u32) -> Option<TypeId> {
        let depth = depth.checked_sub(1)?;
        let ty = self.from.get(id)?;
        let is_union = match ty.kind() {
            Kind::Struct(_) => false,
            Kind::Union(_) => true,
            Kind::Fwd { is_union } => is_union,
            Kind::Const(to) => {
                let to = self.pointee(to, depth)?;
                return Some(self.writer.constant(to));
            }
            Kind::Volatile(to) | Kind::Restrict(to) | Kind::TypeTag(to) => {
                return self.pointee(to, depth);
            }
            Kind::Typedef(to) => {
                return match self.same(&ty) {
                    Some(known) => Some(known),
                    None => self.pointee(to, depth),
                };
            }
            // Its arguments are nothing that a program could pass.
            Kind::FuncProto { .. } => return Some(self.writer.prototype(&[], TypeId::VOID)),
            _ => return self.by_value(id, depth),
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
        Some(known.unwrap_or_else(|| self.writer.forward(ty.name(), is_union)))
    }

    /// The type of the base that has this one's name and is the same.
    fn same(&self, ty: &Type<'_>) -> Option<TypeId> {
        let known = self.find(ty.name(), ty.kind_number())?;
        let agreement = agreement((self.base, known), (self.from, ty.id()));
        (agreement == Agreement::Same).then_some(known)
    }

    fn find(&self, name: &str, kind: u32) -> Option<TypeId> {
        if name.is_empty() {
            return None;
        }
        let name = CString::new(name).ok()?;
        self.base.find(&name, kind).map(|ty| ty.id())
    }

    fn number(&mut self, size: u32, signed: bool) -> Option<TypeId> {
        let (encoding, names) = match signed {
            true => (
                IntEncoding::Signed,
                ["signed char", "short", "int", "long long"],
            ),
            false => (
                IntEncoding::Unsigned,
                [
                    "unsigned char",
                    "unsigned short",
                    "unsigned int",
                    "unsigned long long",
                ],
            ),
        };
        let name = match size {
            1 => names[0],
            2 => names[1],
            4 => names[2],
            8 => names[3],
            _ => return None,
        };
        Some(self.writer.int(name, size, encoding))
    }
}
