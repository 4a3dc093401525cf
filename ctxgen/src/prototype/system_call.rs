//! System calls, by the functions that the kernel enters them through.
//!
//! Where the architecture has wrappers (`CONFIG_ARCH_HAS_SYSCALL_WRAPPER`), these get one argument, a
//! pointer to the registers that user space made the call with, and the call's own arguments are in
//! there. libbpf attaches `ksyscall` programs to them (`attach_ksyscall` of `libbpf.c`).

use super::Argument;
use super::NamesFrom;
use super::Signature;
use super::SystemCall;
use super::protos;
use super::unknown;
use crate::btf::Kind;
use crate::hook::Hook;
use crate::kernel::Arch;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::prototype::PrototypeError;
use crate::prototype::syscall;
use crate::text::struct_names::PT_REGS;

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

/// What the wrappers of calls without arguments are called on x86-64 beside their function: aliases, of
/// which BTF has nothing (`__SYS_STUB0` of `arch/x86/include/asm/syscall_wrapper.h`).
const ALIASES: [&str; 2] = ["__x64_sys_", OF_32_BITS];

/// What a wrapper is called that an x86 kernel has for programs of 32 bits.
pub(super) const OF_32_BITS: &str = "__ia32_sys_";

/// A wrapper that each x86 kernel has that runs programs of 32 bits.
const RUNS_32_BITS: &str = "__ia32_sys_read";

pub(super) fn resolve(kernel: &KernelBtf, hook: &Hook) -> Result<Signature, PrototypeError> {
    let name = hook.target();
    let prefix = kernel.arch().and_then(wrapper);
    let wrapper = prefix.map(|prefix| format!("{prefix}{name}"));
    if let Some(function) = &wrapper {
        let protos = protos::protos(kernel, None, function);
        let signatures: Vec<Signature> = protos
            .iter()
            .map(|proto| protos::signature(proto, function))
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
                return Err(protos::ambiguous(kernel.btf(), origin, hook, &protos));
            }
            let argument = first.args.iter().map(|argument| Argument {
                name: Some(ARGUMENTS.to_owned()),
                ..argument.clone()
            });
            return Ok(with_call(
                kernel,
                function,
                Signature {
                    args: argument.collect(),
                    ..first.clone()
                },
            ));
        }
        if let Some(signature) = aliased(kernel, function) {
            return Ok(signature);
        }
    }
    let direct = format!("{WITHOUT_WRAPPER}{name}");
    match protos::protos(kernel, None, &direct).first() {
        Some(found) => {
            // Its parameters are all `long`.
            let own = syscall::signature(kernel, name);
            Ok(own.unwrap_or_else(|| protos::signature(found, &direct)))
        }
        None => {
            let tried = wrapper.into_iter().chain([direct]);
            let tried = tried.map(|function| format!("the function {function}"));
            Err(unknown(kernel, hook, tried.collect()))
        }
    }
}

/// What a wrapper is called with: the registers of user space, with the call that they are of; nothing
/// where that takes no arguments.
pub(super) fn with_call(kernel: &KernelBtf, function: &str, signature: Signature) -> Signature {
    match of_wrapper(kernel, function, &signature) {
        Some(call) if call.signature.args.is_empty() => Signature {
            args: Vec::new(),
            names_from: NamesFrom::NoArguments,
            ..signature
        },
        system_call => Signature {
            system_call,
            ..signature
        },
    }
}

/// The signature of a wrapper that is nothing but an alias, of a call without arguments.
pub(super) fn aliased(kernel: &KernelBtf, function: &str) -> Option<Signature> {
    let (prefix, name) = alias(function)?;
    let is_there = prefix != OF_32_BITS || runs_32_bits(kernel);
    (is_there && syscall::is_without_wrapper(kernel, name))
        .then(|| syscall::signature(kernel, name))?
        .filter(|signature| signature.args.is_empty())
}

/// The function that a wrapper is an alias of, where the kernel's BTF has that.
pub(super) fn behind_alias(kernel: &KernelBtf, function: &str) -> Option<String> {
    aliased(kernel, function)?;
    let (_, name) = alias(function)?;
    let func = format!("{}{name}", syscall::FUNC);
    let mut found = kernel.find(Named::Func, &func);
    found.next().is_some().then_some(func)
}

/// All wrappers that are aliases.
pub(super) fn aliases(kernel: &KernelBtf) -> Vec<String> {
    let calls = syscall::without_wrapper(kernel);
    let prefixes = ALIASES
        .into_iter()
        .filter(|prefix| *prefix != OF_32_BITS || runs_32_bits(kernel));
    let of_prefix = |prefix| calls.iter().map(move |name| format!("{prefix}{name}"));
    prefixes.flat_map(of_prefix).collect()
}

/// Prefix and call of a wrapper that may be an alias.
fn alias(function: &str) -> Option<(&'static str, &str)> {
    ALIASES
        .into_iter()
        .find_map(|prefix| Some((prefix, function.strip_prefix(prefix)?)))
}

fn runs_32_bits(kernel: &KernelBtf) -> bool {
    let mut wrappers = kernel.find(Named::Func, RUNS_32_BITS);
    wrappers.next().is_some()
}

/// The system call that a function is the wrapper of, with its arguments.
fn of_wrapper(
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
    pointee.is_some_and(|ty| ty.name() == PT_REGS)
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
    targets.extend(syscall::without_wrapper(kernel));
    targets
}

#[cfg(test)]
mod tests;
