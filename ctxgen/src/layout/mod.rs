//! Prototypes to layouts: where each argument is in the context, and what the verifier lets a
//! program do with it.

mod class;
mod convention;
mod record;
mod registers;
mod slots;

use std::fmt;

pub(crate) use self::record::of_record;
pub(crate) use self::registers::argument_registers;

use crate::btf::Btf;
use crate::btf::TypeId;
use crate::hook::Hook;
use crate::hook::Passing;
use crate::kernel::Arch;
use crate::kernel::KernelBtf;
use crate::kernel::Types;
use crate::kernel::UserRefusal;
use crate::prototype;
use crate::prototype::Signature;
use crate::prototype::pairing::Argument;
use crate::prototype::pairing::Arguments;
use crate::text::ident::is_identifier;

/// The size of a slot of the context array, in bytes.
pub const SLOT: u32 = 8;
/// What the field of a returned value is called.
pub(crate) const RET: &str = "ret";
/// What bytes between fields are called in a generated struct, before their number.
pub(crate) const GAP: &str = "__reserved_";
/// What the types of a record's data are in, in a generated struct.
pub(crate) const ELEMENTS: &str = "__elements";
/// The most slots that arguments may take: `MAX_BPF_FUNC_ARGS` of `include/linux/bpf.h`.
const MAX_SLOTS: u32 = 12;
/// The largest struct or union that is passed by value, in bytes.
const MAX_BY_VALUE: u32 = 16;

/// The layout of a context that ctxgen makes a struct for.
#[derive(Clone, Debug)]
pub struct Layout {
    /// What the struct is laid over.
    pub passing: Passing,
    /// In bytes: 8 for each slot, a readable returned value included; or that of the kernel's struct
    /// that has the memory.
    pub size: u32,
    /// In the order of their offsets.
    pub fields: Vec<Field>,
    /// Whose types the fields have.
    pub types: Types,
    /// What the program has to return in place of what it implements, where that is anything.
    pub returns: Option<TypeId>,
    /// What has no field, and why, in the order of the arguments.
    pub left_out: Vec<String>,
    /// The arguments of a system call, where the only field points to them ([`Form::SystemCall`]).
    pub system_call: Option<Box<SystemCallArguments>>,
}

impl Layout {
    /// What it has arguments for, to be held against those of another prototype.
    pub(crate) fn arguments<'a>(&'a self, btf: &'a Btf<'a>) -> Arguments<'a> {
        let is_result = |field: &Field| {
            field.argument.is_none() && field.name == RET && self.passing != Passing::Memory
        };
        let argument = |field: &'a Field| Argument {
            names: vec![&field.name],
            types: vec![field.type_id],
            is_result: is_result(field),
        };
        Arguments {
            btf,
            list: self.fields.iter().map(argument).collect(),
        }
    }
}

/// What the struct of a system call's arguments is called.
fn arguments_struct(call: &str) -> String {
    format!("btf_syscall_{call}_args")
}

/// Whether a struct is of a system call's arguments, which are in the kernel's registers.
pub(crate) fn is_arguments_struct(name: &str) -> bool {
    let call = name.strip_prefix("btf_syscall_");
    call.is_some_and(|call| call.ends_with("_args"))
}

/// A system call's arguments, in the registers that user space made the call with.
#[derive(Clone, Debug)]
pub struct SystemCallArguments {
    /// The call's name, without `sys_`.
    pub call: String,
    /// The struct's name.
    pub struct_name: String,
    /// Where they are in `struct pt_regs`.
    pub layout: Layout,
}

/// An argument, or the returned value, in a context.
#[derive(Clone, Debug)]
pub struct Field {
    /// The argument's name, escaped where C has it taken; `argN` where it has none; `ret`.
    pub name: String,
    /// The argument's own type.
    pub type_id: TypeId,
    /// From the start of the context, in bytes; of a slot a multiple of 8.
    pub offset: u32,
    /// Of the field in the struct, in bytes.
    pub size: u32,
    /// What the field is declared as.
    pub form: Form,
    /// What the verifier makes of a load.
    pub access: Access,
    /// Which argument it is, counted from 0; `None` for the returned value, and for what is a member of
    /// a struct of the kernel's.
    pub argument: Option<u32>,
    /// A remark for people, beside those on the form and the access; may be empty.
    pub remark: String,
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
    /// A pointer to the system call's arguments, instead of one to registers that have them.
    SystemCall,
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
    /// Allowed on every kernel; it says where in the record something of any length is. The type is that
    /// of its elements.
    Data(TypeId),
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
            // What it leads to is said by those who can write types in C.
            Self::Data(_) => "",
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
    /// Its prototype passes something by value of a kind that ctxgen does not know.
    #[error(
        "its prototype passes a type of BTF kind {0}, which this version of ctxgen does not know; a \
         newer one may"
    )]
    UnknownKind(u32),
    /// What is known of a program in user space does not tell where the function has its arguments.
    #[error(transparent)]
    User(#[from] UserRefusal),
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
    /// More parameters than C's limit.
    #[error("it has more than {0} parameters, which is more than any compiler has to accept")]
    TooManyParameters(usize),
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
    /// It is not known which registers functions have their arguments in.
    #[error(
        "which registers functions of {} have their arguments in is not known to ctxgen; the program \
         can take the struct of registers instead", .0.map_or("an unknown architecture", Arch::rust_name)
    )]
    NoConvention(Option<Arch>),
    /// The kernel's BTF does not say what the struct of registers looks like.
    #[error("the kernel's BTF has no struct of registers with {0} in it")]
    NoRegisters(String),
    /// Two members of `struct_ops` have the same struct name.
    #[error("its struct would have the name of two: struct_ops/{one} and struct_ops/{other}")]
    SharedName {
        /// Ops type and member of the one.
        one: String,
        /// Of the other.
        other: String,
    },
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
    match hook.family().passing() {
        Passing::Registers => registers::lay_out(kernel, hook, signature),
        Passing::Slots | Passing::Memory => slots::lay_out(kernel, hook, signature),
    }
}

/// What an argument is called where no other has its name: by itself, or by its number.
fn argument_name(number: usize, argument: &prototype::Argument) -> Result<String, Unsupported> {
    match &argument.name {
        Some(name) if !is_identifier(name) => Err(Unsupported::BadArgumentName(name.clone())),
        Some(name) => Ok(name.clone()),
        None => Ok(format!("arg{number}")),
    }
}

#[cfg(test)]
mod tests {
    use crate::Context;
    use crate::Shape;
    use crate::btf::BtfWriter;
    use crate::btf::ByteOrder;
    use crate::btf::TypeId;
    use crate::kernel::KernelBtf;
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
            let Shape::Generated { layout, .. } = context.shape else {
                panic!("{hook}");
            };
            layout.fields.into_iter().map(|field| field.name).collect()
        };
        assert_eq!(fields("fexit/returns"), ["ret_", "ret"]);
        assert_eq!(fields("fexit/returns_nothing"), ["ret_"]);
        assert_eq!(fields("fentry/returns"), ["ret"]);
    }
}
