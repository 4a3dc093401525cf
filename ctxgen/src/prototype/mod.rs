//! Hooks to prototypes: what arguments a hook passes, of which types, under which names.

mod function;
mod iter;
mod list;
mod lookup;
mod lsm;
mod place;
mod tracepoint;

use std::fmt;

pub use self::list::hooks;
pub(crate) use self::lookup::Lookup;
pub(crate) use self::lookup::lookups;

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
    look_up(kernel, hook).map_err(|error| with_nearest(kernel, error))
}

/// As [`resolve`], but without the nearest names in the error, which take long to find.
pub(crate) fn look_up(kernel: &KernelBtf, hook: &Hook) -> Result<Prototype, Error> {
    place::is_known(kernel, hook)?;
    match hook.family().prototypes() {
        Prototypes::Tracepoint { typedef } => {
            tracepoint::resolve(kernel, hook, typedef).map(Prototype::Slots)
        }
        Prototypes::Function => function::resolve(kernel, hook).map(Prototype::Slots),
        Prototypes::Lsm => lsm::resolve(kernel, hook).map(Prototype::Slots),
        Prototypes::Iterator => iter::resolve(kernel, hook),
    }
}

/// All hooks of a family, sorted.
fn all(kernel: &KernelBtf, family: Family) -> Vec<Hook> {
    let targets = match family.prototypes() {
        Prototypes::Tracepoint { typedef } => tracepoint::targets(kernel, typedef),
        Prototypes::Function => function::targets(kernel, family),
        Prototypes::Lsm => lsm::targets(kernel),
        Prototypes::Iterator => iter::targets(kernel),
    };
    // No SEC name reaches a target that is no identifier.
    let mut hooks: Vec<Hook> = targets
        .iter()
        .filter_map(|target| Hook::new(family, target).ok())
        .collect();
    hooks.sort_unstable();
    hooks.dedup();
    hooks
}

/// The error for a hook that is not there. `tried` are the BTF names that would have been it.
fn unknown(kernel: &KernelBtf, hook: &Hook, tried: Vec<String>) -> Error {
    Error::UnknownHook {
        hook: hook.clone(),
        origin: kernel.origin().clone(),
        tried,
        nearest: Vec::new(),
    }
}

/// The error with the nearest names that there are, for a person to choose from.
pub(crate) fn with_nearest(kernel: &KernelBtf, error: Error) -> Error {
    match error {
        Error::UnknownHook {
            hook,
            origin,
            tried,
            ..
        } => {
            let all = all(kernel, hook.family());
            let nearest = nearest(hook.target(), all.iter().map(Hook::target))
                .iter()
                .filter_map(|target| all.iter().find(|hook| hook.target() == target))
                .map(ToString::to_string)
                .collect();
            Error::UnknownHook {
                hook,
                origin,
                tried,
                nearest,
            }
        }
        error => error,
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
