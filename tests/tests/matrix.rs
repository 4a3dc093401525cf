//! Matrices of objects and real kernels: what they say is what holding each object against each kernel says.

use std::collections::BTreeSet;

use ctxgen::KernelBtf;
use ctxgen::matrix::Candidate;
use ctxgen::matrix::Examination;
use ctxgen::matrix::Found;
use ctxgen::matrix::Held;
use ctxgen::matrix::Matrix;
use ctxgen::matrix::Program;
use ctxgen::matrix::Status;
use ctxgen::matrix::Subject;
use ctxgen::object::reads::Examined;
use ctxgen::reads::Answer;
use ctxgen::reads::judge;
use ctxgen_build::Builder;
use ctxgen_tests::Clang;
use ctxgen_tests::fixture;
use ctxgen_tests::foreign_object;
use ctxgen_tests::full;

/// The programs that are written as without ctxgen.
fn cases() -> Examined {
    let clang = &Clang::of_builds().path;
    Examined::parse(&foreign_object(clang, "tests/reads/cases.bpf.c").unwrap()).unwrap()
}

fn candidate(examined: Examined) -> [Candidate; 1] {
    [Candidate {
        file: "build/cases.bpf.o".to_owned(),
        name: "build/cases.bpf.o".to_owned(),
        examined,
    }]
}

fn matrix(objects: &[Candidate], kernels: &[KernelBtf]) -> Matrix {
    let held = kernels.iter().map(|kernel| Held {
        label: None,
        names: kernel.names(),
        found: Found::Examined(Examination::of(objects, kernel, None)),
    });
    Matrix::new(objects, held.collect())
}

fn program<'m>(matrix: &'m Matrix, name: &str) -> &'m Program {
    let mut programs = matrix.objects[0].programs.iter();
    programs.find(|program| program.name == name).unwrap()
}

fn statuses(program: &Program) -> Vec<Status> {
    program.answers.iter().map(|answer| answer.status).collect()
}

/// readahead's program, on kernels before and since 6.19.
#[test]
fn readahead() {
    let kernels = full("a matrix of real kernels");
    let is_x86 = |name: &str| name.ends_with("-amd64-cloud");
    let kernels: Vec<KernelBtf> = kernels
        .iter()
        .filter(|kernel| is_x86(&kernel.name))
        .map(|kernel| KernelBtf::from_path(&kernel.btf).unwrap())
        .collect();
    if kernels.is_empty() {
        return;
    }
    let matrix = matrix(&candidate(cases()), &kernels);
    let labels: Vec<&str> = matrix.kernels.iter().map(|kernel| &*kernel.label).collect();
    let expected = ["5.10.223", "6.1.192", "6.12.107", "7.2.13", "7.3.4"];
    assert_eq!(
        labels,
        expected.map(|version| format!("{version}-amd64-cloud"))
    );

    let program = program(&matrix, "alloc_ret");
    let expected = [
        Status::Absent,
        Status::Absent,
        Status::Same,
        Status::Wrong,
        Status::Wrong,
    ];
    assert_eq!(statuses(program), expected);
    let [read, hook] = &program.rows[..] else {
        panic!("{:#?}", program.rows);
    };
    assert!(matches!(read.subject, Subject::Read { .. }));
    let cells: Vec<Status> = read.cells.iter().map(|cell| cell.status).collect();
    let skipped = [Status::Skipped, Status::Skipped];
    assert_eq!(cells, [&skipped[..], &expected[2..]].concat());
    let found = read.cells[3].found.as_ref().unwrap();
    assert_eq!(found.name.as_deref(), Some("policy"));
    assert_eq!(read.findings.len(), 1);
    assert_eq!(read.findings[0].ranges, "7.2.13-amd64-cloud →");
    assert_eq!(
        hook.findings[0].ranges,
        "5.10.223-amd64-cloud – 6.1.192-amd64-cloud"
    );
    let prototype = program.prototypes[4].as_deref().unwrap();
    assert_eq!(
        prototype,
        "struct folio *filemap_alloc_folio_noprof(gfp_t gfp, unsigned int order, struct mempolicy *policy)"
    );
    assert_eq!(program.prototypes[0], None);
}

