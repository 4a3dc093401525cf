//! Where a hook is looked for: in the kernel and in its modules.

use std::borrow::Cow;

use crate::btf::Type;
use crate::hook::Hook;
use crate::hook::VMLINUX;
use crate::kernel::KernelBtf;
use crate::kernel::Module;
use crate::prototype::PrototypeError;

/// Whether the module that a hook names, if it names one, is there at all.
pub(super) fn is_known(kernel: &KernelBtf, hook: &Hook) -> Result<(), PrototypeError> {
    let modules = kernel.modules();
    match hook.module() {
        Some(name) if name != VMLINUX && modules.iter().all(|module| module.name() != name) => {
            Err(PrototypeError::UnknownModule {
                hook: hook.clone(),
                module: name.to_owned(),
                origin: kernel.origin().clone(),
            })
        }
        _ => Ok(()),
    }
}

/// Of the types that bear a name, those that a hook of it stands for: those of the module that it
/// names; where it names none, the kernel's own, or else those of any module. So does libbpf look
/// for them (`find_kernel_btf_id` of `libbpf.c`).
pub(super) fn meant<'k>(
    kernel: &KernelBtf,
    module: Option<&str>,
    types: impl Iterator<Item = Type<'k>>,
) -> Vec<Type<'k>> {
    let mut types: Vec<Type<'k>> = types.collect();
    let place = |ty: &Type<'_>| kernel.module_of(ty.id()).map(Module::name);
    let wanted = match module {
        Some(name) => Some(name).filter(|name| *name != VMLINUX),
        None if types.iter().all(|ty| place(ty).is_some()) => return types,
        None => None,
    };
    types.retain(|ty| place(ty) == wanted);
    types
}

/// The target by which that type is meant and no other of its name.
pub(super) fn target<'n>(kernel: &KernelBtf, ty: &Type<'_>, name: &'n str) -> Cow<'n, str> {
    match kernel.module_of(ty.id()) {
        Some(module) => format!("{}:{name}", module.name()).into(),
        None => name.into(),
    }
}
