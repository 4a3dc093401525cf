//! Programs, as the judge's plans have them.

use std::ffi::CString;
use std::fmt::Write;

use ctxgen::Family;
use libbpf_rs::libbpf_sys;

/// `BPF_LDX | BPF_MEM | size`, `r2 = *(size *)(r1 + offset)`.
fn load(size: u32, offset: u32) -> String {
    let opcode = match size {
        1 => 0x71,
        2 => 0x69,
        4 => 0x61,
        _ => 0x79,
    };
    format!("{opcode:02x}21{offset:04x}00000000")
}

/// `r0 = value; exit`.
fn end(value: u32) -> String {
    format!("b7000000{value:08x}9500000000000000")
}

/// A load from a context: offset and size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) offset: u32,
    pub(super) size: u32,
}

/// The loads, then the end, returning what programs of the family may return.
pub(super) fn program(family: Family, loads: &[Load]) -> String {
    let mut text = String::new();
    for one in loads {
        let _ = write!(text, "{}", load(one.size, one.offset));
    }
    // A cgroup's LSM program returns whether the operation may go on.
    let returns = u32::from(family.name() == "lsm_cgroup");
    text.push_str(&end(returns));
    text
}

/// `prog_type` and `expected_attach_type` of `include/uapi/linux/bpf.h`, as libbpf sets them for the
/// family's canonical section.
pub(super) fn types(family: Family) -> Option<(u32, u32)> {
    let mut section = family.sections().first()?.to_string();
    if family.has_targets() {
        section.push_str("/x");
    }
    let section = CString::new(section).ok()?;
    let (mut prog, mut attach) = (0, 0);
    // SAFETY: a C string, and two places that live as long as the call.
    let found =
        unsafe { libbpf_sys::libbpf_prog_type_by_name(section.as_ptr(), &mut prog, &mut attach) };
    (found == 0).then_some((prog, attach))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_those_of_the_instruction_set() {
        assert_eq!(load(8, 16), "7921001000000000");
        assert_eq!(load(1, 0), "7121000000000000");
        assert_eq!(end(0), "b7000000000000009500000000000000");
    }

    #[test]
    fn every_family_has_its_numbers() {
        for family in Family::all() {
            assert!(types(family).is_some(), "{family}");
        }
    }
}
