//! Small programs, instruction by instruction.

use std::collections::BTreeMap;

use super::hints::Hints;
use super::jumps::Jumps;
use super::result::AccessKind;
use super::result::Extent;
use super::result::Offsets;
use super::walk::Budget;
use super::walk::Walked;
use super::walk::walk;
use crate::btf::ByteOrder;
use crate::object::code::Code;
use crate::object::code::Function;
use crate::object::code::Place;
use crate::object::code::Section;
use crate::object::code::Target;
use crate::object::instruction::LEN;

const LOAD: u8 = 0x79;
const LOAD_32: u8 = 0x61;
const STORE: u8 = 0x7b;
const STORE_IMM: u8 = 0x7a;
const MOV: u8 = 0xbf;
const MOV_IMM: u8 = 0xb7;
const MOV_32: u8 = 0xbc;
const ADD: u8 = 0x0f;
const ADD_IMM: u8 = 0x07;
const AND_IMM: u8 = 0x57;
const LSH_IMM: u8 = 0x67;
const JEQ_IMM: u8 = 0x15;
const JNE_IMM: u8 = 0x55;
const JNE_IMM_32: u8 = 0x56;
const JA: u8 = 0x05;
const GOTOL: u8 = 0x06;
const MAY_GOTO: u8 = 0xe5;
const CALL: u8 = 0x85;
const CALLX: u8 = 0x8d;
const EXIT: u8 = 0x95;
const WIDE: u8 = 0x18;
const ATOMIC: u8 = 0xdb;

/// Opcode, destination, source, offset, immediate.
type Line = (u8, u8, u8, i16, i32);

fn assemble(lines: &[Line], order: ByteOrder) -> Vec<u8> {
    let mut bytes = Vec::new();
    for &(code, dst, src, off, imm) in lines {
        bytes.push(code);
        match order {
            ByteOrder::Little => {
                bytes.push(src << 4 | dst);
                bytes.extend(off.to_le_bytes());
                bytes.extend(imm.to_le_bytes());
            }
            ByteOrder::Big => {
                bytes.push(dst << 4 | src);
                bytes.extend(off.to_be_bytes());
                bytes.extend(imm.to_be_bytes());
            }
        }
    }
    bytes
}

/// What is found in a section from its first instruction on. `functions` has where functions start.
fn walked(code: &[u8], order: ByteOrder, functions: &[u32], relocated: &[(u32, Target)]) -> Walked {
    let functions = functions.iter().map(|&start| Function {
        range: start..start + 1,
        name: "f".into(),
        arguments: 5,
        is_global: false,
    });
    let section = Section {
        name: "tp_btf/x".into(),
        code: code.to_vec(),
        relocated: relocated.iter().copied().collect(),
        functions: functions.collect(),
    };
    let code = Code {
        order,
        sections: vec![section],
    };
    walk(
        &code,
        &Jumps::of(&code),
        &Hints::default(),
        at(0),
        &mut Budget::of_object(),
    )
}

fn at(index: u32) -> Place {
    Place { section: 0, index }
}

/// The accesses, by instruction, with where they go.
type Found = BTreeMap<(u32, AccessKind), (Offsets, bool)>;

fn found(lines: &[Line], functions: &[u32]) -> (Found, Extent) {
    let mut both = [ByteOrder::Little, ByteOrder::Big].map(|order| {
        let walked = walked(&assemble(lines, order), order, functions, &[]);
        let found: Found = walked
            .records
            .into_iter()
            .map(|((place, kind), record)| {
                let base = match record.base.offsets() {
                    Offsets::At(base) => Offsets::At(base + i64::from(record.displacement)),
                    other => other,
                };
                ((place.index, kind), (base, record.is_certain))
            })
            .collect();
        (found, walked.extent)
    });
    assert_eq!(both[0], both[1]);
    std::mem::take(&mut both[0].0);
    let [_, big] = both;
    big
}

