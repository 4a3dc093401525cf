use super::*;

use crate::fixture;

#[test]
fn instructions_of_either_byte_order_read_alike() {
    // r2 = *(u32 *)(r1 + 16); r0 = -2; exit
    let little = [
        [0x61, 0x12, 16, 0, 0, 0, 0, 0],
        [0xb7, 0x00, 0, 0, 0xfe, 0xff, 0xff, 0xff],
        [EXIT, 0, 0, 0, 0, 0, 0, 0],
    ];
    let big = [
        [0x61, 0x21, 0, 16, 0, 0, 0, 0],
        [0xb7, 0x00, 0, 0, 0xff, 0xff, 0xff, 0xfe],
        [EXIT, 0, 0, 0, 0, 0, 0, 0],
    ];
    let text = "6121001000000000b7000000fffffffe9500000000000000";
    let read = |code: [[u8; INSN]; 3], order| insns("f", code.as_flattened(), order).unwrap();
    assert_eq!(read(little, ByteOrder::Little), text);
    assert_eq!(read(big, ByteOrder::Big), text);
}

#[test]
fn programs_that_the_judge_cannot_run_are_refused() {
    let exit = [EXIT, 0, 0, 0, 0, 0, 0, 0];
    for code in [
        &[][..],
        &exit[..7],
        &[exit, exit].concat(),
        &[exit, [0xb7; 8]].concat(),
    ] {
        assert!(insns("f", code, ByteOrder::Little).is_err(), "{code:x?}");
    }
}

#[test]
fn narrow_values_lie_in_junk() {
    let cases = argument("t", "a", 1, 32, &[-2]).cases(Question::Value, "");
    let slots = cases.iter().map(|case| case.slots[1]).collect::<Vec<_>>();
    assert_eq!(
        slots,
        [0xffff_fffe, 0xffff_ffff_ffff_fffe, 0xa5c3_96e1_ffff_fffe]
    );
    assert!(cases.iter().all(|case| case.expected == -2_i64 as u64));
    let cases = argument("t", "a", 0, 1, &[1]).cases(Question::Value, "");
    assert_eq!(cases[1].slots[0], 0xffff_ffff_ffff_ff01);
}

#[test]
fn only_the_right_value_is_right() {
    let cases = argument("t", "a", 0, 32, &[-2]).cases(Question::Value, "");
    let answers = [
        "k\trelease\t6.12",
        "v\tvalue/t.a:-2:0\tok\t\tfffffffffffffffe",
        "v\tvalue/t.a:-2:1\tok\t\t00000000fffffffe",
    ];
    let report = compare_values(&cases, answers);
    assert_eq!(report.right, 1);
    let [narrow, missing] = &report.wrong[..] else {
        panic!("{:?}", report.wrong);
    };
    assert!(narrow.contains("0x00000000fffffffe came"), "{narrow}");
    assert!(missing.contains("no answer"), "{missing}");
    let refused = ["v\tvalue/t.a:-2:0\tEINVAL\tno such context"];
    let report = compare_values(&cases[..1], refused);
    assert!(
        report.wrong[0].contains("EINVAL no such context"),
        "{report:?}"
    );
}

#[test]
fn programs_are_made_for_either_byte_order() {
    let mut texts = Vec::new();
    for name in ["7.2-x86_64", "6.12-s390x"] {
        let cases = value_cases(&fixture(name).btf).unwrap();
        let plan = value_plan(&cases);
        assert_eq!(plan.lines().count(), cases.len());
        for part in [
            "value/neigh_update.new:255:1 ",
            "value/br_fdb_add.vid:32768:0 ",
        ] {
            assert!(plan.contains(part), "{name}: {part}");
        }
        texts.push(plan);
    }
    // A byte is read at its own width, or cut out of its whole slot.
    let of = |text: &str| {
        let line = text.lines().find(|line| line.contains("neigh_update.new"));
        line.unwrap().split(' ').nth(6).unwrap().to_owned()
    };
    assert!(
        of(&texts[0]).starts_with("7101001000000000"),
        "{}",
        of(&texts[0])
    );
    assert!(
        of(&texts[1]).starts_with("7901001000000000"),
        "{}",
        of(&texts[1])
    );
}
