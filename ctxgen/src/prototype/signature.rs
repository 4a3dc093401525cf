//! The arguments and the result of a function, and what their names say.

use std::fmt;

use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::MAX_PARAMETERS;
use crate::btf::Param;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::kernel::Types;

/// A function's arguments and result.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Signature {
    /// In their order.
    pub args: Vec<Argument>,
    /// What the function returns: void (0) where nothing.
    pub ret: TypeId,
    /// Where the arguments' names are from.
    pub names_from: NamesFrom,
    /// Whose types they are.
    pub types: Types,
    /// Where the function is the wrapper of a system call: that, whose arguments are behind the only one
    /// of the function.
    pub system_call: Option<Box<SystemCall>>,
}

impl Signature {
    /// That of a function of the kernel's. `func` is what the arguments' names are from, if they have any.
    pub(super) fn new(args: Vec<Argument>, ret: TypeId, func: &str) -> Self {
        Self {
            names_from: names_from(&args, func),
            args,
            ret,
            types: Types::Kernel,
            system_call: None,
        }
    }

    /// Whether two are the same, wherever the names are from.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.args == other.args && self.ret == other.ret
    }
}

/// A system call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SystemCall {
    /// Its name, without `sys_`.
    pub name: String,
    /// Its own arguments.
    pub signature: Signature,
}

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Argument {
    /// Its name in the kernel's source; `None` where BTF does not tell.
    pub name: Option<String>,
    /// Its type.
    pub type_id: TypeId,
    /// What its name says about it besides.
    pub mark: Option<Mark>,
}

impl Argument {
    /// A remark for people; empty where there is nothing to say.
    pub(crate) fn remark(&self) -> &'static str {
        match self.mark {
            None => "",
            Some(Mark::Nullable) => "may be NULL",
            Some(Mark::Reference) => "a reference, which the program has to release or pass on",
            Some(Mark::Arena { nullable: false }) => {
                "in the program's arena: only programs with an arena map load"
            }
            Some(Mark::Arena { nullable: true }) => {
                "in the program's arena: only programs with an arena map load; may be NULL"
            }
        }
    }
}

/// What a suffix of an argument's name tells the verifier, and is no part of the field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mark {
    /// `__nullable`: it may be NULL, and has to be compared with that before it is followed
    /// (`MAYBE_NULL_SUFFIX` of `kernel/bpf/bpf_struct_ops.c`, `btf_ctx_access` of `kernel/bpf/btf.c`).
    Nullable,
    /// `__ref`: the program holds a reference (`REFCOUNTED_SUFFIX`).
    Reference,
    /// `__arena`: it points into the arena of the program that implements the member. Since 7.3, the
    /// verifier refuses all others: "requires a program with an associated arena".
    Arena {
        /// Whether it is `__nullable` too.
        nullable: bool,
    },
}

impl Mark {
    const SUFFIXES: [(&str, Self); 3] = [
        ("__nullable", Self::Nullable),
        ("__ref", Self::Reference),
        ("__arena", Self::Arena { nullable: false }),
    ];

    /// The last suffix of a name as a mark, and what stands before it.
    fn last_of(name: &str) -> Option<(&str, Self)> {
        Self::SUFFIXES.iter().find_map(|(suffix, mark)| {
            let rest = name.strip_suffix(suffix)?;
            (!rest.is_empty()).then_some((rest, *mark))
        })
    }

    /// Both this mark and the one of a suffix behind it: `__arena__nullable`.
    fn with(self, behind: Option<Self>) -> Self {
        match (self, behind) {
            (Self::Arena { nullable: false }, Some(Self::Nullable))
            | (Self::Nullable, Some(Self::Arena { .. })) => Self::Arena { nullable: true },
            (mark, None) => mark,
            (_, Some(behind)) => behind,
        }
    }
}

/// Where argument names are from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NamesFrom {
    /// The parameters of this function, which BTF has with the same types.
    Func(String),
    /// The members of this struct.
    Struct(String),
    /// The tracefs format of this trace event.
    Format(String),
    /// ctxgen's own table of system calls.
    Table,
    /// Nowhere: the hook has no arguments, so none are needed.
    NoArguments,
    /// Nowhere: arguments are called `arg0`, `arg1` and so on.
    Nowhere,
}

impl fmt::Display for NamesFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Func(name) => name,
            Self::Struct(name) => return write!(f, "struct {name}"),
            Self::Format(event) => return write!(f, "the format of {event}"),
            Self::Table => "ctxgen's table of system calls",
            Self::NoArguments | Self::Nowhere => "none",
        })
    }
}

/// The prototype of a FUNC: its `FUNC_PROTO`.
pub(crate) fn proto_of<'b>(btf: &'b Btf<'_>, func: &Type<'_>) -> Option<Type<'b>> {
    let Kind::Func(proto) = func.kind() else {
        return None;
    };
    let proto = btf.get(proto)?;
    matches!(proto.kind(), Kind::FuncProto { .. }).then_some(proto)
}

pub(super) fn returned(proto: &Type<'_>) -> TypeId {
    match proto.kind() {
        Kind::FuncProto { ret } => ret,
        _ => TypeId::VOID,
    }
}

/// Whether a prototype has no more parameters than there may be.
pub(super) fn is_narrow(signature: &Signature) -> bool {
    signature.args.len() <= MAX_PARAMETERS
}

pub(super) fn argument(param: Param<'_>) -> Argument {
    let (mut name, mut mark) = (param.name, None);
    while let Some((rest, last)) = Mark::last_of(name) {
        name = rest;
        mark = Some(last.with(mark));
    }
    Argument {
        name: (!name.is_empty()).then(|| name.to_owned()),
        type_id: param.type_id,
        mark,
    }
}

pub(super) fn unnamed<'p>(params: impl Iterator<Item = Param<'p>>) -> Vec<Argument> {
    params
        .map(|param| Argument {
            name: None,
            type_id: param.type_id,
            mark: None,
        })
        .collect()
}

/// Whether two parameter lists have the same types, names aside.
pub(super) fn same_types(a: &Type<'_>, b: &Type<'_>) -> bool {
    a.params().len() == b.params().len()
        && a.leading_params()
            .zip(b.leading_params())
            .all(|(a, b)| a.type_id == b.type_id)
}

pub(super) fn names_from(args: &[Argument], func: &str) -> NamesFrom {
    if args.is_empty() {
        NamesFrom::NoArguments
    } else if args.iter().any(|arg| arg.name.is_some()) {
        NamesFrom::Func(func.to_owned())
    } else {
        NamesFrom::Nowhere
    }
}
