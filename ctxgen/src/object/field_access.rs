//! How an object accesses the fields of its contexts.

use libbpf_rs::libbpf_sys;

use super::ObjectFile;
use super::Relocation;
use super::RelocationKind;
use super::Step;
use crate::btf::Kind;
use crate::btf::Member;
use crate::btf::TypeId;

/// Whether every access to a field is a load of all of it, which libbpf makes one of fewer bytes
/// (`bpf_core_patch_insn` in `relo_core.c`). With the field's address in a register, it is read with the
/// size that the object takes it to have.
pub(crate) fn is_only_loaded(object: &ObjectFile, of: TypeId, member: Member<'_>) -> bool {
    let size = match object.btf().resolve(member.type_id).map(|ty| ty.kind()) {
        Some(Kind::Int { size, .. } | Kind::Enum { size, .. } | Kind::Enum64 { size, .. }) => size,
        _ => return false,
    };
    let is_of_field = |relocation: &&Relocation| {
        relocation.kind == RelocationKind::FieldByteOffset
            && relocation.type_id == of
            && object
                .steps(relocation)
                .is_some_and(|steps| first_field(&steps) == Some(member.name))
    };
    let mut accesses = object.relocations().iter().filter(is_of_field);
    accesses.all(|access| access.opcode.and_then(loaded) == Some(size))
}

/// How many bytes an instruction loads from memory into a register; `None` for another instruction.
fn loaded(opcode: u8) -> Option<u32> {
    let opcode = u32::from(opcode);
    let (class, mode, size) = (opcode & 0x07, opcode & 0xe0, opcode & 0x18);
    if class != libbpf_sys::BPF_LDX || mode != libbpf_sys::BPF_MEM {
        return None;
    }
    [
        (libbpf_sys::BPF_B, 1),
        (libbpf_sys::BPF_H, 2),
        (libbpf_sys::BPF_W, 4),
        (libbpf_sys::BPF_DW, 8),
    ]
    .into_iter()
    .find_map(|(code, bytes)| (code == size).then_some(bytes))
}

/// The field of the context that an access goes to.
pub(crate) fn first_field<'s>(steps: &[Step<'s>]) -> Option<&'s str> {
    steps.iter().find_map(|step| match *step {
        Step::Member { name, .. } if !name.is_empty() => Some(name),
        _ => None,
    })
}
