//! Programs on hooks that none of the kernels has, whatever context they take.
//!
//! A context struct of such a hook cannot be made, which is an error where it is named. Slots, registers and
//! what claims nothing name no hook: there, the section alone does. libbpf looks it up when it loads the
//! program (`find_kernel_btf_id` and `bpf_map__init_kern_struct_ops` of `libbpf.c`), or the kernel when it is
//! attached.
//!
//! BTF tells of most hooks whether they are there, but not of all: those of a module may be in one that was
//! not given, and functions without BTF (of assembler, or such as the compiler has changed) take breakpoints
//! like others. Of these, a warning has to do.

use ctxgen::Context;
use ctxgen::Error;
use ctxgen::Hook;
use ctxgen::HookError;
use ctxgen::KernelBtf;
use ctxgen::Passing;
use ctxgen::PrototypeError;
use ctxgen::Prototypes;
use ctxgen::SecName;
use ctxgen::object::Program;
use ctxgen::text::name;
use libbpf_rs::libbpf_sys::BTF_KIND_FUNC;
use libbpf_rs::libbpf_sys::BTF_KIND_STRUCT;

use super::refused::Reads;
use super::section::at_run_time;
use crate::display::shown;
use crate::error::advised;
use crate::findings::Mismatch;

/// How the kernel's entries of system calls begin: modules have none.
const SYSTEM_CALLS: [&str; 4] = ["__x64_sys_", "__ia32_sys_", "__arm64_sys_", "__se_sys_"];

/// What is found of such programs.
#[derive(Debug, Default)]
pub(crate) struct Unhooked {
    /// Those that cannot be loaded or attached.
    pub(crate) mismatches: Vec<Mismatch>,
    /// What is said of those whose hook may be there all the same.
    pub(crate) warnings: Vec<String>,
}

/// How sure it is that a hook is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Certainty {
    /// It is none of the kernel's, nor can it be a module's.
    Absent,
    /// It may be in a module, or without BTF.
    MayBeElsewhere,
}

/// The programs that are on no hook of any of these kernels, but for those that `known` names.
pub(crate) fn unhooked(kernels: &[KernelBtf], reads: &Reads<'_>, known: &[Mismatch]) -> Unhooked {
    let mut found = Unhooked::default();
    if kernels.iter().any(is_cut_down) {
        return found;
    }
    for program in reads.object().programs() {
        if known.iter().any(|known| known.program == program.name) {
            continue;
        }
        let Some((hook, why, certainty)) = absent(kernels, program) else {
            continue;
        };
        let is_optional = program.section.starts_with('?');
        let is_slip = certainty == Certainty::Absent || is_slip(&hook, &why);
        // Programs for some kernels only are not loaded unless asked for: it is not of this kernel.
        if is_optional && !is_slip {
            continue;
        }
        let is_error = is_slip && !is_optional && !takes_breakpoint(&hook);
        let why = format!("{}{}", advised(&why), remark(program, &hook, certainty));
        match is_error {
            true => found.mismatches.push(mismatch(reads, program, why)),
            false => found.warnings.push(warning(reads, program, &why)),
        }
    }
    found
}

/// The first hook of a program that no kernel has, and what is said of it.
fn absent(kernels: &[KernelBtf], program: &Program) -> Option<(Hook, Error, Certainty)> {
    if let (Err(error @ HookError::BadTarget { .. }), true) = (
        SecName::parse(&program.section),
        program.implements.is_empty(),
    ) {
        return of_bad_target(program, error.into());
    }
    program.hooks().into_iter().find_map(|hook| {
        let mut first = None;
        let mut certainty = Certainty::Absent;
        for kernel in kernels {
            let (error, own) = absence(kernel, &hook)?;
            first.get_or_insert(error);
            if own == Certainty::MayBeElsewhere {
                certainty = own;
            }
        }
        Some((hook, first?, certainty))
    })
}

/// A target that no function, tracepoint or LSM hook can have as its name. Of others, libbpf and the kernel
/// take more than ctxgen.
fn of_bad_target(program: &Program, error: Error) -> Option<(Hook, Error, Certainty)> {
    let section = program.section.trim_start_matches('?');
    let (section, _) = section.split_once('/')?;
    let hook: Hook = format!("{section}/any_target").parse().ok()?;
    let needs_btf = hook.family().passing() == Passing::Slots && hook.family().name() != "raw_tp";
    needs_btf.then_some((hook, error, Certainty::Absent))
}

/// Why a kernel lacks a hook, where it does.
fn absence(kernel: &KernelBtf, hook: &Hook) -> Option<(Error, Certainty)> {
    if hook.is_generic() || hook.family().prototypes() == Prototypes::User {
        return None;
    }
    match Context::of_hook_alone(kernel, hook) {
        Err(error @ PrototypeError::UnknownModule { .. }) => {
            Some((error.into(), Certainty::MayBeElsewhere))
        }
        Err(error @ PrototypeError::OtherCategory { .. }) => {
            Some((error.into(), Certainty::Absent))
        }
        Err(error @ PrototypeError::UnknownHook { .. }) => {
            Some((error.into(), certainty(kernel, hook)))
        }
        Ok(_) | Err(_) => None,
    }
}

