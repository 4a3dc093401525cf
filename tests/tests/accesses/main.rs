//! What builds say of accesses to contexts, against what the running kernel's verifier says.

mod passed;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ffi::c_int;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::ptr::null;
use std::thread;

use ctxgen::KernelBtf;
use ctxgen::RUNNING_BTF;
use ctxgen::object::ObjectFile;
use ctxgen::object::accesses::Extent;
use ctxgen::object::accesses::accesses;
use ctxgen::object::reads::Examined;
use ctxgen::reads::Answer;
use ctxgen::reads::judge;
use ctxgen_build::Builder;
use ctxgen_build::Error;
use ctxgen_tests::families::load;
use ctxgen_tests::is_root;
use ctxgen_tests::prng::Prng;
use ctxgen_tests::running;
use ctxgen_tests::skip;
use ctxgen_tests::workspace;
use libbpf_rs::ErrorKind;
use libbpf_rs::Linker;
use libbpf_rs::ObjectBuilder;

/// The clangs to build with: those of Debian's packages that are here.
fn clangs() -> Vec<&'static str> {
    let all = ["clang-14", "clang-19"];
    let is_here = |clang: &&str| {
        let is_here = Path::new("/usr/bin").join(clang).exists();
        if !is_here {
            skip(clang, "it is not installed");
        }
        is_here
    };
    all.into_iter().filter(is_here).collect()
}

fn builder(source: &Path, clang: &str, out: &Path) -> Builder {
    Builder::new()
        .source(source)
        .btf(RUNNING_BTF)
        .target("x86_64-unknown-linux-gnu")
        .clang(clang)
        .out_dir(out)
}

fn shapes() -> PathBuf {
    workspace().join("tests/accesses/shapes.bpf.c")
}

/// Whether programs can be built and loaded here; where not, that is said.
fn can_load(what: &str) -> bool {
    if cfg!(not(target_arch = "x86_64")) {
        skip(what, "they name registers of x86-64");
        return false;
    }
    if !is_root() {
        skip(what, "loading programs takes root");
        return false;
    }
    running(what).is_some()
}

/// The programs of a source that the build refuses, and how many it has, after the running kernel has been
/// asked about each.
fn refused(source: &Path, clang: &str) -> (BTreeSet<String>, usize) {
    let out = tempfile::tempdir().unwrap();
    let built = builder(source, clang, out.path()).generate();
    let (said, text) = match built {
        Ok(_) => (BTreeSet::new(), String::new()),
        Err(Error::Refused(refused)) => {
            let programs = refused.iter().map(|found| found.program.clone());
            (
                programs.collect(),
                Error::Refused(refused.clone()).to_string(),
            )
        }
        Err(error) => panic!("{clang}: {error}"),
    };
    let name = source.file_name().unwrap().to_string_lossy();
    let object = out.path().join(name.replace(".bpf.c", ".bpf.o"));
    let outcomes = load::each(&std::fs::read(object).unwrap(), false).unwrap();
    let wrong: Vec<String> = outcomes
        .iter()
        .filter(|outcome| outcome.refused.is_some() != said.contains(&outcome.program))
        .map(ToString::to_string)
        .collect();
    assert!(wrong.is_empty(), "{clang}: {wrong:#?}\n{text}");
    (said, outcomes.len())
}

#[test]
fn kernel_functions_with_the_pointers_of_contexts() {
    if !can_load("kernel functions with the pointers of contexts") {
        return;
    }
    let source = workspace().join("tests/accesses/kfuncs.bpf.c");
    for clang in clangs() {
        let (said, all) = refused(&source, clang);
        let expected = if clang == "clang-14" { 1 } else { 2 };
        assert_eq!((said.len(), all), (0, expected), "{clang}: {said:?}");
    }
}

#[test]
fn what_is_refused_is_what_the_verifier_refuses() {
    if !can_load("shapes of accesses") {
        return;
    }
    for clang in clangs() {
        let (said, all) = refused(&shapes(), clang);
        assert!(all > 40);
        // Whatever clang makes of the others.
        for program in [
            "slot_upper_half",
            "slot_stored",
            "slot_atomic",
            "stack_of_modified",
            "bare_slot_behind",
            "register_misaligned",
            "record_head",
            "calls_ours",
            "calls_void",
        ] {
            assert!(said.contains(program), "{clang}: {program}");
        }
    }
}

