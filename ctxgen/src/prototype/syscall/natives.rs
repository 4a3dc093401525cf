//! Which system calls have trace events, as far as an architecture decides it.
//!
//! The kernel makes events for the calls in its table of the native ABI, by the names in
//! `SYSCALL_DEFINE` (`init_syscall_trace` and `find_syscall_meta` of `kernel/trace/trace_syscalls.c`).
//! Its BTF has functions of more calls than that: those for programs of 32 bits (`stat`, `socketcall`,
//! `chown16`, `futex_time32`), and stubs of all that some architecture has (`COND_SYSCALL` of
//! `kernel/sys_ni.c`). New calls are added to all architectures at once; the others are in
//! `natives.txt`, sorted, each with the architectures whose native table has it. It is made from
//! `arch/*/kernel/syscalls/*.tbl` and `include/uapi/asm-generic/unistd.h`, and from the functions and the
//! events of the kernels that ctxgen is tested on.

use crate::kernel::Arch;

static NATIVES: &str = include_str!("natives.txt");

/// The columns of `natives.txt`, by architecture. Those with the table of
/// `include/uapi/asm-generic/unistd.h` share a column. Of others, nothing is known.
const COLUMNS: [(Arch, &str); 5] = [
    (Arch::X86, "x86_64"),
    (Arch::S390, "s390x"),
    (Arch::Arm64, "generic"),
    (Arch::Riscv, "generic"),
    (Arch::LoongArch, "generic"),
];

/// What x86-64 kernels have and BTF may lack all traces of: `__x64_sys_<name>` is an alias of
/// `__do_sys_<name>` where a call takes no arguments (`__X64_SYS_STUB0` of
/// `arch/x86/include/asm/syscall_wrapper.h`), and kernels built with clang have no function of the latter
/// name in their BTF.
const X86_WITHOUT_ARGUMENTS: [&str; 17] = [
    "fork",
    "getegid",
    "geteuid",
    "getgid",
    "getpgrp",
    "getpid",
    "getppid",
    "gettid",
    "getuid",
    "pause",
    "restart_syscall",
    "rt_sigreturn",
    "sched_yield",
    "setsid",
    "sync",
    "vfork",
    "vhangup",
];

/// Whether the native ABI of an architecture may have a call; `None` where nothing is known of the call or
/// of the architecture.
pub(super) fn is_native(name: &str, arch: Option<Arch>) -> Option<bool> {
    let (_, column) = COLUMNS.iter().find(|(of, _)| Some(*of) == arch)?;
    let mut lines = NATIVES.lines().filter_map(|line| line.split_once(':'));
    let (_, columns) = lines.find(|(known, _)| *known == name)?;
    Some(columns.split_whitespace().any(|native| native == *column))
}

/// Whether a kernel has a call without arguments whatever its BTF has.
pub(super) fn is_certain(name: &str, arch: Option<Arch>) -> bool {
    arch == Some(Arch::X86) && X86_WITHOUT_ARGUMENTS.contains(&name)
}

/// The calls of [`is_certain`].
pub(super) fn certain(arch: Option<Arch>) -> impl Iterator<Item = &'static str> {
    let of_x86 = X86_WITHOUT_ARGUMENTS.iter().copied();
    of_x86.filter(move |name| is_certain(name, arch))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::ident::is_identifier;

    #[test]
    fn every_line_is_a_call() {
        let names: Vec<&str> = NATIVES
            .lines()
            .map(|line| line.split_once(':').expect(line).0)
            .collect();
        assert!(names.is_sorted());
        assert!(names.iter().all(|name| is_identifier(name)));
        let columns = NATIVES.lines().filter_map(|line| line.split_once(':'));
        for column in columns.flat_map(|(_, columns)| columns.split_whitespace()) {
            assert!(
                COLUMNS.iter().any(|(_, known)| *known == column),
                "{column}"
            );
        }
    }

    #[test]
    fn architectures_differ() {
        for (name, arch, native) in [
            ("stat", Arch::X86, Some(false)),
            ("newstat", Arch::X86, Some(true)),
            ("newstat", Arch::Arm64, Some(false)),
            ("open", Arch::Riscv, Some(false)),
            ("socketcall", Arch::X86, Some(false)),
            ("socketcall", Arch::S390, Some(true)),
            ("chown16", Arch::S390, Some(false)),
            ("openat", Arch::X86, None),
            ("a_call_to_come", Arch::X86, None),
            ("stat", Arch::Arm, None),
        ] {
            assert_eq!(is_native(name, Some(arch)), native, "{name} {arch}");
        }
        assert_eq!(is_native("stat", None), None);
    }
}