fn whole(lines: &[Line]) -> Vec<((u32, AccessKind), (Offsets, bool))> {
    let (found, extent) = found(lines, &[0]);
    assert_eq!(extent, Extent::Whole);
    found.into_iter().collect()
}

fn certain(index: u32, kind: AccessKind, base: Offsets) -> ((u32, AccessKind), (Offsets, bool)) {
    ((index, kind), (base, true))
}

fn one_of(offsets: &[i64], is_per_path: bool) -> Offsets {
    Offsets::OneOf {
        offsets: offsets.to_vec(),
        is_per_path,
    }
}

const END: Line = (EXIT, 0, 0, 0, 0);

#[test]
fn through_moves_additions_and_the_stack() {
    let found = whole(&[
        (MOV, 6, 1, 0, 0),
        (STORE, 10, 6, -8, 0),
        (CALL, 0, 0, 0, 5),
        (LOAD, 7, 10, -8, 0),
        (LOAD, 2, 7, 8, 0),
        (MOV_IMM, 3, 0, 0, 16),
        (ADD, 7, 3, 0, 0),
        (LOAD_32, 2, 7, 4, 0),
        (ADD_IMM, 7, 0, 0, -16),
        (LOAD, 2, 7, 0, 0),
        // What was there is gone.
        (STORE_IMM, 10, 0, -8, 0),
        (LOAD, 7, 10, -8, 0),
        (LOAD, 2, 7, 8, 0),
        // Half of an address is none.
        (MOV_32, 6, 6, 0, 0),
        (LOAD, 2, 6, 8, 0),
        END,
    ]);
    let load = |index, offset| certain(index, AccessKind::Load, Offsets::At(offset));
    assert_eq!(found, [load(4, 8), load(7, 20), load(9, 0)]);
}

#[test]
fn a_choice_of_two() {
    let found = whole(&[
        (LOAD, 2, 1, 0, 0),
        (MOV_IMM, 3, 0, 0, 8),
        (JNE_IMM, 2, 0, 1, 0),
        (MOV_IMM, 3, 0, 0, 16),
        (ADD, 1, 3, 0, 0),
        (LOAD, 2, 1, 0, 0),
        END,
    ]);
    assert_eq!(
        found[1],
        certain(5, AccessKind::Load, one_of(&[8, 16], true))
    );
}

#[test]
fn a_number_of_which_some_bits_are_known() {
    let found = whole(&[
        (LOAD, 2, 1, 0, 0),
        (AND_IMM, 2, 0, 0, 1),
        (LSH_IMM, 2, 0, 0, 3),
        (ADD, 2, 1, 0, 0),
        (LOAD, 3, 2, 0, 0),
        END,
    ]);
    assert_eq!(
        found[1],
        certain(4, AccessKind::Load, one_of(&[0, 8], false))
    );
}

#[test]
fn a_comparison_tells_a_number() {
    // On the way that is taken where it is equal, and on that which is not taken where it is unequal.
    for branch in [&[(JEQ_IMM, 2, 0, 1, 8), END][..], &[(JNE_IMM, 2, 0, 2, 8)]] {
        let start = [(LOAD, 2, 1, 0, 0)];
        let rest = [(ADD, 1, 2, 0, 0), (LOAD, 3, 1, 0, 0), END];
        let found = whole(&[&start[..], branch, &rest].concat());
        assert_eq!(found.last().unwrap().1, (Offsets::At(8), true));
    }
    // Half of a number says nothing of the whole.
    let found = whole(&[
        (LOAD, 2, 1, 0, 0),
        (JNE_IMM_32, 2, 0, 3, 8),
        (ADD, 1, 2, 0, 0),
        (LOAD, 3, 1, 0, 0),
        END,
        END,
    ]);
    assert_eq!(found[1].1.0, Offsets::Unknown);
}

