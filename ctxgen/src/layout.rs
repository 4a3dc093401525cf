//! Prototypes to layouts: where each argument is in the context, and what the verifier lets a
//! program do with it.
//!
//! The rules are those of `btf_distill_func_proto` (what can be attached to) and `btf_ctx_access`
//! (what can be loaded) in `kernel/bpf/btf.c`.

use std::fmt;

use crate::btf::Btf;
use crate::btf::ByteOrder;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::hook::Hook;
use crate::hook::Prototypes;
use crate::hook::Returned;
use crate::ident::field_name;
use crate::ident::is_identifier;
use crate::kernel::KernelBtf;
use crate::prototype::Signature;

/// The size of a slot of the context array, in bytes.
pub const SLOT: u32 = 8;
/// The most slots that arguments may take: `MAX_BPF_FUNC_ARGS` of `include/linux/bpf.h`.
const MAX_SLOTS: u32 = 12;
/// The largest struct or union that is passed by value, in bytes.
const MAX_BY_VALUE: u32 = 16;

/// The layout of a context that is an array of slots.
#[derive(Clone, Debug)]
pub struct Layout {
    /// In bytes: 8 for each slot, a readable returned value included.
    pub size: u32,
    /// In the order of their offsets.
    pub fields: Vec<Field>,
}

/// An argument, or the returned value, in a context.
#[derive(Clone, Debug)]
pub struct Field {
    /// The argument's name, escaped where C has it taken; `argN` where it has none; `ret`.
    pub name: String,
    /// The argument's own type.
    pub type_id: TypeId,
    /// From the start of the context, in bytes; a multiple of 8.
    pub offset: u32,
    /// Of the field in the struct, in bytes.
    pub size: u32,
    /// What the field is declared as.
    pub form: Form,
    /// What the verifier makes of a load.
    pub access: Access,
}

/// What a field is declared as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The argument's own type.
    Own,
    /// One slot as it is: on big-endian targets the value of a narrow scalar is in the slot's last
    /// bytes, where no load is allowed. The slot is loaded whole and cut to the argument's type.
    Slot,
    /// Several slots as they are.
    Slots(u32),
}

/// What the verifier makes of a load of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Allowed on every kernel that has the hook.
    Always,
    /// A pointer to something that older verifiers refuse to load.
    Pointer(Pointee),
    /// A struct passed by value; since 6.0.
    ByValue,
    /// A union passed by value; since 6.18.
    UnionByValue,
    /// Declared as a pointer, but it may be a small number that stands for something; since 6.14
    /// the verifier takes it for a number.
    NotAlwaysPointer,
    /// Refused by every kernel, for this reason.
    Never(Refusal),
}

/// What a pointer that not every verifier lets a program load points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointee {
    /// A function.
    Function,
    /// `const void`, or anything else that is not listed here.
    Opaque,
    /// A pointer.
    Pointer,
    /// An integer that is not plainly a character.
    Int,
}

/// Why no verifier lets a program load a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// An integer of 16 bytes.
    Wide,
}

impl fmt::Display for Access {
    /// A remark for people; empty where there is nothing to say.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Always => "",
            Self::Pointer(Pointee::Function) => "verifiers up to 6.18 refuse to load it",
            Self::Pointer(Pointee::Opaque | Pointee::Pointer) => {
                "verifiers up to 6.12 refuse to load it"
            }
            Self::Pointer(Pointee::Int) => "the verifier of 5.10 refuses to load it",
            Self::ByValue => "by value: copy it with ctx_get(); cannot be loaded before 6.0",
            Self::Never(Refusal::Wide) => "16 bytes wide: the verifier refuses to load it",
            Self::UnionByValue => {
                "union by value: copy it with ctx_get(); cannot be loaded before 6.18"
            }
            Self::NotAlwaysPointer => {
                "not always a pointer: since 6.14 the verifier takes it for a number"
            }
        })
    }
}