#[test]
fn contexts_as_memory_of_helpers() {
    if !can_load("contexts as memory of helpers") {
        return;
    }
    let source = workspace().join("tests/accesses/helpers.bpf.c");
    for clang in clangs() {
        let (said, all) = refused(&source, clang);
        assert!(said.iter().all(|program| program.starts_with("memory_")));
        assert_eq!((said.len(), all), (24, 29), "{clang}: {said:?}");
    }
}

/// A section, its context, how long that is, and what its programs may return.
const OWN_CONTEXTS: [(&str, &str, u32, u32); 19] = [
    ("xdp", "xdp_md", 24, 2),
    ("tc", "__sk_buff", 184, 0),
    ("socket", "__sk_buff", 184, 0),
    ("cgroup_skb/ingress", "__sk_buff", 184, 1),
    ("lwt_in", "__sk_buff", 184, 0),
    ("sk_skb/stream_parser", "__sk_buff", 184, 0),
    ("flow_dissector", "__sk_buff", 184, 0),
    ("cgroup/sock_create", "bpf_sock", 80, 1),
    ("cgroup/connect4", "bpf_sock_addr", 72, 1),
    ("cgroup/connect6", "bpf_sock_addr", 72, 1),
    ("cgroup/sendmsg4", "bpf_sock_addr", 72, 1),
    ("cgroup/sysctl", "bpf_sysctl", 8, 1),
    ("cgroup/getsockopt", "bpf_sockopt", 40, 1),
    ("cgroup/setsockopt", "bpf_sockopt", 40, 1),
    ("cgroup/dev", "bpf_cgroup_dev_ctx", 12, 1),
    ("sockops", "bpf_sock_ops", 224, 1),
    ("sk_msg", "sk_msg_md", 80, 1),
    ("sk_lookup", "bpf_sk_lookup", 68, 1),
    ("sk_reuseport", "sk_reuseport_md", 56, 1),
];

/// Programs for each place, width and direction.
fn each_access(section: &str, of: &str, size: u32, returns: u32) -> String {
    let mut text = "#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\n\
                    char LICENSE[] SEC(\"license\") = \"GPL\";\n"
        .to_owned();
    for (offset, width) in (0..size)
        .step_by(4)
        .flat_map(|at| [1, 2, 4, 8].map(|of| (at, of)))
    {
        if offset % width != 0 {
            continue;
        }
        let place = format!("*(u{} *)(r1 + {offset})", 8 * width);
        for (name, statement) in [
            ("load", format!("r2 = {place}")),
            ("store", format!("r2 = 0; {place} = r2")),
        ] {
            text.push_str(&format!(
                "SEC(\"{section}\") __attribute__((naked)) int {name}{width}_{offset}(struct {of} *ctx) \
                 {{ asm volatile(\"{statement}; r0 = {returns}; exit;\"); }}\n"
            ));
        }
    }
    text
}

/// What is said of the kernel's own contexts is what the running kernel refuses. It refuses more.
#[test]
fn every_access_to_the_kernels_contexts() {
    if !can_load("every access to the kernel's contexts") {
        return;
    }
    let clangs = clangs();
    let Some(clang) = clangs.first() else {
        return;
    };
    let mut all = 0;
    for (section, of, size, returns) in OWN_CONTEXTS {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("each.bpf.c");
        std::fs::write(&source, each_access(section, of, size, returns)).unwrap();
        let Err(Error::Refused(said)) = builder(&source, clang, dir.path()).generate() else {
            panic!("{section}: all is taken");
        };
        let said: BTreeSet<String> = said.into_iter().map(|found| found.program).collect();
        let bytes = std::fs::read(dir.path().join("each.bpf.o")).unwrap();
        let outcomes = load::each(&bytes, false).unwrap();
        let taken = outcomes.iter().filter(|outcome| outcome.refused.is_none());
        let taken: BTreeSet<&str> = taken.map(|outcome| &*outcome.program).collect();
        let wrong: Vec<&str> = taken
            .iter()
            .copied()
            .filter(|program| said.contains(*program))
            .collect();
        assert!(
            wrong.is_empty() && !taken.is_empty(),
            "{section}: {wrong:?}"
        );
        all += said.len();
    }
    assert!(all > 1500, "{all}");
}

#[test]
fn accesses_behind_the_end() {
    if !can_load("accesses behind the end") {
        return;
    }
    let source = workspace().join("tests/accesses/ends.bpf.c");
    for clang in clangs() {
        let (said, all) = refused(&source, clang);
        assert!(said.iter().all(|program| program.starts_with("behind_")));
        assert_eq!((said.len(), all), (7, 12), "{clang}: {said:?}");
    }
}

