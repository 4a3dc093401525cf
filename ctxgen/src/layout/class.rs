//! How calling conventions see a type.

use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;

use super::Access;
use super::Pointee;

/// How the kernel's calling conventions see a type.
#[derive(Clone, Copy, Debug)]
pub(super) enum Class {
    Void,
    Scalar {
        size: u32,
        is_enum: bool,
    },
    Pointer(Option<Pointee>),
    Struct {
        size: u32,
        access: Access,
        /// Whether BTF has no members of it. pahole leaves out those of a transparent union, as
        /// `aes_encrypt_arg` of Linux 7.3 is; C has nothing of that size then.
        is_empty: bool,
    },
    Other(&'static str),
}

impl Class {
    pub(super) fn of(btf: &Btf<'_>, id: TypeId) -> Self {
        let Some(ty) = btf.resolve(id) else {
            return Self::Other("type that refers to itself");
        };
        match ty.kind() {
            Kind::Void => Self::Void,
            Kind::Int { size, .. } => Self::Scalar {
                size,
                is_enum: false,
            },
            Kind::Enum { size } | Kind::Enum64 { size } => Self::Scalar {
                size,
                is_enum: true,
            },
            Kind::Ptr(to) => Self::Pointer(pointee(btf, to)),
            Kind::Struct(composite) => Self::Struct {
                size: composite.size,
                access: Access::ByValue,
                is_empty: composite.members().len() == 0,
            },
            Kind::Union(composite) => Self::Struct {
                size: composite.size,
                access: Access::UnionByValue,
                is_empty: composite.members().len() == 0,
            },
            Kind::Array { .. } => Self::Other("array"),
            Kind::Float { .. } => Self::Other("floating point number"),
            Kind::Fwd { .. } => Self::Other("struct that is only declared"),
            Kind::Func(_) | Kind::FuncProto { .. } => Self::Other("function"),
            _ => Self::Other("type of another kind"),
        }
    }
}

/// What a pointer points to, where that makes older verifiers refuse to load it.
fn pointee(btf: &Btf<'_>, to: TypeId) -> Option<Pointee> {
    if to == TypeId::VOID {
        return None;
    }
    let resolved = btf.resolve(to);
    match resolved.as_ref().map(Type::kind) {
        Some(Kind::Struct(_) | Kind::Union(_)) => None,
        Some(Kind::FuncProto { .. }) => Some(Pointee::Function),
        Some(Kind::Ptr(_)) => Some(Pointee::Pointer),
        Some(Kind::Int { .. }) if is_string(btf, to) => None,
        Some(Kind::Int { .. }) => Some(Pointee::Int),
        _ => Some(Pointee::Opaque),
    }
}

/// Whether a pointer to this is what even the oldest verifiers take for a string: to an integer of
/// one byte, with at most one `const` in between and no typedef (`is_string_ptr` of 5.10's
/// `kernel/bpf/btf.c`).
fn is_string(btf: &Btf<'_>, to: TypeId) -> bool {
    let to = match btf.get(to).map(|ty| ty.kind()) {
        Some(Kind::Const(to)) => to,
        _ => to,
    };
    matches!(
        btf.get(to).map(|ty| ty.kind()),
        Some(Kind::Int { size: 1, .. })
    )
}
