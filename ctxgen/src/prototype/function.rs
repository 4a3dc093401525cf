//! Functions: fentry and its relatives.

use super::Lookup;
use super::Signature;
use super::argument;
use super::place;
use super::proto_of;
use super::returned;
use super::system_call;
use super::unknown;
use crate::Error;
use crate::btf::Btf;
use crate::btf::CDump;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::hook::Family;
use crate::hook::Hook;
use crate::hook::Passing;
use crate::hook::Returned;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::kernel::Origin;

/// What the functions of the LSM framework are called.
const SECURITY: &str = "security_";

/// Functions that a `fmod_ret` program may attach to by their name alone start so: those of the LSM
/// framework, and system calls, all of which are open to error injection. Others are where the
/// kernel marks them so, which BTF does not tell (`check_attach_modify_return` in
/// `kernel/bpf/verifier.c`).
fn modifiable() -> impl Iterator<Item = &'static str> {
    let calls = system_call::WRAPPERS.into_iter().map(|(_, prefix)| prefix);
    [SECURITY].into_iter().chain(calls)
}

/// Since 7.0, a kfunc's prototype in BTF may be the one that programs call it by, without the
/// arguments that the verifier adds (`KF_IMPLICIT_ARGS`). `resolve_btfids` puts the whole prototype
/// under the function's name with this behind it, and the kernel attaches by that one.
const IMPLICIT: &str = "_impl";

/// What a function is tagged with that programs may call.
const KFUNC: &str = "bpf_kfunc";

pub(super) fn resolve(kernel: &KernelBtf, hook: &Hook) -> Result<Signature, Error> {
    let name = hook.target();
    let protos = protos(kernel, hook.module(), name);
    let Some(proto) = protos.first() else {
        return Err(unknown(kernel, hook, vec![format!("the function {name}")]));
    };
    let first = agreed(kernel.btf(), kernel.origin(), hook, proto, &protos)?;
    if let Some(whole) = with_implicit_arguments(kernel, hook, proto) {
        return Ok(signature(&whole, &format!("{name}{IMPLICIT}")));
    }
    // What a trampoline's program follows, the verifier knows as the registers that it is.
    let system_call = match hook.family().passing() {
        Passing::Registers => system_call::of_wrapper(kernel, name, &first),
        Passing::Slots | Passing::Memory => None,
    };
    Ok(Signature {
        system_call,
        ..first
    })
}

pub(super) fn lookups(hook: &Hook) -> Vec<Lookup> {
    let name = hook.target();
    let mut lookups = vec![
        Lookup::Type(Named::Func, name.to_owned()),
        Lookup::Type(Named::Func, format!("{name}{IMPLICIT}")),
        Lookup::Tag(KFUNC),
    ];
    if hook.family().passing() == Passing::Registers {
        lookups.extend(system_call::lookups_of_wrapper(name));
    }
    lookups
}

/// A `FUNC_PROTO`.
pub(super) type Proto<'b> = Type<'b>;

pub(super) fn signature(proto: &Proto<'_>, func: &str) -> Signature {
    let args = proto.params().map(argument).collect();
    Signature::new(args, returned(proto), func)
}

pub(super) fn targets(kernel: &KernelBtf, family: Family) -> Vec<String> {
    let funcs = |prefix| {
        kernel
            .index()
            .with_prefix(kernel.btf(), Named::Func, prefix)
            .map(|func| match family.names_modules() {
                true => place::target(kernel, &func, func.name()),
                false => func.name().to_owned(),
            })
    };
    match family.returned() {
        Returned::Int => modifiable().flat_map(funcs).collect(),
        Returned::No | Returned::Value | Returned::Only => funcs("").collect(),
    }
}

fn funcs<'k>(kernel: &'k KernelBtf, module: Option<&str>, name: &str) -> Vec<Type<'k>> {
    let named = kernel.index().find(kernel.btf(), Named::Func, name);
    place::meant(kernel, module, named)
}

pub(super) fn protos<'k>(kernel: &'k KernelBtf, module: Option<&str>, name: &str) -> Vec<Type<'k>> {
    let funcs = funcs(kernel, module, name);
    let protos = funcs.iter().filter_map(|func| proto_of(kernel.btf(), func));
    protos.collect()
}

/// The prototype of a kfunc with the arguments that its callers do not pass; `None` for any other
/// function.
fn with_implicit_arguments<'k>(
    kernel: &'k KernelBtf,
    hook: &Hook,
    called: &Type<'_>,
) -> Option<Type<'k>> {
    let name = format!("{}{IMPLICIT}", hook.target());
    let whole = protos(kernel, hook.module(), &name).pop()?;
    let begins_alike = whole.params().len() > called.params().len()
        && called
            .params()
            .zip(whole.params())
            .all(|(a, b)| a.type_id == b.type_id);
    (begins_alike && returned(&whole) == returned(called) && is_kfunc(kernel, hook))
        .then_some(whole)
}

