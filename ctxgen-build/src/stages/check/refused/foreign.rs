//! Contexts that are declared as one kind of memory and are another.
//!
//! `BPF_PROG` on a kprobe takes its arguments from slots, and gets whatever registers are there; libbpf and
//! the kernel take that, since a kprobe program may load any register. It matters where the context is
//! read. A context that is only handed on, as to `bpf_get_stackid()`, may be declared as anything.

use ctxgen::Arch;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::SecName;
use ctxgen::btf::Kind as TypeKind;
use ctxgen::object::Functions;
use ctxgen::object::ObjectFile;
use ctxgen::object::Pointee;
use ctxgen::object::Program;
use ctxgen::object::accesses::Access;
use ctxgen::object::accesses::AccessKind;
use ctxgen::object::accesses::ProgramAccesses;
use ctxgen::object::accesses::takes_context;
use ctxgen::text::name;
use libbpf_rs::libbpf_sys::BTF_KIND_STRUCT;

use super::kind::Kind;
use super::reads::Reads;
use super::reads::hook_of;
use super::reads::place_of;
use crate::display::line_of;
use crate::display::shown;
use crate::findings::Mismatch;

/// What `struct pt_regs` is called on one architecture or another.
pub(super) const REGISTERS: [&str; 3] = ["pt_regs", "user_pt_regs", "user_regs_struct"];
/// The kernel's own structs of trace events' records: by class, and those of system calls.
const RECORDS: [&str; 4] = [
    "trace_event_raw_",
    "syscall_trace_enter",
    "syscall_trace_exit",
    "trace_entry",
];
/// How slots are declared.
pub(super) const SLOT_TYPE: &str = "unsigned long long *";
/// The kernel's own struct of an array of slots.
const SLOTS: &str = "bpf_raw_tracepoint_args";

/// Helpers that copy memory, from their third argument (`bpf_probe_read` and its like).
const COPYING: [i32; 6] = [4, 45, 112, 113, 114, 115];
/// How many slots of a context are the first argument registers on arm64, which `struct pt_regs` starts with.
const ARM64_REGISTERS: i64 = 8;

/// How memory is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Memory {
    Slots,
    Registers,
    Record,
}

impl Memory {
    /// That of the contexts of programs on a hook, where it is one of these.
    fn of(hook: &Hook) -> Option<Self> {
        Some(match Kind::of(hook) {
            Kind::Slots if hook.family().name() == "iter" => return None,
            Kind::Slots | Kind::LsmSlots | Kind::BareSlots => Self::Slots,
            Kind::Registers | Kind::PerfEvent => Self::Registers,
            Kind::Record => Self::Record,
            Kind::Replaced | Kind::User | Kind::Other | Kind::Unknown => return None,
        })
    }
}

/// A context that is declared as another kind of memory than it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// How it is declared, in C.
    declared_as: String,
    declared: Memory,
    is: Memory,
}

/// What was found of such a context.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) mismatch: Option<Mismatch>,
    pub(super) warning: Option<String>,
}

impl Foreign {
    /// Whether a program's context is one, and of which kinds.
    pub(crate) fn of(
        object: &ObjectFile,
        functions: &Functions<'_>,
        program: &Program,
    ) -> Option<Self> {
        let is = Memory::of(&hook_of(program)?)?;
        let (declared, declared_as) = match functions.parameter(&program.name, 1)?.points_to {
            Pointee::Slots => (Memory::Slots, SLOT_TYPE.to_owned()),
            Pointee::Composite(id) => {
                let name = object.btf().get(id)?.name();
                let name = ctxgen::essential_name(name);
                (memory_of(name)?, name.to_owned())
            }
            _ => return None,
        };
        (declared != is).then_some(Self {
            declared_as,
            declared,
            is,
        })
    }
}

pub(super) fn memory_of(struct_name: &str) -> Option<Memory> {
    if REGISTERS.contains(&struct_name) {
        Some(Memory::Registers)
    } else if struct_name == SLOTS {
        Some(Memory::Slots)
    } else {
        let is_record = RECORDS.iter().any(|record| struct_name.starts_with(record));
        is_record.then_some(Memory::Record)
    }
}

