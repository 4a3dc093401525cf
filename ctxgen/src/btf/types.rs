//! A typed view of one BTF type.

use std::fmt;

use libbpf_rs::libbpf_sys;

use super::Btf;
use super::Shape;
use super::type_layout::kind_number;
use super::type_layout::vlen;

/// The number of a type in a BTF. 0 is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub u32);

impl TypeId {
    /// The type that has no entry.
    pub const VOID: Self = Self(0);
}

impl fmt::Display for TypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

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

/// A struct's or union's members.
#[derive(Clone, Copy)]
pub struct Composite<'a> {
    btf: &'a Btf<'a>,
    /// In bytes.
    pub size: u32,
    bitfields: bool,
    raw: &'a [libbpf_sys::btf_member],
}

impl fmt::Debug for Composite<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.members()).finish()
    }
}

impl<'a> Composite<'a> {
    /// The members, in their order.
    pub fn members(&self) -> impl ExactSizeIterator<Item = Member<'a>> + use<'a> {
        let btf = self.btf;
        let bitfields = self.bitfields;
        self.raw.iter().map(move |raw| {
            // With `kind_flag`, the upper 8 bits of the offset are the bitfield's width.
            let (bit_offset, bits) = match bitfields {
                true => (raw.offset & 0x00ff_ffff, raw.offset >> 24),
                false => (raw.offset, 0),
            };
            Member {
                name: btf.string(raw.name_off),
                type_id: TypeId(raw.type_),
                bit_offset,
                bits,
            }
        })
    }
}

impl Composite<'_> {
    /// Whether it has a member without a name whose type has one, which C has only with
    /// `-fms-extensions`.
    pub(crate) fn has_named_anonymous(&self) -> bool {
        self.raw.iter().filter(|raw| raw.name_off == 0).any(|raw| {
            let inner = self.btf.skip_modifiers(TypeId(raw.type_));
            inner.is_some_and(|inner| !inner.name().is_empty())
        })
    }
}

/// A member of a struct or union.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Empty for an anonymous struct or union.
    pub name: &'a str,
    /// Its type.
    pub type_id: TypeId,
    /// From the start of the struct, in bits.
    pub bit_offset: u32,
    /// A bitfield's width in bits, 0 for others.
    pub bits: u32,
}

/// A value of an enum.
#[derive(Clone, Copy, Debug)]
pub struct Enumerator<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its bits: 32 of an enum's, 64 of an enum64's. They have a sign where the enum has `kind_flag`.
    pub value: u64,
}