/// Why no program can attach to a hook that is there, or none can be given a context.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// The typedef `btf_trace_<tp>` is missing.
    #[error(
        "the kernel's BTF lacks the typedef btf_trace_ of this tracepoint, as kernels built with \
         older clang do; a raw_tp program can attach"
    )]
    NoTracepointTypedef,
    /// The function is variadic.
    #[error("the function is variadic, and trampolines cannot pass such arguments on")]
    Variadic,
    /// The function returns a struct.
    #[error("the function returns a struct, and trampolines support none")]
    ReturnsStruct,
    /// The function returns something that has no size in a register.
    #[error("the function returns a {0}, which trampolines do not support")]
    ReturnsOther(&'static str),
    /// More arguments than the context can hold.
    #[error("its arguments take {0} slots of 8 bytes, and a context holds {MAX_SLOTS}")]
    TooManySlots(u32),
    /// An argument that is larger than two slots.
    #[error(
        "its argument `{name}` has {size} bytes, and at most {MAX_BY_VALUE} can be passed by value"
    )]
    TooLarge {
        /// The argument.
        name: String,
        /// In bytes.
        size: u32,
    },
    /// An argument of a type that is no integer, enum, pointer, struct or union.
    #[error("its argument `{name}` is a {kind}, which trampolines do not support")]
    OddType {
        /// The argument.
        name: String,
        /// The BTF kind.
        kind: &'static str,
    },
    /// A struct passed by value on a big-endian target.
    #[error(
        "its argument `{0}` is a struct passed by value, which trampolines of big-endian kernels \
         do not support"
    )]
    BigEndianStruct(String),
    /// An argument whose name cannot be emitted.
    #[error("its argument name {0:?} is not a C identifier")]
    BadArgumentName(String),
}

/// Where the arguments of a hook's prototype are in its context.
///
/// # Errors
/// [`Unsupported`], where no program can attach to the hook.
pub fn lay_out(
    kernel: &KernelBtf,
    hook: &Hook,
    signature: &Signature,
) -> Result<Layout, Unsupported> {
    let btf = kernel.btf();
    let is_tracepoint = matches!(hook.family().prototypes(), Prototypes::Tracepoint { .. });
    let mut slots = Slots {
        btf,
        hook,
        is_tracepoint,
        next: 0,
        names: Vec::new(),
        fields: Vec::new(),
    };
    let ret = returned(btf, hook, signature)?;
    if hook.family().returned() != Returned::No {
        // An argument of that name gives way, also where nothing is returned: what is called so must not
        // be one thing on this kernel and another on the next.
        slots.names.push("ret".to_owned());
    }
    for (number, arg) in signature.args.iter().enumerate() {
        let last = number + 1 == signature.args.len();
        if last && arg.type_id == TypeId::VOID {
            return Err(Unsupported::Variadic);
        }
        let name = match &arg.name {
            Some(name) if !is_identifier(name) => {
                return Err(Unsupported::BadArgumentName(name.clone()));
            }
            Some(name) => name.clone(),
            None => format!("arg{number}"),
        };
        // Looking for the name among those before it is for what can have a context at all.
        let name = match slots.next {
            0..=MAX_SLOTS => field_name(&name, &slots.names),
            _ => name,
        };
        slots.add(name, arg.type_id)?;
    }
    if slots.next > MAX_SLOTS {
        return Err(Unsupported::TooManySlots(slots.next));
    }
    // Behind twelve slots of arguments the returned value is there, but out of a program's reach.
    if let Some(type_id) = ret
        && slots.next < MAX_SLOTS
    {
        slots.add("ret".to_owned(), type_id)?;
    }
    Ok(Layout {
        size: slots.next * SLOT,
        fields: slots.fields,
    })
}

/// The type of the returned value where a program may read it.
fn returned(
    btf: &Btf<'_>,
    hook: &Hook,
    signature: &Signature,
) -> Result<Option<TypeId>, Unsupported> {
    if matches!(hook.family().prototypes(), Prototypes::Tracepoint { .. }) {
        return Ok(None);
    }
    // The trampoline has to carry the value on, whether the program reads it or not.
    let class = Class::of(btf, signature.ret);
    match class {
        Class::Struct { .. } => return Err(Unsupported::ReturnsStruct),
        Class::Other(kind) => return Err(Unsupported::ReturnsOther(kind)),
        Class::Void | Class::Scalar { .. } | Class::Pointer(_) => {}
    }
    match (hook.family().returned(), class) {
        (Returned::No, _) | (Returned::Value, Class::Void) => Ok(None),
        (Returned::Value, _) => Ok(Some(signature.ret)),
        (Returned::Int, Class::Scalar { is_enum: false, .. }) => Ok(Some(signature.ret)),
        (Returned::Int, _) => Ok(None),
    }
}