fn is_kfunc(kernel: &KernelBtf, hook: &Hook) -> bool {
    let funcs: Vec<TypeId> = funcs(kernel, hook.module(), hook.target())
        .iter()
        .map(Type::id)
        .collect();
    kernel.btf().types().any(|ty| {
        let tags =
            matches!(ty.kind(), Kind::DeclTag { target, component: -1 } if funcs.contains(&target));
        tags && ty.name() == KFUNC
    })
}

/// The signature of the first of a hook's functions, where all have the same.
///
/// # Errors
/// [`Error::AmbiguousFunction`].
pub(super) fn agreed(
    btf: &Btf<'_>,
    origin: &Origin,
    hook: &Hook,
    first: &Proto<'_>,
    all: &[Proto<'_>],
) -> Result<Signature, Error> {
    let first = signature(first, hook.target());
    // Of equal types under different names, too, at most one set of names is the right one.
    let is_same = |other: &Proto<'_>| first.is_same(&signature(other, hook.target()));
    match all.iter().all(is_same) {
        true => Ok(first),
        false => Err(ambiguous(btf, origin.clone(), hook, all)),
    }
}

pub(super) fn ambiguous(btf: &Btf<'_>, origin: Origin, hook: &Hook, protos: &[Proto<'_>]) -> Error {
    let mut dump = match CDump::new(btf) {
        Ok(dump) => dump,
        Err(error) => return Error::Dump { origin, error },
    };
    // Told apart by their types, since different types may be written the same.
    let mut different: Vec<Signature> = Vec::new();
    let mut prototypes = Vec::new();
    for proto in protos {
        let signature = signature(proto, hook.target());
        if different.iter().any(|other| other.is_same(&signature)) {
            continue;
        }
        different.push(signature);
        // What cannot be printed is no reason to hide the others.
        let text = dump.declare(proto.id(), hook.target());
        prototypes.push(text.unwrap_or_else(|error| format!("({error})")));
    }
    prototypes.sort();
    Error::AmbiguousFunction {
        hook: hook.clone(),
        origin,
        prototypes,
    }
}

#[cfg(test)]
mod tests {
    use crate::Context;
    use crate::btf::BtfWriter;
    use crate::btf::ByteOrder;
    use crate::ctx_btf::CtxBtf;
    use crate::hook::Hook;
    use crate::kernel::KernelBtf;
    use crate::kernel::Origin;
    use crate::prototype::hooks;
    use crate::render;

    /// `foo` is there only as a compiler's clone, as pahole's `true_signature` has it; `bar` is there, and
    /// its clone is not.
    fn kernel(order: ByteOrder) -> KernelBtf {
        let mut writer = BtfWriter::new(order);
        let int = writer.unsigned("unsigned int", 4);
        let clone = writer.prototype(&[("sk__state", int), ("flags", int)], int);
        writer.function("foo.isra.0", clone);
        writer.function("foo.isra.0.cold", clone);
        let bar = writer.prototype(&[("x", int)], int);
        writer.function("bar", bar);
        let origin = Origin::Memory("test".to_owned());
        KernelBtf::from_bytes(&writer.finish(), origin).unwrap()
    }

    fn context(kernel: &KernelBtf, hook: &str) -> Result<Context, crate::Error> {
        Context::of_hook(kernel, &hook.parse::<Hook>().unwrap())
    }

    #[test]
    fn a_clone_has_a_context_of_its_own() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let kernel = kernel(order);
            for hook in ["fentry/foo.isra.0", "btf_fentry_1foo_0isra_00_ctx"] {
                let context = context(&kernel, hook).unwrap();
                assert_eq!(context.struct_name, "btf_fentry_1foo_0isra_00_ctx");
                let ctx = CtxBtf::new(&kernel, [context]).unwrap();
                let header = render::header(&ctx).unwrap();
                assert!(header.contains("fentry/foo.isra.0"), "{header}");
                assert!(header.contains("arguments may be missing"), "{header}");
                assert!(header.contains("sk__state"), "{header}");
            }
            let family = "fentry/x".parse::<Hook>().unwrap().family();
            let all: Vec<String> = hooks(&kernel, family)
                .map(|hook| hook.to_string())
                .collect();
            assert_eq!(
                all,
                ["fentry/bar", "fentry/foo.isra.0", "fentry/foo.isra.0.cold"]
            );
        }
    }

    #[test]
    fn what_is_there_only_as_a_clone() {
        let kernel = kernel(ByteOrder::HOST);
        let error = context(&kernel, "fentry/foo").unwrap_err().to_string();
        assert!(
            error.contains("has made other functions of it") && error.contains("fentry/foo.isra.0"),
            "{error}"
        );
        let error = context(&kernel, "fexit/bar.constprop.0").unwrap_err();
        let error = error.to_string();
        assert!(error.contains("Similar names: fexit/bar"), "{error}");
    }
}
