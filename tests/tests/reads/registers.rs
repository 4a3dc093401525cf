//! Programs of breakpoints, on kernels of their own and of another architecture.

use ctxgen::KernelBtf;
use ctxgen::object::reads::Examined;
use ctxgen::reads::Answer;
use ctxgen::reads::Place;
use ctxgen::reads::Reason;
use ctxgen::reads::Unknown;
use ctxgen::reads::Verdict;
use ctxgen::reads::judge;
use ctxgen_tests::fixture;
use ctxgen_tests::foreign_object_with;

use super::both;
use super::by_program;
use super::compilers;

const ARCHS: [&str; 3] = [
    "-D__TARGET_ARCH_x86",
    "-D__TARGET_ARCH_arm64",
    "-D__TARGET_ARCH_riscv",
];

/// Whether the struct of registers is there, and whether CO-RE is.
const FORMS: [&[&str]; 4] = [
    &[],
    &["-DRELOCATED"],
    &["-DFORWARD"],
    &["-DFORWARD", "-DRELOCATED"],
];

fn trimmed(name: &str) -> KernelBtf {
    KernelBtf::from_path(&fixture(name).btf).unwrap()
}

#[test]
fn of_another_architecture() {
    let kernels = ["7.2-x86_64", "6.12-aarch64"].map(trimmed);
    for (clang, strip) in compilers() {
        for (arch, form) in ARCHS.iter().flat_map(|arch| FORMS.map(|form| (arch, form))) {
            let arguments: Vec<&str> = form.iter().copied().chain([*arch]).collect();
            let source = "tests/reads/registers.bpf.c";
            let whole = foreign_object_with(clang, source, &arguments).unwrap();
            for (bytes, how) in both(strip, whole).iter().zip(["whole", "stripped"]) {
                let object = Examined::parse(bytes).unwrap();
                for (kernel, own) in kernels.iter().zip(&ARCHS) {
                    let what = format!("{clang} {arguments:?} {how} on {own}");
                    check(&object, kernel, arch == own, &what);
                }
            }
        }
    }
}

fn check(object: &Examined, kernel: &KernelBtf, is_own: bool, what: &str) {
    let found = by_program(judge(object, kernel, None));
    let slots = &found["slots"];
    assert_eq!(slots.answer, Answer::Works, "{what} {slots:#?}");
    let architecture = Reason::NotKnown {
        why: Unknown::Architecture,
    };
    for (program, judged) in found {
        let is_foreign = judged.reasons.contains(&architecture);
        assert_eq!(
            is_foreign,
            !is_own && program != "slots",
            "{what} {judged:#?}"
        );
        let wrong = judged.reads.iter().find(|read| read.verdict.is_wrong());
        assert_eq!(wrong, None, "{what} {program}");
        match is_own {
            // Nothing says which argument is meant.
            true if program == "untyped" => assert_eq!(judged.answer, Answer::Unknown, "{what}"),
            true => assert_eq!(judged.answer, Answer::Works, "{what} {judged:#?}"),
            false if is_foreign => assert_eq!(judged.answer, Answer::Unknown, "{what}"),
            false => {}
        }
    }
}

/// A struct of one's own has the registers elsewhere than the kernel; CO-RE finds them.
#[test]
fn of_a_struct_of_ones_own() {
    let kernel = trimmed("7.2-x86_64");
    for (clang, _) in compilers() {
        let bytes = foreign_object_with(clang, "tests/reads/own_registers.bpf.c", &[]).unwrap();
        let object = Examined::parse(&bytes).unwrap();
        let found = by_program(judge(&object, &kernel, Some(&kernel)));
        let [read] = &found["own"].reads[..] else {
            panic!("{found:#?}");
        };
        assert_eq!(read.place, Place::Register("si".to_owned()), "{read:#?}");
        assert_eq!(read.verdict, Verdict::Same, "{read:#?}");
    }
}

/// What a kernel of another architecture has in a register says nothing.
#[test]
fn built_for_another_architecture() {
    let [own, other] = ["7.2-x86_64", "6.12-aarch64"].map(trimmed);
    for (clang, _) in compilers() {
        let bytes = foreign_object_with(clang, "tests/reads/registers.bpf.c", &[]).unwrap();
        let object = Examined::parse(&bytes).unwrap();
        let answer = |built_for| {
            let found = by_program(judge(&object, &own, built_for));
            found["untyped"].reads[0].verdict.clone()
        };
        let why = Unknown::NotDeclared;
        assert_eq!(answer(Some(&other)), Verdict::NotKnown { why });
        assert_eq!(answer(Some(&own)), Verdict::Same);
    }
}
