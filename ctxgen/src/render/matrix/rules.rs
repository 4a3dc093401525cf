//! The kinds of findings as rules, with what to do about each.

use crate::matrix::Status;

/// A kind of finding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) status: Status,
    /// In `CamelCase`.
    pub(super) name: &'static str,
    /// How severe code hosts take it for, if it is a matter of theirs.
    pub(super) tags: &'static [&'static str],
    /// What to do about it. Markdown with code spans alone, which reads well as text too.
    pub(super) help: &'static str,
}

/// All kinds, the worst first.
pub(super) const RULES: [Rule; 6] = [
    Rule {
        status: Status::Wrong,
        name: "WrongValue",
        tags: &["bpf", "correctness"],
        help: "A kernel of the list passes other arguments than the program declares: an argument was \
               added, removed or changed, so what the program reads is another value, and nothing says so \
               when it runs. Declare the arguments as that kernel has them, or take a context struct of \
               ctxgen's and read the field by name: its offset is then relocated when the program is \
               loaded. `ctxgen diff HOOK --btf OLD --btf NEW` prints how the prototypes differ.",
    },
    Rule {
        status: Status::DoesNotLoad,
        name: "DoesNotLoad",
        tags: &["bpf", "compatibility"],
        help: "The verifier or libbpf refuses the program on a kernel of the list: it reads beyond the last \
               argument, or needs a field, a type or a kernel function that the kernel does not have. Ask \
               with `bpf_core_field_exists`, `bpf_core_type_exists` or `bpf_ksym_exists` before, or keep \
               the program from being loaded there with `bpf_program__set_autoload`.",
    },
    Rule {
        status: Status::Absent,
        name: "HookAbsent",
        tags: &["bpf", "compatibility"],
        help: "A kernel of the list does not have the hook, or lets no program attach to it. Name another \
               hook for such kernels, or make the program optional with `?` in front of its SEC name and \
               load it where the hook is there.",
    },
    Rule {
        status: Status::NotKnown,
        name: "NotKnown",
        tags: &["bpf"],
        help: "What the program reads, or what it means to read, cannot be told from the object and the \
               kernel's BTF, so it is not known to be right. Keep the debug information of the object, or \
               name the kernel that it was written for with `--built-for`.",
    },
    Rule {
        status: Status::Depends,
        name: "DependsOnLoad",
        tags: &["bpf"],
        help: "The read would be wrong on a kernel of the list, and a variable decides whether it is made \
               that is set when the program is loaded. Look at what sets it on that kernel. \
               `bpf_core_field_exists` and the like can be answered without loading.",
    },
    Rule {
        status: Status::Guarded,
        name: "Guarded",
        tags: &["bpf"],
        help: "The read would be wrong on a kernel of the list, or what the program needs is not there, and \
               the program asks before or is optional. There is nothing to do, unless the program was meant \
               to work there.",
    },
];
