//! Numbers and pointers, as programs load them and as Rust has them.

use crate::btf::Btf;
use crate::btf::IntEncoding;
use crate::btf::Kind;
use crate::btf::TypeId;

/// A number or pointer, and how it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scalar {
    /// In bits: more than the value has where that is in a whole slot.
    pub(super) loaded: u32,
    pub(super) own: Own,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Own {
    Pointer,
    Bool,
    Int { bits: u32, signed: bool },
}

/// A slot, or a part of something that takes several.
pub(super) const WORD: Scalar = Scalar {
    loaded: 64,
    own: Own::Int {
        bits: 64,
        signed: false,
    },
};

impl Own {
    /// Of a type; `None` where it is no number or pointer of up to 8 bytes.
    pub(super) fn of(btf: &Btf<'_>, id: TypeId) -> Option<Self> {
        let ty = btf.resolve(id)?;
        let int = |size: u32, signed| match size {
            1 | 2 | 4 | 8 => Some(Self::Int {
                bits: 8 * size,
                signed,
            }),
            _ => None,
        };
        match ty.kind() {
            Kind::Ptr(_) => Some(Self::Pointer),
            Kind::Int {
                size: 1,
                encoding: IntEncoding::Bool,
            } => Some(Self::Bool),
            // The kernel's texts are bytes, whether characters have a sign on the architecture or not.
            Kind::Int { size: 1, .. } if ty.name() == "char" => int(1, false),
            Kind::Int { size, encoding } => int(size, encoding == IntEncoding::Signed),
            Kind::Enum { size } | Kind::Enum64 { size } => int(size, ty.kind_flag()),
            _ => None,
        }
    }

    /// In bits.
    pub(super) fn bits(self) -> u32 {
        match self {
            Self::Pointer => 64,
            Self::Bool => 8,
            Self::Int { bits, .. } => bits,
        }
    }

    /// What Rust calls it, but a pointer.
    pub(super) fn number(self) -> &'static str {
        match self {
            Self::Pointer => "u64",
            Self::Bool => "bool",
            Self::Int {
                bits: 8,
                signed: false,
            } => "u8",
            Self::Int {
                bits: 8,
                signed: true,
            } => "i8",
            Self::Int {
                bits: 16,
                signed: false,
            } => "u16",
            Self::Int {
                bits: 16,
                signed: true,
            } => "i16",
            Self::Int {
                bits: 32,
                signed: false,
            } => "u32",
            Self::Int {
                bits: 32,
                signed: true,
            } => "i32",
            Self::Int { signed: false, .. } => "u64",
            Self::Int { signed: true, .. } => "i64",
        }
    }
}
