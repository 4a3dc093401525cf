//! Whether a program gets to an instruction on a kernel.

use super::core;
use super::core::Finds;
use crate::kernel::KernelBtf;
use crate::object::Flow;
use crate::object::ObjectFile;
use crate::object::Relocation;
use crate::object::RelocationKind;
use crate::object::accesses::branches;
use crate::object::accesses::closing;

/// Whether a program gets to an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// As far as is known: nothing that it asks before keeps it from that.
    Always,
    /// What it asks before is answered so that it does not (`bpf_core_field_exists` and the like).
    Never,
    /// Only where variables say so that have their values before it is verified: `const volatile` ones, which
    /// user space sets, and those of the kernel's configuration (`__kconfig`). By name, sorted.
    If(Vec<String>),
}

/// Whether a program gets to the instruction that is so many bytes behind the start of a section, on a kernel.
/// `program` is its place in [`ObjectFile::programs`].
pub fn reached(
    object: &ObjectFile,
    kernel: &KernelBtf,
    program: usize,
    (section, instruction_offset): (&str, u32),
) -> Reached {
    let Some(at) = object.place_at(section, instruction_offset) else {
        return Reached::Always;
    };
    let answer = |relocation: &Relocation| answer(object, kernel, relocation);
    let flow = &mut Flow::new(object);
    if !flow.live(program, answer).has(at) {
        return Reached::Never;
    }
    let branches = branches(object, program);
    let names = closing(flow, &branches, program, answer, &[at]);
    match names.is_empty() {
        true => Reached::Always,
        false => Reached::If(names.iter().map(ToString::to_string).collect()),
    }
}

/// What libbpf puts in place of a question, where that is known.
pub(super) fn answer(
    object: &ObjectFile,
    kernel: &KernelBtf,
    relocation: &Relocation,
) -> Option<u32> {
    let finds = || core::finds(object, kernel, relocation);
    match relocation.kind {
        RelocationKind::FieldExists
        | RelocationKind::TypeExists
        | RelocationKind::EnumValueExists => match finds() {
            Finds::Something => Some(1),
            Finds::Nothing => Some(0),
            Finds::Unknown => None,
        },
        RelocationKind::TypeSize | RelocationKind::TypeMatches => {
            (finds() == Finds::Nothing).then_some(0)
        }
        _ => None,
    }
}
