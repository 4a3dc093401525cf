//! What programs that have never heard of ctxgen read, and what they would read on other kernels.

mod heads;
mod lacking;
mod registers;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use ctxgen::KernelBtf;
use ctxgen::object::embedded;
use ctxgen::object::meant::Source;
use ctxgen::object::reads::Examined;
use ctxgen::reads::Answer;
use ctxgen::reads::Judged;
use ctxgen::reads::Verdict;
use ctxgen::reads::judge;
use ctxgen_tests::foreign_object;
use ctxgen_tests::full;
use ctxgen_tests::skip;

/// The clangs that are here, with what strips an object.
fn compilers() -> Vec<(&'static str, &'static str)> {
    let all = [("clang-14", "llvm-strip-14"), ("clang-19", "llvm-strip-19")];
    let is_here = |(clang, strip): &(&'static str, &'static str)| {
        let there = [clang, strip].map(|tool| Path::new("/usr/bin").join(tool).exists());
        if there != [true, true] {
            skip(clang, "it is not installed, or llvm-strip is not");
        }
        there == [true, true]
    };
    all.into_iter().filter(is_here).collect()
}

/// The object of the source, with and without debug information.
fn objects(clang: &str, strip: &str) -> [Vec<u8>; 2] {
    both(
        strip,
        foreign_object(clang, "tests/reads/cases.bpf.c").unwrap(),
    )
}

/// An object as it is, and without debug information.
fn both(strip: &str, whole: Vec<u8>) -> [Vec<u8>; 2] {
    let folder = tempfile::tempdir().unwrap();
    let object = folder.path().join("cases.bpf.o");
    std::fs::write(&object, &whole).unwrap();
    let status = Command::new(strip).arg("-g").arg(&object).status();
    assert!(status.unwrap().success(), "{strip}");
    [whole, std::fs::read(&object).unwrap()]
}

fn kernel(name: &str) -> Option<KernelBtf> {
    let kernels = full("what programs read");
    let found = kernels.iter().find(|kernel| kernel.name == name);
    if found.is_none() {
        skip(name, "its BTF is not here");
    }
    found.map(|kernel| KernelBtf::from_path(&kernel.btf).unwrap())
}

fn by_program(judged: Vec<Judged>) -> BTreeMap<String, Judged> {
    let judged = judged.into_iter();
    judged
        .map(|judged| (judged.program.clone(), judged))
        .collect()
}

/// What is worst of a program's reads, in one word.
fn worst(judged: &Judged) -> &'static str {
    let words = judged.reads.iter().map(|read| match &read.verdict {
        Verdict::Same => "0 same",
        Verdict::Guarded { .. } => "1 guarded",
        Verdict::NotKnown { .. } => "2 not known",
        Verdict::Gone => "3 gone",
        Verdict::OtherType => "4 other type",
        Verdict::AnotherValue => "5 another value",
        Verdict::Moved { .. } => "6 moved",
        other => panic!("{other:?}"),
    });
    words.max().map_or("nothing", |word| &word[2..])
}

/// Program, and on 6.12 and 7.3: the answer, and the worst of the reads.
type Row = (&'static str, [(Answer, &'static str); 2]);

const SAME: (Answer, &str) = (Answer::Works, "same");
const MOVED: (Answer, &str) = (Answer::ReadsWrong, "moved");
const OTHER: (Answer, &str) = (Answer::ReadsWrong, "another value");
const REFUSED: (Answer, &str) = (Answer::DoesNotLoad, "gone");
const DEPENDS: (Answer, &str) = (Answer::Unknown, "guarded");