#[test]
fn loops_end() {
    let found = whole(&[
        (MOV_IMM, 2, 0, 0, 3),
        (LOAD, 3, 1, 8, 0),
        (ADD_IMM, 1, 0, 0, 8),
        (ADD_IMM, 2, 0, 0, -1),
        (MAY_GOTO, 0, 0, 2, 0),
        (JNE_IMM, 2, 0, -5, 0),
        (JA, 0, 0, 0, 0),
        (GOTOL, 0, 0, 0, -7),
    ]);
    assert_eq!(found, [certain(1, AccessKind::Load, Offsets::Unknown)]);
}

#[test]
fn loops_that_are_left_at_the_top_end() {
    let found = whole(&[
        (JEQ_IMM, 2, 0, 3, 0),
        (LOAD, 3, 1, 8, 0),
        (ADD_IMM, 1, 0, 0, 8),
        (JA, 0, 0, -4, 0),
        END,
    ]);
    assert_eq!(found, [certain(1, AccessKind::Load, Offsets::Unknown)]);
    assert_eq!(whole(&[(JA, 0, 0, -1, 0)]), []);
}

#[test]
fn what_is_a_context_on_one_way_only() {
    let found = whole(&[
        (MOV, 6, 1, 0, 0),
        (LOAD, 2, 1, 0, 0),
        (JEQ_IMM, 2, 0, 1, 0),
        (MOV, 6, 2, 0, 0),
        (LOAD, 3, 6, 8, 0),
        END,
    ]);
    assert_eq!(found[1], ((4, AccessKind::Load), (Offsets::At(8), false)));
}

