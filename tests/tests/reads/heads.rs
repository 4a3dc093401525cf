//! Heads of programs, of which a stripped object has the first line.

use ctxgen::object::meant::Source;
use ctxgen::object::reads::Examined;
use ctxgen::reads::Unknown;
use ctxgen::reads::Verdict;
use ctxgen::reads::judge;
use ctxgen_tests::foreign_object;

use super::both;
use super::by_program;
use super::compilers;
use super::kernel;
use super::worst;

/// The worst of a stripped program's reads on 6.12 and 7.3, and on 7.3 with 6.12 as what it was built for.
const ROWS: &[(&str, [&str; 3])] = &[
    ("one_line", ["same", "moved", "moved"]),
    ("commented", ["same", "moved", "moved"]),
    ("last_below", ["not known", "not known", "moved"]),
    ("first_of_two", ["same", "same", "same"]),
    ("all_below", ["not known", "not known", "moved"]),
    ("registers", ["not known", "not known", "moved"]),
    // What is in the first line counts.
    ("moved", ["moved", "moved", "moved"]),
];

#[test]
fn over_several_lines() {
    let names = ["6.12.107-amd64-cloud", "7.3.4-amd64-cloud"];
    let [Some(old), Some(new)] = names.map(kernel) else {
        return;
    };
    for (clang, strip) in compilers() {
        let whole = foreign_object(clang, "tests/reads/heads.bpf.c").unwrap();
        let [whole, stripped] = both(strip, whole);
        let object = Examined::parse(&stripped).unwrap();
        let found = [(&old, None), (&new, None), (&new, Some(&old))];
        let found = found.map(|(kernel, before)| by_program(judge(&object, kernel, before)));
        for (program, expected) in ROWS {
            for (found, expected) in found.iter().zip(expected) {
                let judged = &found[*program];
                assert_eq!(worst(judged), *expected, "{clang} {program} {judged:#?}");
                assert_eq!(judged.source, Source::Line, "{clang} {program}");
            }
        }
        for program in ["last_below", "all_below", "registers"] {
            let why = Unknown::GoesOn;
            let verdict = &found[1][program].reads[0].verdict;
            assert_eq!(*verdict, Verdict::NotKnown { why }, "{clang} {program}");
        }
        // With debug information, all of it is known.
        let whole = by_program(judge(&Examined::parse(&whole).unwrap(), &new, None));
        assert_eq!(worst(&whole["last_below"]), "moved", "{clang}");
        assert_eq!(worst(&whole["all_below"]), "moved", "{clang}");
    }
}