/// The word of each program on each kernel is that of [`judge`].
#[test]
fn it_says_what_holding_one_against_one_says() {
    let kernels = full("a matrix and single verdicts");
    for kernel in kernels {
        let btf = KernelBtf::from_path(&kernel.btf).unwrap();
        let objects = candidate(cases());
        let matrix = matrix(&objects, std::slice::from_ref(&btf));
        for judged in judge(&objects[0].examined, &btf, None) {
            let program = program(&matrix, &judged.program);
            let status = program.answers[0].status;
            let answer = match status {
                Status::Wrong => Answer::ReadsWrong,
                Status::DoesNotLoad => Answer::DoesNotLoad,
                Status::Absent => Answer::DoesNotAttach,
                Status::NotKnown | Status::Depends => Answer::Unknown,
                _ => Answer::Works,
            };
            assert_eq!(
                answer, judged.answer,
                "{} {judged:#?} {program:#?}",
                kernel.name
            );
            let has_reasons = !program.answers[0].reasons.is_empty();
            assert_eq!(has_reasons, !status.is_fine(), "{program:#?}");
        }
    }
}

/// The findings of a matrix are all different, and the same each time.
#[test]
fn fingerprints() {
    let kernel = || KernelBtf::from_path(fixture("7.2-x86_64").btf).unwrap();
    let prints = || {
        let matrix = matrix(&candidate(cases()), &[kernel()]);
        let programs = matrix
            .objects
            .into_iter()
            .flat_map(|object| object.programs);
        let rows = programs.flat_map(|program| program.rows);
        let findings = rows.flat_map(|row| row.findings);
        findings
            .map(|finding| finding.fingerprint)
            .collect::<Vec<_>>()
    };
    let first = prints();
    assert!(first.len() > 5, "{first:?}");
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), first.len());
    assert_eq!(first, prints());
}

/// Programs with ctxgen's own structs, fixed and relocatable.
#[test]
fn own_contexts() {
    const TEXT: &str = "#include \"vmlinux.h\"\n#include \"ctx.h\"\n\
        #define SEC(name) __attribute__((section(name), used))\n\
        SEC(\"fexit/vfs_unlink\")\n\
        int unlinked(struct btf_fexit_vfs_unlink_ctx *ctx) { return ctx_get(ctx, ret); }\n\
        SEC(\"tp_btf/sched_switch\")\n\
        int switched(struct btf_trace_sched_switch_ctx *ctx) { return ctx->prev_state; }\n";
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("own.bpf.c");
    std::fs::write(&source, TEXT).unwrap();
    let names = ["5.10-x86_64", "6.1-x86_64", "7.2-x86_64"];
    let kernels = names.map(|name| KernelBtf::from_path(fixture(name).btf).unwrap());
    use Status::DoesNotLoad;
    use Status::Same;
    use Status::Unread;
    use Status::Wrong;
    for (relocatable, unlinked, switched) in [
        (false, [Wrong, Unread, Same], [Wrong, Same, Same]),
        (true, [Same; 3], [DoesNotLoad, Same, Same]),
    ] {
        let artifacts = Builder::new()
            .source(&source)
            .btf(fixture("7.2-x86_64").btf)
            .target("x86_64-unknown-linux-gnu")
            .out_dir(folder.path().join("out"))
            .relocatable(relocatable)
            .generate()
            .unwrap();
        let bytes = std::fs::read(&artifacts.objects[0].object).unwrap();
        let matrix = matrix(&candidate(Examined::parse(&bytes).unwrap()), &kernels);
        for (name, expected) in [("unlinked", unlinked), ("switched", switched)] {
            let program = program(&matrix, name);
            assert!(program.r#struct.is_some());
            assert_eq!(statuses(program), expected, "{program:#?}");
        }
        let row = &program(&matrix, "switched").rows[0];
        assert_eq!(
            row.subject,
            Subject::Argument {
                name: "prev_state".to_owned()
            }
        );
        assert_eq!(row.findings[0].ranges, "5.10-x86_64");
    }
}

/// What is examined on one core is used on all.
#[test]
fn objects_are_shared_by_threads() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Candidate>();
    is_shared::<Examination>();
}