/// The kernel holds what a program loads of a record against the record when it is attached.
#[test]
fn accesses_behind_the_end_of_a_record() {
    const WHAT: &str = "programs on trace events";
    if !can_load(WHAT) {
        return;
    }
    // Mounts are those of a thread, which ends.
    thread::scope(|scope| {
        let thread = scope.spawn(|| match own_tracefs() {
            Ok(()) => are_not_attached(),
            Err(error) => skip(WHAT, &format!("tracefs cannot be mounted: {error}")),
        });
        thread.join().unwrap();
    });
}

/// Mounts tracefs where libbpf looks for it, for the calling thread alone.
fn own_tracefs() -> io::Result<()> {
    let of = |status: c_int| match status {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    };
    let (root, tracing) = (c"/".as_ptr(), c"/sys/kernel/tracing".as_ptr());
    let (none, tracefs) = (c"none".as_ptr(), c"tracefs".as_ptr());
    // SAFETY: the flags are ones that it knows; no memory is handed to it.
    of(unsafe { libc::unshare(libc::CLONE_NEWNS) })?;
    let private = libc::MS_REC | libc::MS_PRIVATE;
    // SAFETY: the path is a string that ends with 0, and the other pointers may be null.
    of(unsafe { libc::mount(null(), root, null(), private, null()) })?;
    // SAFETY: the strings end with 0, and there are no options.
    of(unsafe { libc::mount(none, tracing, tracefs, 0, null()) })
}

fn are_not_attached() {
    let source = workspace().join("tests/accesses/attached.bpf.c");
    for clang in clangs() {
        let out = tempfile::tempdir().unwrap();
        let Err(Error::Refused(said)) = builder(&source, clang, out.path()).generate() else {
            panic!("{clang}: it is taken");
        };
        let said: BTreeSet<String> = said.into_iter().map(|found| found.program).collect();
        let object = out.path().join("attached.bpf.o");
        let opened = ObjectBuilder::default().open_file(object).unwrap();
        let loaded = opened.load().unwrap();
        let mut refused = BTreeSet::new();
        for program in loaded.progs_mut() {
            if let Err(error) = program.attach() {
                assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
                refused.insert(program.name().to_string_lossy().into_owned());
            }
        }
        assert_eq!((&said, refused.len()), (&refused, 3), "{clang}");
    }
}

/// That loads, and reads something else: the build says so, and so do the verdicts on the object.
#[test]
fn records_of_other_events() {
    if !can_load("records of other events") {
        return;
    }
    let source = workspace().join("tests/accesses/records.bpf.c");
    let kernel = KernelBtf::from_path(RUNNING_BTF).unwrap();
    let is_other = |program: &&str| program.starts_with("other_");
    for clang in clangs() {
        let out = tempfile::tempdir().unwrap();
        let Err(Error::Mismatch(said)) = builder(&source, clang, out.path()).generate() else {
            panic!("{clang}: it is taken");
        };
        let bytes = std::fs::read(out.path().join("records.bpf.o")).unwrap();
        let outcomes = load::each(&bytes, false).unwrap();
        assert!(outcomes.iter().all(|outcome| outcome.refused.is_none()));
        let all = outcomes.iter().map(|outcome| &*outcome.program);
        let expected: BTreeSet<&str> = all.filter(is_other).collect();
        let said: BTreeSet<&str> = said.iter().map(|found| &*found.program).collect();
        assert_eq!((said, expected.len()), (expected.clone(), 7), "{clang}");
        let judged = judge(&Examined::parse(&bytes).unwrap(), &kernel, None);
        for program in &judged {
            let is_wrong = program.answer == Answer::ReadsWrong;
            let name = &*program.program;
            assert_eq!(is_wrong, expected.contains(name), "{clang}: {program:#?}");
        }
    }
}

#[test]
fn cases_from_the_field() {
    if !can_load("cases from the field") {
        return;
    }
    let cases = workspace().join("../shared/field-cases");
    if !cases.is_dir() {
        return skip("cases from the field", "they are not here");
    }
    for clang in clangs() {
        refused(&cases.join("01-folded-loads/pick.bpf.c"), clang);
        let (said, _) = refused(&cases.join("08-global-functions/plain.bpf.c"), clang);
        let expected = ["plain", "plain_reg"].map(str::to_owned);
        assert_eq!(said, BTreeSet::from(expected), "{clang}");
    }
}

