//! Whether the registers that an object's programs read are another architecture's than the kernel's.
//!
//! An object does not say what it is for: its machine is BPF. Its types do, where they have the registers. Some
//! programs take the context for `void *` or for a struct without members; of these, it has to be seen from where
//! they read.

use crate::hook::Passing;
use crate::hook::Returned;
use crate::kernel::Arch;
use crate::kernel::KernelBtf;
use crate::layout::Purpose;
use crate::layout::SavedRegisters;
use crate::object::meant::Taken;
use crate::object::reads::Examined;
use crate::object::reads::ProgramReads;
use crate::object::reads::Spot;

/// A register that a program reads.
struct Register {
    offset: u32,
    has_returned: bool,
    /// How many arguments the program declares, where that is known.
    declared: Option<usize>,
}

/// Whether an object's programs of breakpoints are for another architecture than the kernel's.
pub(super) fn is_foreign(object: &Examined, kernel: &KernelBtf) -> bool {
    let Some(arch) = kernel.arch() else {
        return false;
    };
    if let Some(told) = Arch::of_program(object.object().btf()) {
        return told != arch;
    }
    let read = registers(object);
    let fits = |saved: &SavedRegisters| {
        saved
            .arch
            .has_byte_order(object.object().btf().byte_order())
            && fits(saved, &read)
    };
    match SavedRegisters::of(arch) {
        Some(saved) if !fits(saved) => SavedRegisters::all().any(fits),
        _ => false,
    }
}

/// Whether all registers are ones that there is a reason to read on an architecture, and some of them carry
/// arguments or results.
fn fits(saved: &SavedRegisters, read: &[Register]) -> bool {
    let mut carries = false;
    for register in read {
        match saved.purpose(register.offset, register.has_returned) {
            Some(Purpose::Argument(number)) => {
                if register.declared.is_some_and(|declared| number >= declared) {
                    return false;
                }
                carries = true;
            }
            Some(Purpose::Returned) => carries = true,
            Some(Purpose::Other) => {}
            None => return false,
        }
    }
    carries
}

/// The registers that programs read without CO-RE.
fn registers(object: &Examined) -> Vec<Register> {
    let mut registers = Vec::new();
    for program in object.programs() {
        let hooks = object.object().programs()[program.program].hooks();
        let Some(family) = hooks.first().map(crate::hook::Hook::family) else {
            continue;
        };
        // Slots are the same everywhere.
        if family.passing() != Passing::Registers || program.meant.context == Taken::Slots {
            continue;
        }
        for read in &program.reads {
            if let (Spot::Bytes(offset), None) = (read.spot, read.relocation) {
                registers.push(Register {
                    offset,
                    has_returned: family.returned() == Returned::Only,
                    declared: declared(program),
                });
            }
        }
    }
    registers
}

/// How many arguments a program declares; `None` where there may be more.
fn declared(program: &ProgramReads) -> Option<usize> {
    let meant = &program.meant;
    let is_whole = !meant.is_partial && !meant.of_system_call;
    is_whole.then_some(meant.arguments.len())
}
