//! What a program's instructions need, and what no verifier takes of them.

use ctxgen::object::reads::Examined;
use ctxgen::reads::Answer;
use ctxgen::reads::Reason;
use ctxgen::reads::Remark;
use ctxgen::reads::Unknown;
use ctxgen::reads::judge;
use ctxgen_tests::foreign_object;

use super::by_program;
use super::compilers;
use super::kernel;

#[test]
fn helpers_that_a_kernel_lacks() {
    let names = ["5.10.223-amd64-cloud", "6.12.107-amd64-cloud"];
    let [Some(old), Some(new)] = names.map(kernel) else {
        return;
    };
    let lacks = Reason::Lacks {
        what: "the helper bpf_ktime_get_tai_ns".to_owned(),
    };
    for (clang, _) in compilers() {
        let bytes = foreign_object(clang, "tests/reads/lacking.bpf.c").unwrap();
        let object = Examined::parse(&bytes).unwrap();
        let [old, new] = [&old, &new].map(|kernel| by_program(judge(&object, kernel, None)));
        for (program, answer) in [
            ("old_helper", Answer::Works),
            ("new_helper", Answer::DoesNotLoad),
            ("called_helper", Answer::DoesNotLoad),
            // It asks whether the kernel has the helper.
            ("asked_helper", Answer::Works),
            // User space says so.
            ("set_helper", Answer::Unknown),
        ] {
            let judged = &old[program];
            assert_eq!(judged.answer, answer, "{clang} {judged:#?}");
            let is_refused = answer == Answer::DoesNotLoad;
            assert_eq!(judged.reasons.contains(&lacks), is_refused, "{judged:#?}");
            assert_eq!(new[program].answer, Answer::Works, "{clang} {program}");
        }
        let guard = |reason: &Reason| matches!(reason, Reason::NotKnown { why: Unknown::Guard(of) } if of.contains("is_new"));
        assert!(old["set_helper"].reasons.iter().any(guard));
    }
}

#[test]
fn addresses_of_packets() {
    let Some(kernel) = kernel("6.12.107-amd64-cloud") else {
        return;
    };
    for (clang, _) in compilers() {
        let bytes = foreign_object(clang, "tests/reads/lacking.bpf.c").unwrap();
        let found = by_program(judge(&Examined::parse(&bytes).unwrap(), &kernel, None));
        let shifted = &found["shifted"];
        assert_eq!(shifted.answer, Answer::DoesNotLoad, "{clang} {shifted:#?}");
        let mut remarks = shifted.reads.iter().flat_map(|read| &read.remarks);
        assert!(remarks.any(|remark| *remark == Remark::Address));
        let said = shifted.lines().join("\n");
        assert!(said.contains("it is an address for the verifier"), "{said}");
        assert_eq!(found["compared"].answer, Answer::Works, "{clang}");
    }
}
