use super::*;

#[test]
fn a_trace_event() {
    let line = "t\ttp/?/x:0\tsched\tok\t\tscalar\t@ok\t>EACCES\t<EACCES\
                \t=__data_loc char[] name;8;4;0\t=pid_t pid;12;4;1";
    let Some(Answer::Event {
        id: "tp/?/x:0",
        found: Some(found),
    }) = Answer::parse(line)
    else {
        panic!("{line}");
    };
    assert_eq!(found.category, "sched");
    assert_eq!((found.loads.len(), found.attached), (1, Verdict::Accepted));
    let last = EventField {
        declaration: "pid_t pid",
        offset: 12,
        size: 4,
        signed: true,
    };
    assert_eq!(found.fields[1], last);
    let none = Answer::Event {
        id: "a",
        found: None,
    };
    assert_eq!(Answer::parse("t\ta\t-"), Some(none));
    assert_eq!(Answer::parse("t\ta\tsched\tok\t\t@ok"), None);
}

#[test]
fn a_program_with_loads_of_each_kind() {
    let line = "p\ttp_btf/x\tok\t\tscalar\ttrusted_ptr_task_struct#620\t\
                !func 'x' doesn't have 3-th argument\t@EINVAL";
    assert_eq!(
        Answer::parse(line),
        Some(Answer::Program {
            id: "tp_btf/x",
            result: Verdict::Accepted,
            loads: vec![
                Load::Accepted {
                    register: "scalar",
                    btf_id: None
                },
                Load::Accepted {
                    register: "trusted_ptr_task_struct",
                    btf_id: Some(620)
                },
                Load::Refused {
                    reason: "func 'x' doesn't have 3-th argument"
                },
            ],
            attached: Some(Verdict::Refused {
                errno: "EINVAL",
                reason: ""
            }),
        })
    );
}

#[test]
fn a_program_that_was_refused_as_a_whole() {
    let line = "p\tlsm/x\tEINVAL\tattach_btf_id 7 points to disabled hook x\t?\t?";
    assert_eq!(
        Answer::parse(line),
        Some(Answer::Program {
            id: "lsm/x",
            result: Verdict::Refused {
                errno: "EINVAL",
                reason: "attach_btf_id 7 points to disabled hook x"
            },
            loads: vec![Load::Unknown, Load::Unknown],
            attached: None,
        })
    );
}

#[test]
fn values() {
    assert_eq!(
        Answer::parse("v\ts8\tok\t\tfffffffffffffffe"),
        Some(Answer::Value {
            id: "s8",
            result: Ok(-2_i64 as u64)
        })
    );
    assert_eq!(
        Answer::parse("v\ts8\tENOTSUPP\tBPF_PROG_TEST_RUN"),
        Some(Answer::Value {
            id: "s8",
            result: Err(Verdict::Refused {
                errno: "ENOTSUPP",
                reason: "BPF_PROG_TEST_RUN"
            })
        })
    );
}

#[test]
fn the_other_kinds() {
    let lines = [
        (
            "k\tendian\tbig",
            Answer::Kernel {
                key: "endian",
                value: "big",
            },
            false,
        ),
        (
            "x\tguard\t|\tall well",
            Answer::Output {
                id: "guard",
                text: "all well",
            },
            false,
        ),
        (
            "x\tguard\texit\t0",
            Answer::Exit {
                id: "guard",
                how: "0",
            },
            true,
        ),
        (
            "!\t-\tan entry without an id",
            Answer::Trouble {
                id: "-",
                text: "an entry without an id",
            },
            true,
        ),
        (".\t17", Answer::Last { count: 17 }, false),
    ];
    for (line, answer, concludes) in lines {
        assert_eq!(Answer::parse(line).as_ref(), Some(&answer));
        assert_eq!(answer.concludes_entry(), concludes);
    }
}

#[test]
fn what_is_no_answer() {
    for line in [
        "",
        "p",
        "p\tx",
        "p\tx\tok",
        "k\trelease",
        "v\tx\tok\t",
        "v\tx\tok\t\tzz",
        "x\tguard\tends\t0",
        ".\tmany",
        "q\tx\ty",
        "k\ta\tb\tc",
    ] {
        assert_eq!(Answer::parse(line), None, "{line:?}");
    }
}
