//! Layouts of contexts, and what their fields are.

use std::fmt;

use crate::btf::Btf;
use crate::btf::TypeId;
use crate::hook::Passing;
use crate::kernel::Types;
use crate::prototype;
use crate::prototype::Unsupported;
use crate::prototype::pairing::Argument;
use crate::prototype::pairing::Arguments;
use crate::text::ident::is_identifier;

/// What the field of a returned value is called.
pub(crate) const RET: &str = "ret";
/// What bytes between fields are called in a generated struct, before their number.
pub(crate) const GAP: &str = "__reserved_";
/// What the types of a record's data are in, in a generated struct.
pub(crate) const ELEMENTS: &str = "__elements";
/// The layout of a context that ctxgen makes a struct for.
#[derive(Clone, Debug)]
#[non_exhaustive]
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

/// A system call's arguments, in the registers that user space made the call with.
#[derive(Clone, Debug)]
#[non_exhaustive]
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
#[non_exhaustive]
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

/// What an argument is called where no other has its name: by itself, or by its number.
pub(super) fn argument_name(
    number: usize,
    argument: &prototype::Argument,
) -> Result<String, Unsupported> {
    match &argument.name {
        Some(name) if !is_identifier(name) => Err(Unsupported::BadArgumentName(name.clone())),
        Some(name) => Ok(name.clone()),
        None => Ok(format!("arg{number}")),
    }
}
