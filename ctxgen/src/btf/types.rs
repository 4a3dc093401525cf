//! A typed view of one BTF type.

use std::fmt;

use libbpf_rs::libbpf_sys;

use super::Btf;
use super::Composite;
use super::TYPE_WORDS;
use super::TypeId;
use super::children::Children;
use super::type_layout::is_unknown;
use super::type_layout::stand_in;
use super::type_layout::vlen;
use super::type_layout::with_vlen;

/// What an integer's bits mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntEncoding {
    /// No encoding bit set.
    Unsigned,
    /// `BTF_INT_SIGNED`.
    Signed,
    /// `BTF_INT_CHAR`.
    Char,
    /// `BTF_INT_BOOL`.
    Bool,
}

/// A type, by its BTF kind.
///
/// A kind that is new touches: the table of kinds in `type_layout.rs`, by which it is read, checked, copied and
/// walked ([`Type::children`]); [`Type::kind`]; what an alias is ([`Kind::modified`]); its size and alignment
/// (`measure.rs`), and whether it defines a name (`defines_name`); how it is compared (`compat.rs`) and printed
/// (`print`). A walk that asks for roles needs no change for it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Kind<'a> {
    /// Id 0.
    Void,
    /// An integer of `size` bytes.
    Int {
        /// In bytes.
        size: u32,
        /// Signedness and the like.
        encoding: IntEncoding,
    },
    /// A pointer to that type.
    Ptr(TypeId),
    /// An array.
    Array {
        /// The element's type.
        element: TypeId,
        /// The number of elements.
        len: u32,
        /// The type of an index; says nothing about the layout.
        index: TypeId,
    },
    /// A struct.
    Struct(Composite<'a>),
    /// A union.
    Union(Composite<'a>),
    /// An enum with values of up to 32 bits, of `size` bytes.
    Enum {
        /// In bytes.
        size: u32,
    },
    /// An enum with values of up to 64 bits, of `size` bytes.
    Enum64 {
        /// In bytes.
        size: u32,
    },
    /// A struct or union (true) that is only declared.
    Fwd {
        /// Whether it is a union.
        is_union: bool,
    },
    /// A typedef of that type.
    Typedef(TypeId),
    /// `volatile`.
    Volatile(TypeId),
    /// `const`.
    Const(TypeId),
    /// `restrict`.
    Restrict(TypeId),
    /// A function; the type is its `FUNC_PROTO`.
    Func(TypeId),
    /// A function's prototype.
    FuncProto {
        /// What it returns.
        ret: TypeId,
    },
    /// A variable.
    Var(TypeId),
    /// The variables of an ELF section.
    DataSec,
    /// A floating point number of `size` bytes.
    Float {
        /// In bytes.
        size: u32,
    },
    /// `__attribute__((btf_decl_tag("…")))` on that declaration.
    DeclTag {
        /// What is tagged.
        target: TypeId,
        /// The member or parameter; -1 for the declaration itself.
        component: i32,
    },
    /// `__attribute__((btf_type_tag("…")))` on that type.
    TypeTag(TypeId),
    /// What is of a kind that this version of ctxgen does not know, or nothing without such a type: an
    /// array of it, a prototype that passes it by value, a function of that prototype.
    Unknown {
        /// The `BTF_KIND_*` number that is not known.
        kind: u32,
    },
}

impl Kind<'_> {
    /// What a modifier modifies; `None` for anything else.
    pub fn modified(self) -> Option<TypeId> {
        match self {
            Self::Volatile(to) | Self::Const(to) | Self::Restrict(to) | Self::TypeTag(to) => {
                Some(to)
            }
            _ => None,
        }
    }
}

/// A value of an enum.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Enumerator<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its bits: 32 of an enum's, 64 of an enum64's. They have a sign where the enum has `kind_flag`.
    pub value: u64,
}

/// A parameter of a function's prototype.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Param<'a> {
    /// Empty where BTF has none.
    pub name: &'a str,
    /// Its type. Void (0) as the last one stands for `...`.
    pub type_id: TypeId,
}

/// One type of a [`Btf`].
#[derive(Clone, Copy)]
pub struct Type<'a> {
    btf: &'a Btf<'a>,
    id: TypeId,
    kind: u32,
    /// All of them, in host byte order: three and what its kind has beside.
    words: &'a [u32],
}

impl fmt::Debug for Type<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Type")
            .field("id", &self.id.0)
            .field("name", &self.name())
            .field("kind", &self.kind())
            .finish()
    }
}