/// How the kernel's calling conventions see a type.
#[derive(Clone, Copy, Debug)]
enum Class {
    Void,
    Scalar { size: u32, is_enum: bool },
    Pointer(Option<Pointee>),
    Struct { size: u32, access: Access },
    Other(&'static str),
}

impl Class {
    fn of(btf: &Btf<'_>, id: TypeId) -> Self {
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
            },
            Kind::Union(composite) => Self::Struct {
                size: composite.size,
                access: Access::UnionByValue,
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

/// Tracepoint arguments that are declared as pointers and are not always: `raw_tp_null_args` of
/// `kernel/bpf/btf.c` has them as scalars. (`SEND_SIG_PRIV` is `(struct kernel_siginfo *)1`.)
const NOT_ALWAYS_POINTERS: &[(&str, &str)] =
    &[("signal_generate", "info"), ("signal_deliver", "info")];

struct Slots<'b> {
    btf: &'b Btf<'b>,
    hook: &'b Hook,
    is_tracepoint: bool,
    next: u32,
    names: Vec<String>,
    fields: Vec<Field>,
}

impl Slots<'_> {
    fn add(&mut self, name: String, type_id: TypeId) -> Result<(), Unsupported> {
        let big_endian = self.btf.byte_order() == ByteOrder::Big;
        let (size, form, access) = match Class::of(self.btf, type_id) {
            Class::Pointer(None) if self.is_not_always_pointer(&name) => {
                (SLOT, Form::Own, Access::NotAlwaysPointer)
            }
            Class::Pointer(None) => (SLOT, Form::Own, Access::Always),
            Class::Pointer(Some(pointee)) => (SLOT, Form::Own, Access::Pointer(pointee)),
            Class::Scalar { size: SLOT, .. } => (SLOT, Form::Own, Access::Always),
            Class::Scalar {
                size: size @ (1 | 2 | 4),
                ..
            } => match big_endian {
                true => (SLOT, Form::Slot, Access::Always),
                false => (size, Form::Own, Access::Always),
            },
            Class::Scalar { size: 16, .. } => (16, Form::Slots(2), Access::Never(Refusal::Wide)),
            Class::Struct { size, .. } if size > MAX_BY_VALUE => {
                return Err(Unsupported::TooLarge { name, size });
            }
            Class::Struct { size: 0, .. } => {
                return Err(Unsupported::OddType {
                    name,
                    kind: "struct without members",
                });
            }
            // The tracepoint macros cast each argument to 64 bits, so it is one slot always.
            Class::Struct { size, access } if self.is_tracepoint => (
                if big_endian { SLOT } else { size.min(SLOT) },
                if big_endian || size > SLOT {
                    Form::Slot
                } else {
                    Form::Own
                },
                access,
            ),
            Class::Struct { .. } if big_endian => return Err(Unsupported::BigEndianStruct(name)),
            Class::Struct { size, access } => (size, Form::Own, access),
            Class::Scalar { .. } => {
                return Err(Unsupported::OddType {
                    name,
                    kind: "number of an odd size",
                });
            }
            Class::Void => return Err(Unsupported::OddType { name, kind: "void" }),
            Class::Other(kind) => return Err(Unsupported::OddType { name, kind }),
        };
        self.names.push(name.clone());
        self.fields.push(Field {
            name,
            type_id,
            offset: self.next * SLOT,
            size,
            form,
            access,
        });
        self.next += size.div_ceil(SLOT);
        Ok(())
    }

    fn is_not_always_pointer(&self, name: &str) -> bool {
        self.is_tracepoint && NOT_ALWAYS_POINTERS.contains(&(self.hook.target(), name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Context;
    use crate::Shape;
    use crate::btf::BtfWriter;
    use crate::kernel::Origin;

    /// An argument that is called like the returned value is called otherwise, whether or not the
    /// function returns anything on this kernel.
    #[test]
    fn ret_is_what_is_returned() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let int = writer.int("int", 4, crate::btf::IntEncoding::Signed);
        let returns = writer.prototype(&[("ret", int)], int);
        writer.function("returns", returns);
        let returns_nothing = writer.prototype(&[("ret", int)], TypeId::VOID);
        writer.function("returns_nothing", returns_nothing);
        let origin = Origin::Memory("test".to_owned());
        let kernel = KernelBtf::from_bytes(&writer.finish(), origin).unwrap();
        let fields = |hook: &str| -> Vec<String> {
            let context = Context::of_hook(&kernel, &hook.parse().unwrap()).unwrap();
            let Shape::Slots { layout, .. } = context.shape else {
                panic!("{hook}");
            };
            layout.fields.into_iter().map(|field| field.name).collect()
        };
        assert_eq!(fields("fexit/returns"), ["ret_", "ret"]);
        assert_eq!(fields("fexit/returns_nothing"), ["ret_"]);
        assert_eq!(fields("fentry/returns"), ["ret"]);
    }
}
