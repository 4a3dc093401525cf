//! Hooks to prototypes: what arguments a hook passes, of which types, under which names.

mod error;
mod event;
mod function;
mod generic;
mod iter;
mod list;
mod lookup;
mod lsm;
mod module_scope;
mod opaque;
pub(crate) mod pairing;
mod struct_ops;
pub(crate) mod syscall;
mod system_call;
mod tracepoint;
mod unsupported;
mod user;

use std::fmt;

pub use self::event::Record;
pub use self::event::RecordField;
pub(crate) use self::generic::registers;
pub use self::list::hooks;
pub(crate) use self::lookup::Lookup;
pub(crate) use self::lookup::Settled;
pub(crate) use self::lookup::lookups;
pub(crate) use self::lookup::settled;
pub(crate) use self::struct_ops::WRAPPER;

pub use self::error::Addition;
pub use self::error::PrototypeError;
pub(crate) use self::unsupported::MAX_BY_VALUE;
pub(crate) use self::unsupported::MAX_SLOTS;
pub use self::unsupported::SLOT;
pub use self::unsupported::Unsupported;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::MAX_PARAMETERS;
use crate::btf::Param;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::hook::Family;
use crate::hook::Hook;
use crate::hook::Prototypes;
use crate::kernel::KernelBtf;
use crate::kernel::Types;
use crate::text::ident::original;
use crate::text::nearest::nearest;

/// What a hook passes to its programs.
#[derive(Clone, Debug)]
pub enum Prototype {
    /// A function's arguments, or its result.
    Function(Signature),
    /// The record of a trace event.
    Record(Record),
    /// A struct of the kernel's own.
    Kernel {
        /// The struct's type.
        type_id: TypeId,
    },
    /// A pointer to what is no struct of the kernel's.
    Other {
        /// What the pointer points to, in C.
        pointee: &'static str,
        /// What that is.
        what: &'static str,
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
    /// Whose types they are.
    pub types: Types,
    /// Where the function is the wrapper of a system call: that, whose arguments are behind the only one
    /// of the function.
    pub system_call: Option<Box<SystemCall>>,
}

impl Signature {
    /// That of a function of the kernel's. `func` is what the arguments' names are from, if they have any.
    fn new(args: Vec<Argument>, ret: TypeId, func: &str) -> Self {
        Self {
            names_from: names_from(&args, func),
            args,
            ret,
            types: Types::Kernel,
            system_call: None,
        }
    }

    /// Whether two are the same, wherever the names are from.
    fn is_same(&self, other: &Self) -> bool {
        self.args == other.args && self.ret == other.ret
    }
}

/// A system call.
#[derive(Clone, Debug)]
pub struct SystemCall {
    /// Its name, without `sys_`.
    pub name: String,
    /// Its own arguments.
    pub signature: Signature,
}

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// The prototype of a hook.
///
/// # Errors
/// [`PrototypeError::UnknownHook`] with the nearest existing ones, [`PrototypeError::AmbiguousFunction`] where
/// several functions share the name, [`PrototypeError::Unsupported`] where it is there in a form that cannot
/// be attached to.
pub fn resolve(kernel: &KernelBtf, hook: &Hook) -> Result<Prototype, PrototypeError> {
    look_up(kernel, hook).map_err(|error| with_nearest(kernel, error))
}

/// As [`resolve`], but without the nearest names in the error, which take long to find.
pub(crate) fn look_up(kernel: &KernelBtf, hook: &Hook) -> Result<Prototype, PrototypeError> {
    module_scope::is_known(kernel, hook)?;
    if hook.is_generic() {
        return generic::resolve(kernel, hook);
    }
    let found = look_up_named(kernel, hook);
    match found {
        Ok(Prototype::Function(signature)) if !is_narrow(&signature) => {
            Err(PrototypeError::Unsupported {
                hook: hook.clone(),
                reason: Unsupported::TooManyParameters(MAX_PARAMETERS),
            })
        }
        Err(PrototypeError::UnknownHook { .. }) => match opaque::kind(kernel, hook) {
            Some(kind) => Err(PrototypeError::Unsupported {
                hook: hook.clone(),
                reason: Unsupported::UnknownKind(kind),
            }),
            None => found,
        },
        found => found,
    }
}

fn look_up_named(kernel: &KernelBtf, hook: &Hook) -> Result<Prototype, PrototypeError> {
    match hook.family().prototypes() {
        Prototypes::Tracepoint { typedef } => {
            tracepoint::resolve(kernel, hook, typedef).map(Prototype::Function)
        }
        Prototypes::Function => function::resolve(kernel, hook).map(Prototype::Function),
        Prototypes::Lsm => lsm::resolve(kernel, hook).map(Prototype::Function),
        Prototypes::Iterator => iter::resolve(kernel, hook),
        Prototypes::StructOps => struct_ops::resolve(kernel, hook).map(Prototype::Function),
        Prototypes::SystemCall => system_call::resolve(kernel, hook).map(Prototype::Function),
        Prototypes::User => user::resolve(kernel, hook),
        Prototypes::Event => event::resolve(kernel, hook),
        Prototypes::None => generic::resolve(kernel, hook),
    }
}

/// The hook with all that its name says told apart, which for a struct's name takes the kernel's BTF.
///
/// # Errors
/// As [`resolve`].
pub(crate) fn spelled(kernel: &KernelBtf, hook: &Hook) -> Result<Hook, PrototypeError> {
    match hook.family().prototypes() {
        Prototypes::Event if !hook.is_generic() => event::spelled(kernel, hook),
        Prototypes::StructOps => {
            Ok(struct_ops::told_apart(kernel, hook).unwrap_or_else(|| hook.clone()))
        }
        _ => Ok(hook.clone()),
    }
}

/// What of a `struct_ops` member is looked up by more than its name: its prototype, and the functions that
/// its arguments' names may be from.
pub(crate) fn of_member<'k>(kernel: &'k KernelBtf, hook: &Hook) -> (Vec<Type<'k>>, Vec<Type<'k>>) {
    struct_ops::looked_up(kernel, hook)
}

