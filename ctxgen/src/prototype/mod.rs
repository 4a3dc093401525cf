//! Hooks to prototypes: what arguments a hook passes, of which types, under which names.

mod function;
mod iter;
mod list;
mod lsm;
mod tracepoint;

use std::fmt;

pub use self::list::hooks;

use crate::Error;
use crate::btf::Kind;
use crate::btf::Param;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::hook::Family;
use crate::hook::Hook;
use crate::hook::Prototypes;
use crate::kernel::KernelBtf;
use crate::nearest::nearest;

/// What a hook passes to its programs.
#[derive(Clone, Debug)]
pub enum Prototype {
    /// An array of slots that holds a function's arguments.
    Slots(Signature),
    /// A struct of the kernel's own.
    Kernel {
        /// The struct's type.
        type_id: TypeId,
    },
}

/// A function's arguments and result.
#[derive(Clone, Debug)]
pub struct Signature {
    /// In their order.
    pub args: Vec<Argument>,
    /// What the function returns: void (0) where nothing.
    pub ret: TypeId,
    /// Where the arguments' names are from.
    pub names_from: NamesFrom,
}

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its name in the kernel's source; `None` where BTF does not tell.
    pub name: Option<String>,
    /// Its type.
    pub type_id: TypeId,
}

/// Where argument names are from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NamesFrom {
    /// The parameters of this function, which BTF has with the same types.
    Func(String),
    /// Nowhere: the hook has no arguments, so none are needed.
    NoArguments,
    /// Nowhere: arguments are called `arg0`, `arg1` and so on.
    Nowhere,
}

impl fmt::Display for NamesFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Func(name) => name,
            Self::NoArguments | Self::Nowhere => "none",
        })
    }
}

/// The prototype of a hook.
///
/// # Errors
/// [`Error::UnknownHook`] with the nearest existing ones, [`Error::AmbiguousFunction`] where
/// several functions share the name, [`Error::Unsupported`] where it is there in a form that cannot
/// be attached to.
pub fn resolve(kernel: &KernelBtf, hook: &Hook) -> Result<Prototype, Error> {
    match hook.family().prototypes() {
        Prototypes::Tracepoint { typedef } => {
            tracepoint::resolve(kernel, hook, typedef).map(Prototype::Slots)
        }
        Prototypes::Function => function::resolve(kernel, hook).map(Prototype::Slots),
        Prototypes::Lsm => lsm::resolve(kernel, hook).map(Prototype::Slots),
        Prototypes::Iterator => iter::resolve(kernel, hook),
    }
}

/// The targets of all hooks of a family, sorted.
fn targets(kernel: &KernelBtf, family: Family) -> Vec<String> {
    let mut targets = match family.prototypes() {
        Prototypes::Tracepoint { typedef } => tracepoint::targets(kernel, typedef),
        Prototypes::Function => function::targets(kernel, family),
        Prototypes::Lsm => lsm::targets(kernel),
        Prototypes::Iterator => iter::targets(kernel),
    };
    targets.sort_unstable();
    targets.dedup();
    targets
}

/// The error for a hook that is not there. `tried` are the BTF names that would have been it.
fn unknown(kernel: &KernelBtf, hook: &Hook, tried: Vec<String>) -> Error {
    let targets = targets(kernel, hook.family());
    let nearest = nearest(hook.target(), targets.iter().map(String::as_str))
        .into_iter()
        .map(|target| format!("{}/{target}", hook.family()))
        .collect();
    Error::UnknownHook {
        hook: hook.clone(),
        origin: kernel.origin().clone(),
        tried,
        nearest,
    }
}

/// The prototype of a FUNC: its `FUNC_PROTO`.
fn proto_of<'k>(kernel: &'k KernelBtf, func: &Type<'_>) -> Option<Type<'k>> {
    let Kind::Func(proto) = func.kind() else {
        return None;
    };
    let proto = kernel.btf().get(proto)?;
    matches!(proto.kind(), Kind::FuncProto { .. }).then_some(proto)
}

fn returned(proto: &Type<'_>) -> TypeId {
    match proto.kind() {
        Kind::FuncProto { ret } => ret,
        _ => TypeId::VOID,
    }
}

fn argument(param: Param<'_>) -> Argument {
    Argument {
        name: (!param.name.is_empty()).then(|| param.name.to_owned()),
        type_id: param.type_id,
    }
}

/// Whether two parameter lists have the same types, names aside.
fn same_types(a: &Type<'_>, b: &Type<'_>) -> bool {
    a.params().len() == b.params().len()
        && a.params()
            .zip(b.params())
            .all(|(a, b)| a.type_id == b.type_id)
}

fn names_from(args: &[Argument], func: &str) -> NamesFrom {
    if args.is_empty() {
        NamesFrom::NoArguments
    } else if args.iter().any(|arg| arg.name.is_some()) {
        NamesFrom::Func(func.to_owned())
    } else {
        NamesFrom::Nowhere
    }
}
