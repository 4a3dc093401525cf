//! What a value is taken for, or is.

use std::fmt;

use crate::btf::Btf;
use crate::btf::IntEncoding;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::btf::compat::essential_name;

/// The longest tag that is kept, in bytes.
const MAX_TAG: usize = 511;

/// What a value is taken for, or is: as much of its type as it takes to tell whether one can be read as
/// another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Meaning {
    /// An integer, an enum or a `bool`, of so many bytes.
    Number {
        /// In bytes.
        size: u32,
        /// Whether it has a sign.
        is_signed: bool,
    },
    /// A pointer.
    Pointer(PointsTo),
    /// A struct or union by value.
    Composite {
        /// In bytes.
        size: u32,
        /// Its tag; empty where it has none.
        tag: String,
    },
    /// Something of which nothing is known here.
    Unknown,
}

/// What a pointer points to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PointsTo {
    /// `void`.
    Void,
    /// A struct or union of that tag, without its flavour.
    Tag(String),
    /// An integer, an enum or a `bool`, of so many bytes.
    Number(u32),
    /// A pointer.
    Pointer,
    /// A function.
    Function,
    /// Something else: a struct without a tag, an array, or what is not known.
    Other,
}

impl Meaning {
    /// That of a type.
    pub fn of(btf: &Btf<'_>, id: TypeId) -> Self {
        let Some(ty) = btf.resolve(id) else {
            return Self::Unknown;
        };
        match ty.kind() {
            Kind::Int { size, encoding } => Self::Number {
                size,
                is_signed: encoding == IntEncoding::Signed,
            },
            Kind::Enum { size } | Kind::Enum64 { size } => Self::Number {
                size,
                is_signed: ty.kind_flag(),
            },
            Kind::Struct(composite) | Kind::Union(composite) => Self::Composite {
                size: composite.size,
                tag: tag(ty.name()).unwrap_or_default(),
            },
            Kind::Ptr(to) => Self::Pointer(PointsTo::of(btf, to)),
            _ => Self::Unknown,
        }
    }

    /// How many slots it takes among a function's arguments.
    pub(crate) fn slots(&self) -> u32 {
        match self {
            Self::Number { size, .. } | Self::Composite { size, .. } => size.div_ceil(8).max(1),
            Self::Pointer(_) | Self::Unknown => 1,
        }
    }
}

impl PointsTo {
    fn of(btf: &Btf<'_>, id: TypeId) -> Self {
        let Some(ty) = btf.resolve(id) else {
            return Self::Other;
        };
        match ty.kind() {
            Kind::Void => Self::Void,
            Kind::Int { size, .. } | Kind::Enum { size } | Kind::Enum64 { size } => {
                Self::Number(size)
            }
            Kind::Ptr(_) => Self::Pointer,
            Kind::FuncProto { .. } => Self::Function,
            Kind::Struct(_) | Kind::Union(_) | Kind::Fwd { .. } => {
                tag(ty.name()).map_or(Self::Other, Self::Tag)
            }
            _ => Self::Other,
        }
    }
}

/// A tag as it is compared: without a flavour.
pub(crate) fn tag(name: &str) -> Option<String> {
    let tag = essential_name(name);
    (!tag.is_empty() && tag.len() <= MAX_TAG).then(|| tag.to_owned())
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number { size, is_signed } => {
                let sign = if *is_signed {
                    "a signed"
                } else {
                    "an unsigned"
                };
                write!(f, "{sign} number of {size} bytes")
            }
            Self::Pointer(to) => write!(f, "a pointer to {to}"),
            Self::Composite { size, tag } if tag.is_empty() => {
                write!(f, "a struct of {size} bytes")
            }
            Self::Composite { tag, .. } => write!(f, "struct {tag}"),
            Self::Unknown => f.write_str("something that is not known"),
        }
    }
}

impl fmt::Display for PointsTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Void => f.write_str("void"),
            Self::Tag(tag) => write!(f, "struct {tag}"),
            Self::Number(size) => write!(f, "a number of {size} bytes"),
            Self::Pointer => f.write_str("a pointer"),
            Self::Function => f.write_str("a function"),
            Self::Other => f.write_str("something without a name"),
        }
    }
}