#[test]
fn handed_to_helpers_and_functions() {
    let (found, extent) = found(
        &[
            (MOV, 6, 1, 0, 0),
            (MOV, 2, 1, 0, 0),
            // bpf_get_stackid takes three arguments, bpf_ktime_get_ns none.
            (CALL, 0, 0, 0, 27),
            (MOV, 1, 6, 0, 0),
            (CALL, 0, 0, 0, 5),
            // Nothing is in the registers behind a call.
            (LOAD, 2, 1, 0, 0),
            (MOV, 3, 6, 0, 0),
            (ADD_IMM, 3, 0, 0, 8),
            (CALL, 0, 1, 0, 2),
            (LOAD, 2, 6, 24, 0),
            END,
            // The function.
            (LOAD, 1, 3, 8, 0),
            (MOV_IMM, 6, 0, 0, 0),
            (ATOMIC, 3, 1, 0, 0),
            END,
        ],
        &[0, 11],
    );
    assert_eq!(extent, Extent::Whole);
    let helper = |argument| AccessKind::Helper {
        number: 27,
        argument,
    };
    let function = AccessKind::Function { argument: 3 };
    let expected = [
        certain(2, helper(1), Offsets::At(0)),
        certain(2, helper(2), Offsets::At(0)),
        certain(8, function, Offsets::At(8)),
        certain(9, AccessKind::Load, Offsets::At(24)),
        certain(11, AccessKind::Load, Offsets::At(16)),
        certain(13, AccessKind::Atomic, Offsets::At(8)),
    ];
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_function_may_change_its_callers_stack() {
    let (found, _) = found(
        &[
            (STORE, 10, 1, -8, 0),
            (MOV, 2, 10, 0, 0),
            (CALL, 0, 1, 0, 3),
            (LOAD, 1, 10, -8, 0),
            (LOAD, 2, 1, 8, 0),
            END,
            (LOAD, 3, 2, -8, 0),
            (ADD_IMM, 3, 0, 0, 32),
            (STORE, 2, 3, -8, 0),
            END,
        ],
        &[0, 6],
    );
    assert_eq!(
        found[&(4, AccessKind::Load)],
        (Offsets::At(40), true),
        "{found:?}"
    );
}

#[test]
fn callbacks_are_followed() {
    let lines = [
        // bpf_loop(…, function, context, …)
        (MOV, 3, 1, 0, 0),
        (WIDE, 2, 0, 0, 0),
        (0, 0, 0, 0, 0),
        (CALL, 0, 0, 0, 181),
        END,
        (LOAD, 1, 2, 8, 0),
        END,
    ];
    let order = ByteOrder::Little;
    let code = assemble(&lines, order);
    let walked = walked(&code, order, &[0, 5], &[(1, Target::Function(at(5)))]);
    assert_eq!(walked.extent, Extent::Whole);
    let record = &walked.records[&(at(5), AccessKind::Load)];
    assert!(record.is_certain);
    assert_eq!(record.base.offsets(), Offsets::At(0));
}

#[test]
fn what_is_not_known_ends_the_way_and_says_so() {
    for lines in [
        &[(LOAD, 2, 1, 8, 0), (0xff, 0, 0, 0, 0), END][..],
        &[(LOAD, 2, 1, 8, 0), (CALLX, 3, 0, 0, 0), END],
        // Out of the section.
        &[(LOAD, 2, 1, 8, 0)],
        &[(LOAD, 2, 1, 8, 0), (JA, 0, 0, -9, 0)],
        &[(LOAD, 2, 1, 8, 0), (GOTOL, 0, 0, 0, i32::MAX)],
        // Deeper and deeper.
        &[(LOAD, 2, 1, 8, 0), (CALL, 0, 1, 0, -2), END],
    ] {
        let (found, extent) = found(lines, &[0]);
        assert_eq!(extent, Extent::Partly, "{lines:?}");
        let first = found.first_key_value().unwrap();
        assert_eq!(first.1, &(Offsets::At(8), true), "{lines:?}");
    }
}

#[test]
fn large_programs_are_bounded() {
    // Each branch doubles the ways, and each call is one of its own.
    let mut lines = vec![(MOV, 6, 1, 0, 0)];
    for number in 0..20_000_i16 {
        lines.push((JEQ_IMM, 7, 0, 1, i32::from(number)));
        lines.push((ADD_IMM, 6, 0, 0, 8));
        lines.push((MOV, 1, 6, 0, 0));
        lines.push((CALL, 0, 1, 0, -5));
    }
    lines.push(END);
    let order = ByteOrder::Little;
    let code = assemble(&lines, order);
    let start = std::time::Instant::now();
    let walked = walked(&code, order, &[0], &[]);
    assert_eq!(walked.extent, Extent::NotExamined);
    assert!(start.elapsed().as_secs() < 300, "{:?}", start.elapsed());
}

/// A generator of numbers that is the same everywhere (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

#[test]
fn damaged_programs_are_followed_to_an_end() {
    let lines = [
        (MOV, 6, 1, 0, 0),
        (STORE, 10, 6, -8, 0),
        (LOAD, 2, 1, 0, 0),
        (MOV_IMM, 3, 0, 0, 8),
        (JNE_IMM, 2, 0, 1, 0),
        (MOV_IMM, 3, 0, 0, 16),
        (ADD, 1, 3, 0, 0),
        (LOAD, 2, 1, 0, 0),
        (WIDE, 4, 0, 0, 7),
        (0, 0, 0, 0, 1),
        (LOAD, 1, 10, -8, 0),
        (CALL, 0, 1, 0, 2),
        (MAY_GOTO, 0, 0, -8, 0),
        END,
        (LOAD, 2, 1, 8, 0),
        (JNE_IMM_32, 2, 0, -2, 3),
        (ATOMIC, 10, 1, -8, 1),
        END,
    ];
    let mut numbers = Numbers(1);
    for round in 0..4_000 {
        let order = [ByteOrder::Little, ByteOrder::Big][round % 2];
        let mut code = assemble(&lines, order);
        for _ in 0..=numbers.below(6) {
            let place = numbers.below(code.len());
            code[place] = numbers.next() as u8;
        }
        if round % 5 == 0 {
            code.truncate(numbers.below(code.len()));
        }
        let walked = walked(&code, order, &[0, 14], &[]);
        let last = code.len() / LEN;
        for (place, _) in walked.records.keys() {
            assert!((place.index as usize) < last, "{round}");
        }
    }
}