impl Reads<'_> {
    /// What there is to say of a program's context that is declared as another kind of memory.
    pub(super) fn foreign(
        &self,
        program: &Program,
        found: &ProgramAccesses,
        hook: &Hook,
        kernels: &[KernelBtf],
    ) -> Found {
        let Some(foreign) = Foreign::of(self.object, &self.functions, program) else {
            return Found {
                mismatch: self.taken_for_other(program, found, hook, kernels),
                warning: None,
            };
        };
        let name = self.context_name(program);
        let read = found
            .accesses
            .iter()
            .find(|access| is_misread(&foreign, name, access, kernels));
        let mut report = Found::default();
        if let Some(read) = read {
            report.mismatch = Some(self.misread(program, &foreign, read, hook, kernels));
            return report;
        }
        // Slots are what macros declare that read nothing, too.
        let is_handed_on = found.accesses.iter().any(is_handed_on);
        if is_handed_on || foreign.declared != Memory::Slots {
            report.warning = Some(self.handed_on(program, &foreign, is_handed_on));
        }
        report
    }

    /// What is wrong with the first access that takes the context for another kind of memory, where the
    /// program itself does not.
    fn taken_for_other(
        &self,
        program: &Program,
        found: &ProgramAccesses,
        hook: &Hook,
        kernels: &[KernelBtf],
    ) -> Option<Mismatch> {
        let is = Memory::of(hook)?;
        found.accesses.iter().find_map(|access| {
            let taken = self.taken(program, found, access, is, kernels)?;
            let foreign = Foreign {
                declared_as: taken.spelt,
                declared: taken.memory,
                is,
            };
            let name = taken.name.as_deref();
            let name = name.unwrap_or_else(|| self.context_name(program));
            let is_other = taken.memory != is && is_misread(&foreign, name, access, kernels);
            is_other.then(|| Mismatch {
                // The program declares nothing that should be something else.
                gets: None,
                ..self.misread(program, &foreign, access, hook, kernels)
            })
        })
    }

    fn misread(
        &self,
        program: &Program,
        foreign: &Foreign,
        access: &Access,
        hook: &Hook,
        kernels: &[KernelBtf],
    ) -> Mismatch {
        let section = SecName::parse(&program.section);
        let gets = match foreign.is {
            // The kernel's own name of registers differs from architecture to architecture.
            Memory::Registers if hook.is_generic() => Some("pt_regs".to_owned()),
            _ if section.is_err() => None,
            _ => Some(hook.struct_name()).filter(|name| !name.is_empty()),
        };
        let offsets = access.offsets().unwrap_or_default();
        let register = offsets
            .first()
            .filter(|_| foreign.is == Memory::Registers)
            .and_then(|offset| register(kernels.first()?, *offset))
            .map(|register| format!(", and gets register {register}"))
            .unwrap_or_default();
        let place = place_of(access);
        let text = match &access.line {
            Some(line) if !line.text.is_empty() => format!("\n    {}\n", line_of(&line.text)),
            _ => ".".to_owned(),
        };
        let what = match foreign.declared {
            Memory::Slots => "reads a slot",
            Memory::Registers => "reads a register",
            Memory::Record => "reads a field of a record",
        };
        let is = match foreign.is {
            Memory::Slots => "this program gets its arguments in an array of slots",
            Memory::Registers => "this program gets registers",
            Memory::Record => "this program gets a trace event's record",
        };
        let instead = match macro_of(hook, foreign.is) {
            Some(name) => format!("The macro for such programs is {name}"),
            None => String::new(),
        };
        let why = format!("{place}{what}{register}: {is}{text}{instead}");
        let why = why.trim_end().to_owned();
        self.mismatch(program, foreign.declared_as.clone(), gets, why)
    }

    fn handed_on(&self, program: &Program, foreign: &Foreign, is_handed_on: bool) -> String {
        let of = match foreign.declared {
            Memory::Slots => foreign.declared_as.clone(),
            _ => format!("struct {}", foreign.declared_as),
        };
        let is = match foreign.is {
            Memory::Slots => "an array of slots",
            Memory::Registers => "registers",
            Memory::Record => "a trace event's record",
        };
        let used = match is_handed_on {
            true => "It is only handed on, which is right",
            false => "Nothing is read from it, so that it makes no difference",
        };
        format!(
            "{}: program {}, SEC(\"{}\"): its context is declared as {of}, and is {is}. {used}; declared \
             as `void *`, it claims nothing",
            shown(&self.source_of(&program.name)),
            name(&program.name),
            name(&program.section)
        )
    }
}