/// A parameter of a function's prototype.
#[derive(Clone, Copy, Debug)]
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
    raw: &'a libbpf_sys::btf_type,
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
    /// # Safety
    /// `raw` is a type of `btf`, in host byte order, followed in memory by as many members, params
    /// or enumerators as its `vlen` says.
    pub(super) unsafe fn new(btf: &'a Btf<'_>, id: TypeId, raw: &'a libbpf_sys::btf_type) -> Self {
        Self { btf, id, raw }
    }

    /// Its id.
    pub fn id(&self) -> TypeId {
        self.id
    }

    /// Its name; empty for an anonymous one.
    pub fn name(&self) -> &'a str {
        self.btf.string(self.raw.name_off)
    }

    /// Where its name stands in the string table; 0 for an anonymous one.
    pub(crate) fn name_offset(&self) -> u32 {
        self.raw.name_off
    }

    /// Where its name stands in the string table, and the word that has kind and number of members:
    /// what two definitions of one thing have in common.
    pub(crate) fn name_and_info(&self) -> (u32, u32) {
        (self.raw.name_off, self.raw.info)
    }

    /// Whether it is a struct or union of which only name and size are there, as in a pinned BTF
    /// ([`crate::pin()`]). A compiler gives none without members a size, but for those without a name.
    pub(crate) fn is_hollow(&self) -> bool {
        let is_composite = matches!(
            self.kind_number(),
            libbpf_sys::BTF_KIND_STRUCT | libbpf_sys::BTF_KIND_UNION
        );
        is_composite && self.vlen() == 0 && self.size() > 0 && self.raw.name_off != 0
    }

    /// Its `BTF_KIND_*` number.
    pub(crate) fn kind_number(&self) -> u32 {
        kind_number(self.raw.info)
    }

    /// How many members, values or parameters it has.
    pub(super) fn vlen(&self) -> u32 {
        vlen(self.raw.info)
    }

    fn len(&self) -> usize {
        self.vlen() as usize
    }

    /// `kind_flag`; what it means depends on the kind.
    pub fn kind_flag(&self) -> bool {
        self.raw.info >> 31 == 1
    }

    fn size(&self) -> u32 {
        // SAFETY: both fields of the union are u32.
        unsafe { self.raw.__bindgen_anon_1.size }
    }

    fn target(&self) -> TypeId {
        // SAFETY: both fields of the union are u32.
        TypeId(unsafe { self.raw.__bindgen_anon_1.type_ })
    }

    /// What is behind the `btf_type`, `len` times.
    ///
    /// # Safety
    /// That `T` is what a type of this kind is followed by, `len` times.
    unsafe fn trailing<T>(&self, len: usize) -> &'a [T] {
        let start = std::ptr::from_ref(self.raw).wrapping_add(1).cast::<T>();
        // SAFETY: by the caller's promise; all such records consist of u32 and so are aligned.
        unsafe { std::slice::from_raw_parts(start, len) }
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
                // SAFETY: an ARRAY is followed by one `btf_array`.
                let array = unsafe { self.trailing::<libbpf_sys::btf_array>(1)[0] };
                Kind::Array {
                    element: TypeId(array.type_),
                    len: array.nelems,
                    index: TypeId(array.index_type),
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
            libbpf_sys::BTF_KIND_DECL_TAG => {
                // SAFETY: a DECL_TAG is followed by one `btf_decl_tag`.
                let tag = unsafe { self.trailing::<libbpf_sys::btf_decl_tag>(1)[0] };
                Kind::DeclTag {
                    target: self.target(),
                    component: tag.component_idx,
                }
            }
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
        let len = match self.kind_number() {
            libbpf_sys::BTF_KIND_FUNC_PROTO => self.len(),
            _ => 0,
        };
        // SAFETY: a FUNC_PROTO is followed by `vlen` `btf_param`s; nothing is read of others.
        let raw = unsafe { self.trailing::<libbpf_sys::btf_param>(len) };
        let btf = self.btf;
        raw.iter().map(move |raw| Param {
            name: btf.string(raw.name_off),
            type_id: TypeId(raw.type_),
        })
    }

    /// An enum's values; none for any other kind.
    pub fn enumerators(&self) -> Vec<Enumerator<'a>> {
        let values: Vec<(u32, u64)> = match self.kind_number() {
            libbpf_sys::BTF_KIND_ENUM => {
                // SAFETY: an ENUM is followed by `vlen` `btf_enum`s.
                let raw = unsafe { self.trailing::<libbpf_sys::btf_enum>(self.len()) };
                let values = raw.iter();
                let values = values.map(|raw| (raw.name_off, u64::from(raw.val as u32)));
                values.collect()
            }
            libbpf_sys::BTF_KIND_ENUM64 => {
                // SAFETY: an ENUM64 is followed by `vlen` `btf_enum64`s.
                let raw = unsafe { self.trailing::<libbpf_sys::btf_enum64>(self.len()) };
                let bits = |raw: &libbpf_sys::btf_enum64| {
                    u64::from(raw.val_hi32) << 32 | u64::from(raw.val_lo32)
                };
                raw.iter().map(|raw| (raw.name_off, bits(raw))).collect()
            }
            _ => Vec::new(),
        };
        values
            .into_iter()
            .map(|(offset, value)| Enumerator {
                name: self.btf.string(offset),
                value,
            })
            .collect()
    }

    fn composite(&self) -> Composite<'a> {
        Composite {
            btf: self.btf,
            size: self.size(),
            bitfields: self.kind_flag(),
            // SAFETY: a STRUCT or UNION is followed by `vlen` `btf_member`s.
            raw: unsafe { self.trailing(self.len()) },
        }
    }

    fn int_encoding(&self) -> IntEncoding {
        // SAFETY: an INT is followed by one u32.
        let info = unsafe { self.trailing::<u32>(1)[0] };
        match (info >> 24) & 0xf {
            bits if bits & libbpf_sys::BTF_INT_BOOL != 0 => IntEncoding::Bool,
            bits if bits & libbpf_sys::BTF_INT_CHAR != 0 => IntEncoding::Char,
            bits if bits & libbpf_sys::BTF_INT_SIGNED != 0 => IntEncoding::Signed,
            _ => IntEncoding::Unsigned,
        }
    }

    /// The words of the type as they stand in memory: the `btf_type` and what follows it, in host
    /// byte order.
    pub(crate) fn words(&self) -> Vec<u32> {
        let shape = Shape::of(self.raw.info);
        let trailing = shape.map_or(0, |shape| shape.trailing(self.raw.info));
        let mut words = vec![self.raw.name_off, self.raw.info, self.size()];
        // SAFETY: these are the sizes of what follows a type of each kind, in u32.
        words.extend_from_slice(unsafe { self.trailing::<u32>(trailing) });
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
