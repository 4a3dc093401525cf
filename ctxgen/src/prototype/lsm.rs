//! LSM hooks.
//!
//! The kernel makes a function `bpf_lsm_<hook>` for each hook of `lsm_hook_defs.h`; it has other
//! functions of that prefix too. A hook is what is also a member of `union security_list_options`,
//! which is made of the same list.

use std::collections::BTreeSet;

use super::Signature;
use super::proto_of;
use super::protos::signature;
use super::unknown;
use crate::btf::Kind;
use crate::btf::Type;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::prototype::PrototypeError;

const FUNC: &str = "bpf_lsm_";
const HOOKS: &str = "security_list_options";

pub(super) fn resolve(kernel: &KernelBtf, hook: &Hook) -> Result<Signature, PrototypeError> {
    let name = format!("{FUNC}{}", hook.target());
    let is_hook = kernel.has_member(HOOKS, hook.target());
    match proto(kernel, &name) {
        Some(proto) if is_hook => Ok(signature(&proto, &name)),
        _ => Err(unknown(
            kernel,
            hook,
            vec![
                format!("the member {} of union {HOOKS}", hook.target()),
                format!("the function {name}"),
            ],
        )),
    }
}

pub(super) fn targets(kernel: &KernelBtf) -> Vec<String> {
    let hooks: BTreeSet<&str> = hooks(kernel).collect();
    hooks
        .into_iter()
        .filter(|hook| proto(kernel, &format!("{FUNC}{hook}")).is_some())
        .map(str::to_owned)
        .collect()
}

fn proto<'k>(kernel: &'k KernelBtf, name: &str) -> Option<Type<'k>> {
    kernel
        .find(Named::Func, name)
        .find_map(|func| proto_of(kernel.btf(), &func))
}

fn hooks(kernel: &KernelBtf) -> impl Iterator<Item = &str> {
    kernel
        .candidates(Named::Union, HOOKS)
        .filter_map(|union| match union.kind() {
            Kind::Union(members) => Some(members),
            _ => None,
        })
        .flat_map(|union| union.members().map(|member| member.name))
}
