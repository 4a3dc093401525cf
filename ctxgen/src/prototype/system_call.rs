//! System calls, by the functions that the kernel enters them through.
//!
//! Where the architecture has wrappers (`CONFIG_ARCH_HAS_SYSCALL_WRAPPER`), these get one argument, a
//! pointer to the registers that user space made the call with, and the call's own arguments are in
//! there. libbpf attaches `ksyscall` programs to them (`attach_ksyscall` of `libbpf.c`).

use super::Argument;
use super::Lookup;
use super::Settled;
use super::Signature;
use super::SystemCall;
use super::function;
use super::unknown;
use crate::Error;
use crate::btf::Kind;
use crate::hook::Hook;
use crate::kernel::Arch;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::syscall;

/// What the wrappers are called before the call's name (`arch_specific_syscall_pfx` of `libbpf.c`, and
/// `arch/*/include/asm/syscall_wrapper.h`).
pub(super) const WRAPPERS: [(Arch, &str); 5] = [
    (Arch::X86, "__x64_sys_"),
    (Arch::Arm64, "__arm64_sys_"),
    (Arch::S390, "__s390x_sys_"),
    (Arch::Riscv, "__riscv_sys_"),
    (Arch::PowerPc, "__powerpc_sys_"),
];

/// Where there is no wrapper, with the arguments themselves (`__SYSCALL_DEFINEx` of
/// `include/linux/syscalls.h`).
pub(super) const WITHOUT_WRAPPER: &str = "__se_sys_";

/// What the wrapper's argument is called in a `ksyscall` context.
const ARGUMENTS: &str = "args";

pub(super) fn resolve(kernel: &KernelBtf, hook: &Hook) -> Result<Signature, Error> {
    let name = hook.target();
    let prefix = kernel.arch().and_then(wrapper);
    let wrapper = prefix.map(|prefix| format!("{prefix}{name}"));
    if let Some(function) = &wrapper {
        let protos = function::protos(kernel, None, function);
        let signatures: Vec<Signature> = protos
            .iter()
            .map(|proto| function::signature(proto, function))
            .collect();
        // That of a call without arguments may have none either.
        let is_wrapper = |signature: &Signature| match &signature.args[..] {
            [] => true,
            [argument] => is_registers(kernel, argument),
            _ => false,
        };
        // There may be one more for another ABI, under the same name; what they take is the same.
        if let Some(first) = signatures.first() {
            if !signatures.iter().all(is_wrapper) {
                let origin = kernel.origin().clone();
                return Err(function::ambiguous(kernel.btf(), origin, hook, &protos));
            }
            let argument = first.args.iter().map(|argument| Argument {
                name: Some(ARGUMENTS.to_owned()),
                ..argument.clone()
            });
            return Ok(Signature {
                args: argument.collect(),
                system_call: of_wrapper(kernel, function, first),
                ..first.clone()
            });
        }
    }
    let direct = format!("{WITHOUT_WRAPPER}{name}");
    match function::protos(kernel, None, &direct).first() {
        Some(found) => {
            // Its parameters are all `long`.
            let own = syscall::signature(kernel, name);
            Ok(own.unwrap_or_else(|| function::signature(found, &direct)))
        }
        None => {
            let tried = wrapper.into_iter().chain([direct]);
            let tried = tried.map(|function| format!("the function {function}"));
            Err(unknown(kernel, hook, tried.collect()))
        }
    }
}

/// The system call that a function is the wrapper of, with its arguments.
pub(super) fn of_wrapper(
    kernel: &KernelBtf,
    function: &str,
    signature: &Signature,
) -> Option<Box<SystemCall>> {
    let name = function.strip_prefix(wrapper(kernel.arch()?)?)?;
    let [argument] = &signature.args[..] else {
        return None;
    };
    is_registers(kernel, argument)
        .then(|| syscall::signature(kernel, name))?
        .map(|signature| {
            Box::new(SystemCall {
                name: name.to_owned(),
                signature,
            })
        })
}

fn wrapper(arch: Arch) -> Option<&'static str> {
    let known = WRAPPERS.iter().find(|(known, _)| *known == arch);
    known.map(|(_, prefix)| *prefix)
}

/// Whether an argument is a pointer to `struct pt_regs`.
fn is_registers(kernel: &KernelBtf, argument: &Argument) -> bool {
    let btf = kernel.btf();
    let pointee = match btf.resolve(argument.type_id).map(|ty| ty.kind()) {
        Some(Kind::Ptr(to)) => btf.resolve(to),
        _ => None,
    };
    pointee.is_some_and(|ty| ty.name() == super::generic::PT_REGS)
}

pub(super) fn lookups(name: &str) -> Vec<Lookup> {
    let wrappers = WRAPPERS.iter().map(|(_, prefix)| format!("{prefix}{name}"));
    let functions = wrappers.chain([format!("{WITHOUT_WRAPPER}{name}")]);
    let functions = functions.map(|function| Lookup::Type(Named::Func, function));
    functions.chain(syscall::lookups(name)).collect()
}

/// What [`of_wrapper`] looks up besides the function.
pub(super) fn lookups_of_wrapper(function: &str) -> Vec<Lookup> {
    let names = WRAPPERS
        .iter()
        .filter_map(|(_, prefix)| function.strip_prefix(prefix));
    names.flat_map(syscall::lookups).collect()
}

pub(super) fn targets(kernel: &KernelBtf) -> Vec<String> {
    let wrapper = kernel.arch().and_then(wrapper);
    let prefixes = wrapper.into_iter().chain([WITHOUT_WRAPPER]);
    let mut targets = Vec::new();
    for prefix in prefixes {
        let functions = kernel
            .index()
            .with_prefix(kernel.btf(), Named::Func, prefix);
        let names = functions.filter_map(|ty| ty.name().strip_prefix(prefix));
        targets.extend(names.map(str::to_owned));
    }
    targets
}

/// What [`of_wrapper`] takes of a kernel besides.
pub(super) fn settled_of_wrapper(kernel: &KernelBtf, function: &str) -> Settled {
    let prefix = kernel.arch().and_then(wrapper);
    let name = prefix.and_then(|prefix| function.strip_prefix(prefix));
    name.map_or_else(Settled::default, |name| syscall::settled(kernel, name))
}
