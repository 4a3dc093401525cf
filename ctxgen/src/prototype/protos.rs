//! The prototypes of the functions of one name.

use super::Argument;
use super::Mark;
use super::PrototypeError;
use super::Signature;
use super::argument;
use super::module_scope;
use super::proto_of;
use super::returned;
use crate::btf::Btf;
use crate::btf::CPrinter;
use crate::btf::Type;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::kernel::Origin;

/// A `FUNC_PROTO`.
pub(super) type Proto<'b> = Type<'b>;

pub(super) fn signature(proto: &Proto<'_>, func: &str) -> Signature {
    let args = proto
        .leading_params()
        .map(argument)
        .map(|argument| Argument {
            // Programs that look on at a call are not the ones whose arena it is.
            mark: argument
                .mark
                .filter(|mark| !matches!(mark, Mark::Arena { .. })),
            ..argument
        });
    Signature::new(args.collect(), returned(proto), func)
}

pub(super) fn funcs<'k>(kernel: &'k KernelBtf, module: Option<&str>, name: &str) -> Vec<Type<'k>> {
    let named = kernel.find(Named::Func, name);
    module_scope::meant(kernel, module, named)
}

pub(super) fn protos<'k>(kernel: &'k KernelBtf, module: Option<&str>, name: &str) -> Vec<Type<'k>> {
    let funcs = funcs(kernel, module, name);
    let protos = funcs.iter().filter_map(|func| proto_of(kernel.btf(), func));
    protos.collect()
}

/// The signature of the first of a hook's functions, where all have the same.
///
/// # Errors
/// [`PrototypeError::AmbiguousFunction`].
pub(super) fn agreed(
    btf: &Btf<'_>,
    origin: &Origin,
    hook: &Hook,
    first: &Proto<'_>,
    all: &[Proto<'_>],
) -> Result<Signature, PrototypeError> {
    let first = signature(first, hook.target());
    if all.len() == 1 {
        return Ok(first);
    }
    // Of equal types under different names, too, at most one set of names is the right one.
    let is_same = |other: &Proto<'_>| first.is_same(&signature(other, hook.target()));
    match all.iter().all(is_same) {
        true => Ok(first),
        false => Err(ambiguous(btf, origin.clone(), hook, all)),
    }
}

/// How many prototypes of functions of one name an error has.
const MAX_DIFFERENT: usize = 8;
/// How many bytes of C it has of each.
const MAX_PROTOTYPE: usize = 4096;

pub(super) fn ambiguous(
    btf: &Btf<'_>,
    origin: Origin,
    hook: &Hook,
    protos: &[Proto<'_>],
) -> PrototypeError {
    let printer = CPrinter::new(btf);
    // Told apart by their types, since different types may be written the same.
    let mut different: Vec<Signature> = Vec::new();
    let mut prototypes = Vec::new();
    for proto in protos {
        let signature = signature(proto, hook.target());
        if different.iter().any(|other| other.is_same(&signature)) {
            continue;
        }
        if different.len() == MAX_DIFFERENT {
            prototypes.sort();
            prototypes.push("and others".to_owned());
            break;
        }
        different.push(signature);
        // What cannot be printed is no reason to hide the others.
        let text = printer.declare_within(proto.id(), hook.target(), MAX_PROTOTYPE);
        prototypes.push(text.unwrap_or_else(|error| format!("({error})")));
    }
    if different.len() < MAX_DIFFERENT {
        prototypes.sort();
    }
    PrototypeError::AmbiguousFunction {
        hook: hook.clone(),
        origin,
        prototypes,
    }
}
