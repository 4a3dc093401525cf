//! Hooks to prototypes: what arguments a hook passes, of which types, under which names.

mod error;
mod event;
mod function;
mod generic;
mod iter;
mod list;
mod lsm;
mod module_scope;
mod nearest_hooks;
mod opaque;
pub(crate) mod pairing;
mod passed;
mod protos;
mod signature;
mod struct_ops;
pub(crate) mod syscall;
mod system_call;
mod tracepoint;
mod unsupported;
mod user;

pub use self::error::Addition;
pub use self::error::PrototypeError;
use self::error::unknown;
pub use self::event::Record;
pub use self::event::RecordField;
pub(crate) use self::event::STRUCT as RECORD_OF_CLASS;
#[cfg(feature = "generate")]
pub use self::event::unknown_category;
pub(crate) use self::generic::registers;
pub use self::list::hooks;
pub(crate) use self::nearest_hooks::with_nearest;
pub use self::passed::Prototype;
pub use self::signature::Argument;
pub use self::signature::Mark;
pub use self::signature::NamesFrom;
pub use self::signature::Signature;
pub use self::signature::SystemCall;
use self::signature::argument;
use self::signature::is_narrow;
pub(crate) use self::signature::proto_of;
use self::signature::returned;
use self::signature::same_types;
use self::signature::unnamed;
pub(crate) use self::struct_ops::WRAPPER;
pub(crate) use self::unsupported::MAX_BY_VALUE;
pub(crate) use self::unsupported::MAX_SLOTS;
pub use self::unsupported::SLOT;
pub use self::unsupported::Unsupported;
use crate::btf::MAX_PARAMETERS;
use crate::hook::Hook;
use crate::hook::Prototypes;
use crate::kernel::KernelBtf;

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
        Err(PrototypeError::UnknownHook { .. }) => {
            let (_, touched) = kernel.touched_by(|| look_up_named(kernel, hook));
            match opaque::kind(kernel, hook, &touched.asked) {
                Some(kind) => Err(PrototypeError::Unsupported {
                    hook: hook.clone(),
                    reason: Unsupported::UnknownKind(kind),
                }),
                None => found,
            }
        }
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
