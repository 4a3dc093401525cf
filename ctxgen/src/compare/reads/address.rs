//! Whether functions that programs attach to have addresses, where the kernel's symbols are known.
//!
//! BTF has functions without one: those that all callers have inlined, and those that the compiler has given
//! another name (`foo.isra.0`). The verifier looks up the address of what a trampoline is set on
//! (`bpf_check_attach_target` of `kernel/bpf/verifier.c`), and so does what sets a breakpoint
//! (`_kprobe_addr` of `kernel/kprobes.c`). A breakpoint needs no BTF.

use super::Reason;
use super::Unknown;
use crate::hook::Hook;
use crate::hook::Passing;
use crate::hook::Prototypes;
use crate::kernel::Arch;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::object::reads::ProgramReads;

/// Families of hooks that stand for system calls, whose functions libbpf finds out.
const SYSTEM_CALLS: [&str; 2] = ["ksyscall", "kretsyscall"];

/// Whether the function of a hook has an address; `None` where that is not known.
pub(super) fn has_address(kernel: &KernelBtf, hook: &Hook) -> Option<bool> {
    let family = hook.family();
    let symbols = kernel.symbols()?;
    let is_function = family.prototypes() == Prototypes::Function && !hook.is_generic();
    // What a function is called there has a dot before it on some of them.
    let is_dotted = matches!(kernel.arch(), None | Some(Arch::PowerPc));
    if !is_function || SYSTEM_CALLS.contains(&family.name()) || is_dotted {
        return None;
    }
    if symbols.has(hook.target()) {
        return Some(true);
    }
    // It may be a module's.
    let is_own = hook.module() == Some("vmlinux") || kernel.modules().is_empty();
    (symbols.has_modules() || is_own && is_in_btf(kernel, hook)).then_some(false)
}

fn is_in_btf(kernel: &KernelBtf, hook: &Hook) -> bool {
    let mut found = kernel.candidates(Named::Func, hook.target());
    found.next().is_some()
}

/// Why a program cannot attach to what BTF has.
pub(super) fn none(hook: &Hook) -> Reason {
    Reason::CannotAttach {
        hook: hook.to_string(),
        why: "the kernel's BTF has the function, and it has no address: it is inlined everywhere, or the compiler \
              has given it another name"
            .to_owned(),
    }
}

/// What is said of a hook that BTF does not have.
pub(super) fn without_btf(kernel: &KernelBtf, hook: &Hook, reason: Reason) -> Reason {
    let takes_breakpoint = hook.family().passing() == Passing::Registers;
    let is_absent = matches!(reason, Reason::HookAbsent { .. });
    match has_address(kernel, hook).filter(|_| is_absent && takes_breakpoint) {
        None => reason,
        Some(true) => Reason::NotKnown {
            why: Unknown::Hook(
                "the kernel has the function, and its BTF does not say what it gets".to_owned(),
            ),
        },
        Some(false) => Reason::HookAbsent {
            hook: hook.to_string(),
            is_certain: true,
        },
    }
}

/// Whether a program works there though BTF does not have it: it can attach, and reads nothing that would have
/// to be known.
pub(super) fn suffices(kernel: &KernelBtf, hook: &Hook, program: &ProgramReads) -> bool {
    let takes_breakpoint = hook.family().passing() == Passing::Registers;
    program.reads.is_empty() && takes_breakpoint && has_address(kernel, hook) == Some(true)
}
