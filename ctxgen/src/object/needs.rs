//! What instructions need that not every kernel has: helpers, and instructions of later releases.

use std::fmt;

use libbpf_rs::libbpf_sys;

use super::ObjectFile;
use super::code::Place;
use super::instruction::CALL;
use super::instruction::Raw;

/// Something that not every kernel has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// The helper of that number.
    Helper(u32),
    /// Instructions of that kind, and the release that has them first, major and minor number.
    Since(&'static str, (u32, u32)),
}

/// Instructions that came later (`resolve_pseudo_ldimm64` and `do_check` of `kernel/bpf/verifier.c`, and
/// `Documentation/bpf/standardization/instruction-set.rst`).
fn since(raw: Raw) -> Option<Need> {
    /// Classes and modes of the instruction set.
    const CLASS: u8 = 0x07;
    const ALU: [u8; 2] = [libbpf_sys::BPF_ALU as u8, libbpf_sys::BPF_ALU64 as u8];
    const ATOMIC: u8 = 0xc0;
    const SIGNED: u8 = 0x80;
    const DIVISIONS: [u8; 2] = [libbpf_sys::BPF_DIV as u8, libbpf_sys::BPF_MOD as u8];
    const MOVE: u8 = 0xb0;
    /// Load-acquire and store-release.
    const ORDERED: [i32; 2] = [0x100, 0x110];

    let (class, operation, mode) = (raw.opcode & CLASS, raw.opcode & 0xf0, raw.opcode & 0xe0);
    let need = match raw.opcode {
        0x06 => ("a jump of 32 bits", (6, 6)),
        0xd7 => ("an unconditional swap of bytes", (6, 6)),
        0xe5 => ("may_goto", (6, 9)),
        _ if u32::from(class) == libbpf_sys::BPF_STX && mode == ATOMIC => match raw.imm {
            0 => return None,
            imm if ORDERED.contains(&imm) => ("a load or store with an order", (6, 15)),
            _ => ("an atomic operation besides addition", (5, 12)),
        },
        _ if u32::from(class) == libbpf_sys::BPF_LDX && mode == SIGNED => {
            ("a load that extends the sign", (6, 6))
        }
        _ if ALU.contains(&class) && DIVISIONS.contains(&operation) && raw.offset == 1 => {
            ("a signed division", (6, 6))
        }
        _ if ALU.contains(&class) && operation == MOVE && raw.offset > 1 => {
            ("a move that extends the sign", (6, 6))
        }
        _ => return None,
    };
    Some(Need::Since(need.0, need.1))
}

impl Need {
    fn of(raw: Raw) -> Option<Self> {
        match (raw.opcode, raw.src) {
            (CALL, 0) => u32::try_from(raw.imm).ok().map(Self::Helper),
            _ => since(raw),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Helper(number) => match helper_name(*number) {
                Some(name) => write!(f, "the helper {name}"),
                None => write!(f, "the helper {number}"),
            },
            Self::Since(what, (major, minor)) => {
                write!(f, "{what}, which is of Linux {major}.{minor} and later")
            }
        }
    }
}

/// What libbpf's headers call a helper.
fn helper_name(number: u32) -> Option<&'static str> {
    let end = format!(") = (void *) {number};");
    let headers = libbpf_sys::API_HEADERS.iter();
    let (_, text) = headers
        .into_iter()
        .find(|(name, _)| *name == "bpf_helper_defs.h")?;
    let line = text.lines().find(|line| line.ends_with(&end))?;
    let (_, rest) = line.split_once("(* const ")?;
    rest.split(')').next()
}

/// What an object's instructions need, with their places.
pub(crate) fn needs(object: &ObjectFile) -> Vec<(Place, Need)> {
    let code = &object.code;
    let mut needs = Vec::new();
    for (section, of_section) in (0..).zip(&code.sections) {
        let mut at = Place { section, index: 0 };
        while let Some(raw) = code.raw(at) {
            needs.extend(Need::of(raw).map(|need| (at, need)));
            at.index += u32::try_from(raw.places()).unwrap_or(1);
            if at.index as usize >= of_section.code.len() {
                break;
            }
        }
    }
    needs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(opcode: u8, offset: i16, imm: i32) -> Raw {
        Raw {
            opcode,
            dst: 1,
            src: 2,
            offset,
            imm,
        }
    }

    #[test]
    fn of_instructions() {
        for (raw, first) in [
            // Atomic addition without its result, and with it.
            (raw(0xdb, 0, 0), None),
            (raw(0xdb, 0, 1), Some((5, 12))),
            (raw(0xdb, 0, 0xf1), Some((5, 12))),
            (raw(0xdb, 0, 0x100), Some((6, 15))),
            // r1 = r2, r1 = (s32)r2, r1 /= r2, r1 s/= r2.
            (raw(0xbf, 0, 0), None),
            (raw(0xbf, 32, 0), Some((6, 6))),
            (raw(0x3f, 0, 0), None),
            (raw(0x3f, 1, 0), Some((6, 6))),
            // A load of 4 bytes, and with the sign; a store.
            (raw(0x61, 0, 0), None),
            (raw(0x81, 0, 0), Some((6, 6))),
            (raw(0x7b, 0, 0), None),
            (raw(0x06, 0, 3), Some((6, 6))),
            (raw(0x05, 3, 0), None),
        ] {
            let found = since(raw).map(|need| match need {
                Need::Since(_, first) => first,
                Need::Helper(_) => panic!("{raw:?}"),
            });
            assert_eq!(found, first, "{raw:?}");
        }
    }

    #[test]
    fn helpers_have_names() {
        assert_eq!(helper_name(158), Some("bpf_get_current_task_btf"));
        assert_eq!(helper_name(1), Some("bpf_map_lookup_elem"));
        assert_eq!(helper_name(100_000), None);
    }
}