fn certainty(kernel: &KernelBtf, hook: &Hook) -> Certainty {
    let has_struct = |name: &str| {
        let name = std::ffi::CString::new(name).ok();
        name.is_some_and(|name| kernel.btf().find(&name, BTF_KIND_STRUCT).is_some())
    };
    let target = hook.target();
    let is_absent = match hook.family().prototypes() {
        Prototypes::Lsm => true,
        Prototypes::SystemCall => kernel.arch().is_some(),
        // Others are made by users too (`kprobe_events`), in categories of any name.
        Prototypes::Event => target.starts_with("syscalls/"),
        // Of an ops type that is there, all members are known.
        Prototypes::StructOps => {
            let ops = target.split('/').next().unwrap_or_default();
            has_struct(&format!("bpf_struct_ops_{ops}")) || has_no_modules(kernel)
        }
        Prototypes::Function if takes_breakpoint(hook) => false,
        _ => {
            let is_call = SYSTEM_CALLS.iter().any(|start| target.starts_with(start));
            // A module that it names is there, or it would be unknown.
            hook.module().is_some() || is_call || has_no_modules(kernel)
        }
    };
    match is_absent {
        true => Certainty::Absent,
        false => Certainty::MayBeElsewhere,
    }
}

/// Whether a BTF is a part of a kernel's: a pinned one, or one that was minimized in another way. What it lacks
/// tells nothing of the kernel. All kernels have a function `start_kernel` (`init/main.c`), and no program is
/// set on it.
pub(super) fn is_cut_down(kernel: &KernelBtf) -> bool {
    kernel.pin_note().is_some() || kernel.btf().find(c"start_kernel", BTF_KIND_FUNC).is_none()
}

/// Whether a kernel is one without modules.
fn has_no_modules(kernel: &KernelBtf) -> bool {
    let btf = kernel.btf();
    btf.find(c"module", BTF_KIND_STRUCT).is_none()
}

/// Whether programs are set on a function by its address, which needs no BTF.
fn takes_breakpoint(hook: &Hook) -> bool {
    let family = hook.family();
    family.prototypes() == Prototypes::Function && family.passing() == Passing::Registers
}

/// Whether a hook that there is differs from this one by nothing but a slip of the keyboard: a letter too
/// much or too little, or two that have changed places. Another letter or digit, or one more underscore or
/// plural, makes other functions of the kernel's and of its modules.
fn is_slip(hook: &Hook, why: &Error) -> bool {
    let Error::Prototype(PrototypeError::UnknownHook { nearest, .. }) = why else {
        return false;
    };
    let target = hook.target();
    let near = nearest.iter().filter_map(|near| near.parse::<Hook>().ok());
    near.into_iter()
        .any(|near| is_slip_of(target, near.target()))
}

fn is_slip_of(wrong: &str, right: &str) -> bool {
    /// In shorter names, one letter means more.
    const LONG: usize = 8;
    let (wrong, right) = (wrong.as_bytes(), right.as_bytes());
    if wrong.len() < LONG || right.len() < LONG {
        return false;
    }
    let same = |(a, b): &(&u8, &u8)| a == b;
    let start = wrong.iter().zip(right).take_while(same).count();
    let end = wrong[start..]
        .iter()
        .rev()
        .zip(right[start..].iter().rev())
        .take_while(same)
        .count();
    let wrong = &wrong[start..wrong.len() - end];
    let right = &right[start..right.len() - end];
    let is_letter = |letter: &u8| letter.is_ascii_alphabetic() && *letter != b's';
    match (wrong, right) {
        ([one], []) | ([], [one]) => is_letter(one),
        ([a, b], [c, d]) => a == d && b == c && is_letter(a) && is_letter(b),
        _ => false,
    }
}

/// What else there is to say.
fn remark(program: &Program, hook: &Hook, certainty: Certainty) -> String {
    if takes_breakpoint(hook) {
        return ". A function that is there without BTF takes a probe all the same".to_owned();
    }
    if certainty == Certainty::MayBeElsewhere && hook.family().prototypes() == Prototypes::Event {
        return ". Events of a module, and those that users make, are not in it".to_owned();
    }
    match SecName::parse(&program.section) {
        Ok(sec) if program.implements.is_empty() => at_run_time(&sec),
        _ => String::new(),
    }
}

fn mismatch(reads: &Reads<'_>, program: &Program, why: String) -> Mismatch {
    Mismatch {
        source: reads.source_of(&program.name),
        program: program.name.clone(),
        section: program.section.to_string(),
        implements: (program.implements.first()).map(|hook| hook.target().replace('/', ".")),
        takes: String::new(),
        gets: None,
        why,
    }
}

fn warning(reads: &Reads<'_>, program: &Program, why: &str) -> String {
    format!(
        "{}: program {}, SEC(\"{}\"): {why}",
        shown(&reads.source_of(&program.name)),
        name(&program.name),
        name(&program.section)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips() {
        for (wrong, right, expected) in [
            ("vfs_unlnik", "vfs_unlink", true),
            ("sched_swich", "sched_switch", true),
            ("file_mprotct", "file_mprotect", true),
            ("vfs_unlinkk", "vfs_unlink", true),
            ("tcp_v6_connect", "tcp_v4_connect", false),
            ("xfs_file_open", "vfs_file_open", false),
            ("__vfs_unlink", "_vfs_unlink", false),
            ("put_pages", "put_page", false),
            ("ext4_iget", "ext_iget", false),
            ("do_exi", "do_exit", false),
            ("vfs_unlink", "vfs_unlink", false),
            ("vfs_rename", "vfs_unlink", false),
        ] {
            assert_eq!(is_slip_of(wrong, right), expected, "{wrong}");
            assert_eq!(is_slip_of(right, wrong), expected, "{wrong}");
        }
    }
}