/// Whether an access takes the context, which is called so there, for what it is declared as.
fn is_misread(foreign: &Foreign, name: &str, access: &Access, kernels: &[KernelBtf]) -> bool {
    let is_read = access.is_of_memory()
        || matches!(
            access.kind,
            AccessKind::Helper { number, argument: 3 } if COPYING.contains(&number)
        );
    if !access.is_certain || !is_read {
        return false;
    }
    if foreign.declared != Memory::Slots {
        return true;
    }
    let text = access.line.as_ref().map_or("", |line| &line.text);
    let is_by_slot = text.contains("BPF_PROG")
        || foreign.is == Memory::Registers && is_by_slot(access, text, name);
    is_by_slot && !(foreign.is == Memory::Registers && are_registers(access, kernels))
}

/// Whether an access to registers, in a line of that text, is to a slot by its number. Macros for registers
/// cast whatever they get.
fn is_by_slot(access: &Access, text: &str, name: &str) -> bool {
    const SLOTS: i64 = 12 * 8;
    // No argument is in these on any architecture, but for those of which `are_registers` tells.
    const FIRST: i64 = 4 * 8;
    let offsets = access.offsets().unwrap_or_default();
    let are_below = |end| offsets.iter().all(|offset| (0..end).contains(offset));
    if text.contains("PT_REGS") || !are_below(SLOTS) {
        return false;
    }
    let is_indexed = text.contains('[') || text.contains(&format!("*{name}"));
    is_indexed || !text.contains("->") && are_below(FIRST)
}

fn is_handed_on(access: &Access) -> bool {
    match access.kind {
        AccessKind::Helper { number, argument } => argument == 1 && takes_context(number),
        AccessKind::KernelFunction { .. } => true,
        _ => false,
    }
}

/// Whether what is in the slots is what is in the argument registers: on arm64, `struct pt_regs` starts with
/// these.
fn are_registers(access: &Access, kernels: &[KernelBtf]) -> bool {
    let is_arm64 = |kernel: &KernelBtf| kernel.arch() == Some(Arch::Arm64);
    let offsets = access.offsets().unwrap_or_default();
    let is_first = |offset: &i64| (0..8 * ARM64_REGISTERS).contains(offset);
    !kernels.is_empty() && kernels.iter().all(is_arm64) && offsets.iter().all(is_first)
}

/// The register that a kernel has at an offset of `struct pt_regs`.
pub(super) fn register(kernel: &KernelBtf, offset: i64) -> Option<String> {
    let registers = kernel.btf().find(c"pt_regs", BTF_KIND_STRUCT)?;
    let TypeKind::Struct(registers) = registers.kind() else {
        return None;
    };
    let mut members = registers.members();
    let member = members.find(|member| i64::from(member.bit_offset / 8) == offset)?;
    (!member.name.is_empty()).then(|| member.name.to_owned())
}

/// libbpf's macro for programs of a hook's family.
fn macro_of(hook: &Hook, memory: Memory) -> Option<&'static str> {
    Some(match (hook.family().name(), memory) {
        (_, Memory::Slots) => "BPF_PROG",
        ("kprobe" | "perf_event", _) => "BPF_KPROBE",
        ("kretprobe" | "kretsyscall", _) => "BPF_KRETPROBE",
        ("ksyscall", _) => "BPF_KSYSCALL",
        ("uprobe", _) => "BPF_UPROBE",
        ("uretprobe", _) => "BPF_URETPROBE",
        ("usdt", _) => "BPF_USDT",
        _ => return None,
    })
}