/// All hooks of a family, sorted.
fn all(kernel: &KernelBtf, family: Family) -> Vec<Hook> {
    let targets = match family.prototypes() {
        Prototypes::Tracepoint { typedef } => tracepoint::targets(kernel, typedef),
        Prototypes::Function => function::targets(kernel, family),
        Prototypes::Lsm => lsm::targets(kernel),
        Prototypes::Iterator => iter::targets(kernel),
        Prototypes::StructOps => struct_ops::targets(kernel),
        Prototypes::SystemCall => system_call::targets(kernel),
        Prototypes::Event => event::targets(kernel),
        Prototypes::User => user::targets(kernel),
        Prototypes::None => Vec::new(),
    };
    // No SEC name reaches a target that is no identifier, and where one does, it has no struct of its own.
    let mut hooks: Vec<Hook> = targets
        .iter()
        .filter_map(|target| Hook::new(family, target).ok())
        .filter(|hook| !hook.is_generic())
        .collect();
    hooks.sort_unstable();
    hooks.dedup();
    hooks
}

/// The error for a hook that is not there. `tried` are the BTF names that would have been it.
fn unknown(kernel: &KernelBtf, hook: &Hook, tried: Vec<String>) -> PrototypeError {
    PrototypeError::UnknownHook {
        hook: hook.clone(),
        origin: kernel.origin().clone(),
        tried,
        nearest: Vec::new(),
    }
}

/// Those of a family's hooks that are on functions made of the same one as that of this hook.
fn clones(all: &[Hook], hook: &Hook) -> Vec<String> {
    let own = original(hook.target());
    all.iter()
        .filter(|other| hook.family().has_functions() && original(other.target()) == own)
        .map(ToString::to_string)
        .collect()
}

/// The error with the nearest names that there are, for a person to choose from.
pub(crate) fn with_nearest(kernel: &KernelBtf, error: PrototypeError) -> PrototypeError {
    match error {
        PrototypeError::UnknownHook {
            hook,
            origin,
            tried,
            ..
        } => {
            let meant = match hook.family().prototypes() {
                Prototypes::Function => function::behind_alias(kernel, &hook),
                _ => None,
            };
            let nearest = match (meant, hook.family().prototypes()) {
                (Some(meant), _) => vec![meant.to_string()],
                (None, Prototypes::StructOps) => struct_ops::nearest_hooks(kernel, &hook),
                (None, Prototypes::Event) => event::nearest_hooks(kernel, &hook),
                (None, _) => {
                    let all = all(kernel, hook.family());
                    match clones(&all, &hook) {
                        clones if clones.is_empty() => nearest_of(&all, hook.own_name()),
                        clones => clones,
                    }
                }
            };
            PrototypeError::UnknownHook {
                hook,
                origin,
                tried,
                nearest,
            }
        }
        error => error,
    }
}

/// The hooks with the names nearest to one.
fn nearest_of(all: &[Hook], name: &str) -> Vec<String> {
    nearest(name, all.iter().map(Hook::own_name))
        .iter()
        .filter_map(|name| all.iter().find(|hook| hook.own_name() == name))
        .map(ToString::to_string)
        .collect()
}

/// The prototype of a FUNC: its `FUNC_PROTO`.
pub(crate) fn proto_of<'b>(btf: &'b Btf<'_>, func: &Type<'_>) -> Option<Type<'b>> {
    let Kind::Func(proto) = func.kind() else {
        return None;
    };
    let proto = btf.get(proto)?;
    matches!(proto.kind(), Kind::FuncProto { .. }).then_some(proto)
}

fn returned(proto: &Type<'_>) -> TypeId {
    match proto.kind() {
        Kind::FuncProto { ret } => ret,
        _ => TypeId::VOID,
    }
}

/// Whether a prototype has no more parameters than there may be.
fn is_narrow(signature: &Signature) -> bool {
    signature.args.len() <= MAX_PARAMETERS
}

fn argument(param: Param<'_>) -> Argument {
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

fn unnamed<'p>(params: impl Iterator<Item = Param<'p>>) -> Vec<Argument> {
    params
        .map(|param| Argument {
            name: None,
            type_id: param.type_id,
            mark: None,
        })
        .collect()
}

/// Whether two parameter lists have the same types, names aside.
fn same_types(a: &Type<'_>, b: &Type<'_>) -> bool {
    a.params().len() == b.params().len()
        && a.leading_params()
            .zip(b.leading_params())
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
