//! Functions: fentry and its relatives.

use std::borrow::Cow;

use super::Signature;
use super::module_scope;
use super::protos::agreed;
use super::protos::funcs;
use super::protos::protos;
use super::protos::signature;
use super::returned;
use super::system_call;
use super::unknown;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::btf::compat::Agreement;
use crate::btf::compat::agreement;
use crate::hook::Family;
use crate::hook::Hook;
use crate::hook::Passing;
use crate::hook::Returned;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::prototype::PrototypeError;

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

pub(super) fn resolve(kernel: &KernelBtf, hook: &Hook) -> Result<Signature, PrototypeError> {
    let name = hook.target();
    let protos = protos(kernel, hook.module(), name);
    let by_registers = hook.family().passing() == Passing::Registers;
    let Some(proto) = protos.first() else {
        let alias = by_registers.then(|| system_call::aliased(kernel, name));
        return alias
            .flatten()
            .ok_or_else(|| unknown(kernel, hook, tried(kernel, name)));
    };
    let first = agreed(kernel.btf(), kernel.origin(), hook, proto, &protos)?;
    if let Some(whole) = with_implicit_arguments(kernel, hook, proto) {
        return Ok(signature(&whole, &format!("{name}{IMPLICIT}")));
    }
    // What a trampoline's program follows, the verifier knows as the registers that it is.
    Ok(match by_registers {
        true => system_call::with_call(kernel, name, first),
        false => first,
    })
}

/// What would have been the function.
fn tried(kernel: &KernelBtf, name: &str) -> Vec<String> {
    let behind = system_call::behind_alias(kernel, name);
    let is_alias =
        |func: String| format!("the function {name}, which is an alias of {func} and not in BTF");
    vec![behind.map_or_else(|| format!("the function {name}"), is_alias)]
}

/// The hook of the function that one stands for which the kernel has under another name than BTF.
pub(super) fn behind_alias(kernel: &KernelBtf, hook: &Hook) -> Option<Hook> {
    let func = system_call::behind_alias(kernel, hook.target())?;
    Hook::new(hook.family(), &func).ok()
}

pub(super) fn targets(kernel: &KernelBtf, family: Family) -> Vec<String> {
    let funcs = |prefix| {
        let funcs = kernel
            .index()
            .with_prefix(kernel.btf(), Named::Func, prefix);
        let targets = funcs.map(|func| match family.names_modules() {
            true => module_scope::target(kernel, &func, func.name()),
            false => func.name().into(),
        });
        each_once(targets)
    };
    match family.returned() {
        Returned::Int => modifiable().flat_map(funcs).collect(),
        _ if family.passing() == Passing::Registers => {
            let aliases = system_call::aliases(kernel);
            funcs("").chain(aliases).collect()
        }
        Returned::No | Returned::Value | Returned::Only => funcs("").collect(),
    }
}

/// Without those that are the same as the one before: functions of one name stand side by side.
fn each_once<'t>(targets: impl Iterator<Item = Cow<'t, str>>) -> impl Iterator<Item = String> {
    let mut last = None;
    targets.filter_map(move |target| {
        let is_new = last.as_ref() != Some(&target);
        last = is_new.then(|| target.clone()).or(last.take());
        is_new.then(|| target.into_owned())
    })
}

/// The prototype of a kfunc with the arguments that its callers do not pass; `None` for any other
/// function.
fn with_implicit_arguments<'k>(
    kernel: &'k KernelBtf,
    hook: &Hook,
    called: &Type<'_>,
) -> Option<Type<'k>> {
    let is_kfunc = |func: &Type<'_>| kernel.is_kfunc(func.id());
    if !funcs(kernel, hook.module(), hook.target())
        .iter()
        .any(is_kfunc)
    {
        return None;
    }
    let name = format!("{}{IMPLICIT}", hook.target());
    let whole = protos(kernel, hook.module(), &name).pop()?;
    let btf = kernel.btf();
    // The ids may differ: what callers see as a pointer into their arena, the function does not.
    let is_alike = |a: TypeId, b: TypeId| agreement((btf, a), (btf, b)) == Agreement::Same;
    let begins_alike = whole.params().len() > called.params().len()
        && called
            .leading_params()
            .zip(whole.leading_params())
            .all(|(a, b)| is_alike(a.type_id, b.type_id));
    (begins_alike && is_alike(returned(called), returned(&whole))).then_some(whole)
}

#[cfg(all(test, feature = "generate"))]
mod clone_tests;
#[cfg(test)]
mod tests;