const ROWS: &[Row] = &[
    // `policy` is in the way of what is returned since 6.19.
    ("alloc_ret", [SAME, MOVED]),
    ("alloc_unread", [SAME, SAME]),
    ("create_kprobe", [SAME, MOVED]),
    // Slots where the kernel passes registers.
    ("create_prog", [OTHER, OTHER]),
    // `bool kernel` is in the place of what is returned.
    ("lsm_bpf", [SAME, MOVED]),
    ("switch_btf", [SAME, SAME]),
    ("switch_raw", [SAME, SAME]),
    ("unlink_old", [MOVED, MOVED]),
    ("unlink_ret", [SAME, SAME]),
    // What is in its place, verifiers up to 6.12 do not let a program load; later, it is a pointer to a struct,
    // of which an `int` is made by shifting.
    (
        "unlink_ret_old",
        [
            (Answer::DoesNotLoad, "moved"),
            (Answer::DoesNotLoad, "moved"),
        ],
    ),
    ("unlink_kret", [SAME, SAME]),
    (
        "void_kret",
        [(Answer::ReadsWrong, "gone"), (Answer::ReadsWrong, "gone")],
    ),
    ("accept_ret", [REFUSED, REFUSED]),
    // An `int` is made by shifting, here too of a pointer to a struct.
    (
        "accept_flags",
        [
            (Answer::DoesNotLoad, "another value"),
            (Answer::DoesNotLoad, "another value"),
        ],
    ),
    ("open_call", [SAME, SAME]),
    // Names alone say nothing, and nor do `void *` and integers of a pointer's size.
    ("loosely", [SAME, SAME]),
    ("by_version", [DEPENDS, DEPENDS]),
    ("by_variable", [DEPENDS, DEPENDS]),
    ("by_field", [SAME, (Answer::Works, "guarded")]),
];

#[test]
fn the_cases_on_two_kernels() {
    let names = ["6.12.107-amd64-cloud", "7.3.4-amd64-cloud"];
    let [Some(old), Some(new)] = names.map(kernel) else {
        return;
    };
    for (clang, strip) in compilers() {
        let [whole, stripped] = objects(clang, strip);
        for (bytes, source) in [(whole, Source::Debug), (stripped, Source::Line)] {
            let object = Examined::parse(&bytes).unwrap();
            let found = [&old, &new].map(|kernel| by_program(judge(&object, kernel, None)));
            for (program, expected) in ROWS {
                for (found, expected) in found.iter().zip(expected) {
                    let judged = &found[*program];
                    let what = format!("{clang} {program} {judged:#?}");
                    assert_eq!((judged.answer, worst(judged)), *expected, "{what}");
                    // Of the two halves that BPF_KSYSCALL inlines, clang 14 can lose the declaration.
                    if *program != "open_call" {
                        assert_eq!(judged.source, source, "{what}");
                    }
                }
            }
            let unread = &found[1]["alloc_unread"].unread;
            assert_eq!(unread.len(), 1, "{unread:#?}");
        }
    }
}

#[test]
fn by_the_kernel_that_it_was_built_for() {
    let names = ["6.12.107-amd64-cloud", "7.3.4-amd64-cloud"];
    let [Some(old), Some(new)] = names.map(kernel) else {
        return;
    };
    for (clang, strip) in compilers() {
        let object = Examined::parse(&objects(clang, strip)[0]).unwrap();
        let alone = by_program(judge(&object, &new, None));
        assert_eq!(worst(&alone["undeclared"]), "not known");
        let built = by_program(judge(&object, &new, Some(&old)));
        assert_eq!(
            worst(&built["undeclared"]),
            "moved",
            "{:#?}",
            built["undeclared"]
        );
        let same = by_program(judge(&object, &old, Some(&old)));
        assert_eq!(worst(&same["undeclared"]), "same");
        // What the author says for himself is as it was.
        for (program, _) in ROWS {
            assert_eq!(built[*program].answer, alone[*program].answer, "{program}");
        }
    }
}

#[test]
fn inside_of_another_file() {
    for (clang, strip) in compilers() {
        let [whole, stripped] = objects(clang, strip);
        let mut file = b"\x7fELF\x02\x01\x01 no object of BPF".to_vec();
        let first = file.len();
        file.extend(&whole);
        file.extend([0; 13]);
        let second = file.len();
        file.extend(&stripped);
        file.extend(b"the end");
        let found = embedded(&file);
        let starts: Vec<usize> = found.iter().map(|place| place.start).collect();
        assert_eq!(starts, [first, second], "{clang}");
        for place in found {
            let object = Examined::parse(&file[place]).unwrap();
            assert!(object.programs().len() >= ROWS.len());
        }
    }
}

/// Damaged objects are refused, or examined as far as they go.
#[test]
fn damaged_objects() {
    let Some((clang, strip)) = compilers().pop() else {
        return;
    };
    libbpf_rs::set_print(None);
    for bytes in objects(clang, strip) {
        for at in (0..bytes.len()).step_by(211) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            let _ = Examined::parse(&damaged);
        }
        for len in (0..bytes.len()).step_by(997) {
            let _ = Examined::parse(&bytes[..len]);
        }
    }
}