/// What is found in an object, by program: what is done in which line, and where it goes.
fn found(bytes: &[u8]) -> BTreeMap<String, Vec<String>> {
    let object = ObjectFile::parse(bytes).unwrap();
    let programs = accesses(&object, bytes).unwrap();
    programs
        .into_iter()
        .map(|found| {
            assert_eq!(
                found.extent,
                Extent::Whole,
                "{:?}",
                object.programs()[found.program]
            );
            let name = object.programs()[found.program].name.clone();
            let accesses = found.accesses.iter().map(|access| {
                let line = access
                    .line
                    .as_ref()
                    .map(|line| (&line.function, line.number));
                let relocation = access.relocation.map(|place| {
                    let relocation = &object.relocations()[place];
                    assert_eq!(relocation.instruction_offset, access.instruction_offset);
                    assert_eq!(relocation.section, access.section);
                    &relocation.access
                });
                let callee = access.callee.as_ref().map(|callee| &callee.name);
                format!(
                    "{line:?}: {:?} {:?} {} {relocation:?} {callee:?}",
                    access.kind,
                    access.offsets(),
                    access.width
                )
            });
            let mut accesses: Vec<String> = accesses.collect();
            accesses.sort();
            (name, accesses)
        })
        .collect()
}

#[test]
fn objects_that_are_not_linked_yet() {
    if !can_load("objects that are not linked") {
        return;
    }
    for clang in clangs() {
        for order in ["bpfel", "bpfeb"] {
            let out = tempfile::tempdir().unwrap();
            let built = builder(&shapes(), clang, out.path())
                .relocatable(true)
                .generate();
            assert!(built.is_err(), "{clang}");
            let compiled = out.path().join("compiled.o");
            let status = Command::new(clang)
                .args([
                    "-g",
                    "-O2",
                    "-c",
                    "-D__TARGET_ARCH_x86",
                    "-target",
                    order,
                    "-isystem",
                ])
                .arg(out.path().join("include"))
                .arg(shapes())
                .arg("-o")
                .arg(&compiled)
                .status()
                .unwrap();
            assert!(status.success(), "{clang} for {order}");
            let linked = out.path().join("linked.o");
            let mut linker = Linker::new(&linked).unwrap();
            linker.add_file(&compiled).unwrap();
            linker.link().unwrap();
            let [compiled, linked] = [compiled, linked].map(|path| std::fs::read(path).unwrap());
            let of_compiled = found(&compiled);
            assert!(of_compiled.len() > 40);
            assert_eq!(of_compiled, found(&linked), "{clang}, {order}");
            // The callback's accesses and the functions' are those of the programs that call them.
            for (program, function) in [
                ("slot_in_callback", "visit"),
                ("slot_in_function", "chosen"),
                ("calls_hidden", "hidden_ours"),
            ] {
                let accesses = &of_compiled[program];
                let is_there = accesses.iter().any(|access| access.contains(function));
                assert!(is_there, "{program}: {accesses:#?}");
            }
        }
    }
}

#[test]
fn damaged_objects() {
    let Some(clang) = clangs().into_iter().next() else {
        return;
    };
    let out = tempfile::tempdir().unwrap();
    let object = out.path().join("walks.o");
    let source = out.path().join("walks.c");
    std::fs::write(
        &source,
        "static __attribute__((noinline)) int second(int by, unsigned long long *ctx)\n\
         { return ctx[by ? 1 : 2]; }\n\
         __attribute__((section(\"tp_btf/x\"))) int first(unsigned long long *ctx)\n\
         { for (int i = 0; i < (int)ctx[3]; i++) ctx[4] += second(i, ctx); return 0; }\n\
         __attribute__((section(\"kprobe/x\"))) int third(unsigned long long *ctx)\n\
         { return second(ctx[0], ctx); }\n",
    )
    .unwrap();
    let status = Command::new(clang)
        .args(["-g", "-O2", "-c", "-target", "bpfel"])
        .arg(&source)
        .arg("-o")
        .arg(&object)
        .status()
        .unwrap();
    assert!(status.success());
    let bytes = std::fs::read(&object).unwrap();
    let whole = ObjectFile::parse(&bytes).unwrap();
    let found = accesses(&whole, &bytes).unwrap();
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|found| !found.accesses.is_empty()));
    let mut numbers = Prng::new(7);
    let mut read = 0;
    for _ in 0..2_000 {
        let mut damaged = bytes.clone();
        for _ in 0..=numbers.below(8) {
            let at = numbers.below(damaged.len());
            damaged[at] = numbers.below(256) as u8;
        }
        if let Ok(object) = ObjectFile::parse(&damaged) {
            // The bytes of another object are an error at most.
            let _ = accesses(&object, &bytes);
            let _ = accesses(&whole, &damaged);
            read += usize::from(accesses(&object, &damaged).is_ok());
        }
    }
    assert!(read > 100, "{read}");
}
