//! Iterators: `bpf_iter_<target>` is the function that a program attaches to, and
//! `struct bpf_iter__<target>` the context that it gets (`DEFINE_BPF_ITER_FUNC` and
//! `struct bpf_iter_reg` of `include/linux/bpf.h`).

use std::cell::Cell;

use super::Prototype;
use super::unknown;
use crate::btf::Type;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::prototype::PrototypeError;

const FUNC: &str = "bpf_iter_";
const CONTEXT: &str = "bpf_iter__";

pub(super) fn resolve(kernel: &KernelBtf, hook: &Hook) -> Result<Prototype, PrototypeError> {
    let target = hook.target();
    match context(kernel, target) {
        Some(ty) => Ok(Prototype::Kernel { type_id: ty.id() }),
        None => Err(unknown(
            kernel,
            hook,
            vec![
                format!("struct {CONTEXT}{target}"),
                format!("the function {FUNC}{target}"),
            ],
        )),
    }
}

pub(super) fn targets(kernel: &KernelBtf) -> Vec<String> {
    let last = Cell::new(None);
    kernel
        .index()
        .with_prefix(kernel.btf(), Named::Struct, CONTEXT)
        .filter_map(|ty| ty.name().strip_prefix(CONTEXT))
        // Structs of one name stand side by side.
        .filter(|target| last.replace(Some(*target)) != Some(*target))
        .filter(|target| context(kernel, target).is_some())
        .map(str::to_owned)
        .collect()
}

/// The context struct. `bpf_iter__<target>__safe_trusted` and its like, which only tell the
/// verifier which members may be followed, have no function.
fn context<'k>(kernel: &'k KernelBtf, target: &str) -> Option<Type<'k>> {
    kernel
        .find(Named::Func, &format!("{FUNC}{target}"))
        .next()?;
    kernel
        .find(Named::Struct, &format!("{CONTEXT}{target}"))
        .next()
}