/// How many parameters a hook's function may have: as many as a C compiler has to take (C11, 5.2.4.1).
pub(crate) const MAX_PARAMETERS: usize = 127;

impl<'a> Type<'a> {
    pub(super) fn new(btf: &'a Btf<'_>, id: TypeId, kind: u32, words: &'a [u32]) -> Self {
        Self {
            btf,
            id,
            kind,
            words,
        }
    }

    pub(super) fn void(btf: &'a Btf<'_>) -> Self {
        Self::new(btf, TypeId::VOID, 0, &[0; TYPE_WORDS])
    }

    /// The BTF that it is of.
    pub(crate) fn btf(&self) -> &'a Btf<'a> {
        self.btf
    }

    /// Its id.
    pub fn id(&self) -> TypeId {
        self.id
    }

    /// Its name; empty for an anonymous one.
    pub fn name(&self) -> &'a str {
        self.btf.string(self.words[0])
    }

    /// Where its name stands in the string table; 0 for an anonymous one.
    pub(crate) fn name_offset(&self) -> u32 {
        self.words[0]
    }

    /// Where its name stands in the string table, and the word that has kind and number of members:
    /// what two definitions of one thing have in common.
    pub(crate) fn name_and_info(&self) -> (u32, u32) {
        (self.words[0], self.words[1])
    }

    /// Whether it is a struct or a union.
    pub(crate) fn is_composite(&self) -> bool {
        matches!(
            self.kind_number(),
            libbpf_sys::BTF_KIND_STRUCT | libbpf_sys::BTF_KIND_UNION
        )
    }

    /// Whether it is a struct or union of which only name and size are there, as in a pinned BTF
    /// ([`crate::pin()`]). A compiler gives none without members a size, but for those without a name.
    pub(crate) fn is_hollow(&self) -> bool {
        self.is_composite() && self.vlen() == 0 && self.size() > 0 && self.words[0] != 0
    }

    /// Its `BTF_KIND_*` number.
    pub(crate) fn kind_number(&self) -> u32 {
        self.kind
    }

    /// How many members, values or parameters it has.
    pub(super) fn vlen(&self) -> u32 {
        vlen(self.words[1])
    }

    /// `kind_flag`; what it means depends on the kind.
    pub fn kind_flag(&self) -> bool {
        self.words[1] >> 31 == 1
    }

    /// The third word of a type that has a size.
    pub(super) fn size(&self) -> u32 {
        self.words[2]
    }

    fn target(&self) -> TypeId {
        TypeId(self.words[2])
    }

    /// What follows the first words.
    pub(crate) fn records(&self) -> &'a [u32] {
        &self.words[TYPE_WORDS..]
    }

    /// The types that it refers to, each with what it is to this one.
    pub(crate) fn children(&self) -> Children<'a> {
        Children::new(self.btf, self.kind, self.words)
    }

    /// The type by its kind.
    pub fn kind(&self) -> Kind<'a> {
        match self.kind_number() {
            libbpf_sys::BTF_KIND_INT => Kind::Int {
                size: self.size(),
                encoding: self.int_encoding(),
            },
            libbpf_sys::BTF_KIND_PTR => Kind::Ptr(self.target()),
            libbpf_sys::BTF_KIND_ARRAY => {
                let array = self.records();
                Kind::Array {
                    element: TypeId(array[0]),
                    index: TypeId(array[1]),
                    len: array[2],
                }
            }
            libbpf_sys::BTF_KIND_STRUCT => Kind::Struct(self.composite()),
            libbpf_sys::BTF_KIND_UNION => Kind::Union(self.composite()),
            libbpf_sys::BTF_KIND_ENUM => Kind::Enum { size: self.size() },
            libbpf_sys::BTF_KIND_FWD => Kind::Fwd {
                is_union: self.kind_flag(),
            },
            libbpf_sys::BTF_KIND_TYPEDEF => Kind::Typedef(self.target()),
            libbpf_sys::BTF_KIND_VOLATILE => Kind::Volatile(self.target()),
            libbpf_sys::BTF_KIND_CONST => Kind::Const(self.target()),
            libbpf_sys::BTF_KIND_RESTRICT => Kind::Restrict(self.target()),
            libbpf_sys::BTF_KIND_FUNC => Kind::Func(self.target()),
            libbpf_sys::BTF_KIND_FUNC_PROTO => Kind::FuncProto { ret: self.target() },
            libbpf_sys::BTF_KIND_VAR => Kind::Var(self.target()),
            libbpf_sys::BTF_KIND_DATASEC => Kind::DataSec,
            libbpf_sys::BTF_KIND_FLOAT => Kind::Float { size: self.size() },
            libbpf_sys::BTF_KIND_DECL_TAG => Kind::DeclTag {
                target: self.target(),
                component: self.records()[0].cast_signed(),
            },
            libbpf_sys::BTF_KIND_TYPE_TAG => Kind::TypeTag(self.target()),
            libbpf_sys::BTF_KIND_ENUM64 => Kind::Enum64 { size: self.size() },
            0 => Kind::Void,
            kind => Kind::Unknown { kind },
        }
    }

    /// As [`Type::params`], but of a prototype with more than [`MAX_PARAMETERS`] parameters, only those and
    /// two more: enough to tell that there are too many, with or without the first.
    ///
    /// Thousands of functions may share one prototype, of 12 bytes each, and BTF has room for 65,535
    /// parameters.
    pub(crate) fn leading_params(&self) -> impl Iterator<Item = Param<'a>> + use<'a> {
        self.params().take(MAX_PARAMETERS + 2)
    }

    /// A prototype's parameters; none for any other kind.
    pub fn params(&self) -> impl ExactSizeIterator<Item = Param<'a>> + use<'a> {
        let raw = match self.kind {
            libbpf_sys::BTF_KIND_FUNC_PROTO => self.records(),
            _ => &[],
        };
        let btf = self.btf;
        raw.as_chunks::<2>().0.iter().map(move |raw| Param {
            name: btf.string(raw[0]),
            type_id: TypeId(raw[1]),
        })
    }

    /// An enum's values; none for any other kind.
    pub fn enumerators(&self) -> Vec<Enumerator<'a>> {
        let raw = self.records();
        let value = |name: u32, value: u64| Enumerator {
            name: self.btf.string(name),
            value,
        };
        match self.kind {
            libbpf_sys::BTF_KIND_ENUM => {
                let raw = raw.as_chunks::<2>().0.iter();
                raw.map(|raw| value(raw[0], raw[1].into())).collect()
            }
            libbpf_sys::BTF_KIND_ENUM64 => {
                let raw = raw.as_chunks::<3>().0.iter();
                let bits = |raw: &[u32; 3]| u64::from(raw[2]) << 32 | u64::from(raw[1]);
                raw.map(|raw| value(raw[0], bits(raw))).collect()
            }
            _ => Vec::new(),
        }
    }

    fn composite(&self) -> Composite<'a> {
        Composite {
            btf: self.btf,
            size: self.size(),
            bitfields: self.kind_flag(),
            raw: self.records().as_chunks().0,
        }
    }

    fn int_encoding(&self) -> IntEncoding {
        match (self.records()[0] >> 24) & 0xf {
            bits if bits & libbpf_sys::BTF_INT_BOOL != 0 => IntEncoding::Bool,
            bits if bits & libbpf_sys::BTF_INT_CHAR != 0 => IntEncoding::Char,
            bits if bits & libbpf_sys::BTF_INT_SIGNED != 0 => IntEncoding::Signed,
            _ => IntEncoding::Unsigned,
        }
    }

    /// The words of the type, in host byte order: the `btf_type` and what follows it. Of an unknown kind,
    /// those of what stands in for it, and of a struct, without members of such kinds.
    pub(crate) fn words(&self) -> Vec<u32> {
        if is_unknown(self.kind) {
            return stand_in(self.words[0], self.kind).to_vec();
        }
        let mut words = self.words.to_vec();
        if self.btf.has_unknown()
            && let Kind::Struct(composite) | Kind::Union(composite) = self.kind()
        {
            words.truncate(TYPE_WORDS);
            words.extend(composite.words().flatten());
            words[1] = with_vlen(words[1], composite.members().len() as u32);
        }
        words
    }
}

/// Whether types of this kind (a `BTF_KIND_*` number) define a name in C.
pub(super) fn defines_name(kind: u32) -> bool {
    matches!(
        kind,
        libbpf_sys::BTF_KIND_STRUCT
            | libbpf_sys::BTF_KIND_UNION
            | libbpf_sys::BTF_KIND_ENUM
            | libbpf_sys::BTF_KIND_ENUM64
            | libbpf_sys::BTF_KIND_TYPEDEF
    )
}
