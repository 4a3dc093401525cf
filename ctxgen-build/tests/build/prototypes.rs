//! Prototypes that were written by hand, against the target kernels' own.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use ctxgen_build::Builder;
use ctxgen_build::Error;
use ctxgen_build::Misread;

use crate::clang::fake;
use crate::support::INCLUDES;
use crate::support::LICENSE;
use crate::support::Order;
use crate::support::Project;
use crate::support::kernel_with;

const TRACING: &str = "#include <bpf/bpf_tracing.h>\n";

/// Right on the first kernel; the later one has another argument before those.
const UNLINKED: &str = "SEC(\"fexit/vfs_unlink\")
int BPF_PROG(unlinked, struct inode *dir, struct dentry *dentry, int ret)
{
	return ret;
}
";

/// The compilers that are installed, of those that Debian has.
fn clangs() -> Vec<PathBuf> {
    let wanted = ["clang", "clang-14", "clang-19", "clang-22"].map(PathBuf::from);
    let runs = |clang: &PathBuf| {
        let output = Command::new(clang).arg("--version").output();
        output.is_ok_and(|output| output.status.success())
    };
    wanted.into_iter().filter(runs).collect()
}

/// A kernel and a later one. Of one that is cut down, what it lacks would tell nothing.
fn kernels() -> [PathBuf; 2] {
    let with = |name, definitions: &[&str]| kernel_with(name, Order::Little, definitions);
    [
        with("prototypes", &["-DWITHOUT_MODULES"]),
        with("prototypes-later", &["-DWITHOUT_MODULES", "-DLATER"]),
    ]
}

fn project(text: &str) -> Project {
    Project::with(&format!("{TRACING}{text}"))
}

fn builder(project: &Project, kernels: &[&Path]) -> Builder {
    let builder = Builder::new()
        .out_dir(project.path("out"))
        .target(Order::Little.triple())
        .source(project.path("src/prog.bpf.c"));
    kernels.iter().fold(builder, Builder::kernel)
}

fn warnings(builder: Builder) -> Vec<String> {
    builder.generate().unwrap().warnings
}

fn misread(builder: Builder) -> Vec<Misread> {
    match builder.deny_prototypes(true).generate() {
        Ok(_) => Vec::new(),
        Err(Error::Misread(found)) => found,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn an_argument_that_is_elsewhere() {
    let [old, later] = &kernels();
    for clang in clangs() {
        let project = project(UNLINKED);
        let with = |kernels: &[&Path]| builder(&project, kernels).clang(&clang);
        assert_eq!(warnings(with(&[old])), [""; 0], "{clang:?}");
        let said = warnings(with(&[later]));
        let [said] = &said[..] else {
            panic!("{clang:?}: {said:#?}");
        };
        let source = project.path("src/prog.bpf.c");
        let start = format!(
            "{}:6: program unlinked, SEC(\"fexit/vfs_unlink\"): slot 2: the returned value (a signed \
             number of 4 bytes) is meant, the kernel has dentry (struct dentry *): another value: what is \
             meant is in slot 3",
            source.display()
        );
        assert!(said.starts_with(&start), "{clang:?}: {said}");
        assert!(said.contains("\n    int BPF_PROG(unlinked, "), "{said}");

        // It says of which kernels it is true.
        let found = misread(with(&[old, later]));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].kernels.len(), 1, "{found:#?}");
        assert!(found[0].kernels[0].contains("later"), "{found:#?}");
        assert_eq!(found[0].program, "unlinked");
        assert!(misread(with(&[later]))[0].kernels.is_empty());
    }
}

/// What is declared and not read makes no difference, nor does what is read right.
#[test]
fn what_is_right_or_not_read() {
    let [old, later] = &kernels();
    let body = |args: &str, returns: &str| {
        format!(
            "SEC(\"fentry/vfs_unlink\")\nint BPF_PROG(prog, {args})\n{{\n\treturn {returns};\n}}\n"
        )
    };
    let own_macro = "#define HANDLE(name, args...) BPF_PROG(name, ##args)\nSEC(\"lsm/file_open\")
int HANDLE(prog, struct file *file, int ret) { return ret ?: file->f_flags == 3; }\n";
    for (text, kernels) in [
        (
            body("struct inode *dir, struct dentry *dentry", "0"),
            [old, later],
        ),
        (
            body("void *first, void *second", "first == second"),
            [old, later],
        ),
        (
            body("u64 first, u64 second", "first == second"),
            [old, later],
        ),
        (own_macro.to_owned(), [old, later]),
        (
            "SEC(\"kprobe/put_task\") int BPF_KPROBE(prog, void *task) { return task != 0; }\n"
                .to_owned(),
            [old, later],
        ),
        (
            "SEC(\"tp_btf/sched_switch\")
int BPF_PROG(prog, bool preempt, struct task_struct *prev) { return prev->pid; }\n"
                .to_owned(),
            [old, later],
        ),
        // Nothing tells what is meant.
        (
            "SEC(\"fentry/vfs_unlink\") int prog(u64 *ctx) { return ctx[1] == 1; }\n".to_owned(),
            [old, later],
        ),
    ] {
        let project = project(&text);
        for clang in clangs() {
            let found = misread(builder(&project, &kernels.map(PathBuf::as_path)).clang(&clang));
            assert_eq!(found, [], "{clang:?}: {text}");
        }
    }
}

/// Types alone tell, in slots and in registers.
#[test]
fn another_type() {
    let [_, later] = &kernels();
    for (text, place) in [
        (
            "SEC(\"fentry/put_task\") int BPF_PROG(prog, struct task_struct *t) { return t->pid; }\n",
            "slot 0",
        ),
        (
            "SEC(\"kprobe/put_task\")
int BPF_KPROBE(prog, struct task_struct *t) { int pid; bpf_probe_read_kernel(&pid, 4, &t->pid); return pid; }\n",
            "register di",
        ),
    ] {
        let project = project(text);
        let found = misread(builder(&project, &[later]));
        assert_eq!(found.len(), 1, "{text}: {found:#?}");
        let what = &found[0].what;
        let is = |part: &str| what.contains(part);
        assert!(is(place) && is("struct file *") && is("another type"), "{what}");
    }
}

/// An object that an earlier build has made is held against the kernel of now, by what its source says.
#[test]
fn an_object_that_is_there() {
    // Of a body that leaves no instruction of its own, clang describes nothing.
    let body = UNLINKED.replace("return ret;", "sum += ret;\n\treturn 0;");
    let project = project(&format!("u64 sum;\n{body}"));
    let log = project.path("log");
    let script = format!("echo \"$@\" >> {}\nexec clang \"$@\"", log.display());
    let clang = fake(&project, &script);
    let run = |kernels: &[&Path]| {
        let _ = std::fs::remove_file(&log);
        let said = warnings(builder(&project, kernels).clang(&clang));
        let compiled = std::fs::read_to_string(&log).unwrap();
        (said, compiled.contains(" -c "))
    };
    let [old, later] = &kernels();
    let first = run(&[old, later]);
    assert_eq!((first.0.len(), first.1), (1, true), "{first:?}");
    assert_eq!(run(&[old, later]), (first.0.clone(), false));
    // Without the kernel that differs, the object is the same, and right.
    assert_eq!(run(&[old]), (Vec::new(), false));
    assert_eq!(run(&[old, later]), (first.0, false));

    let kept = project.path("out/prog.debug0.o");
    let bytes = std::fs::read(&kept).unwrap();
    let root = project.root().to_string_lossy().into_owned();
    let is_root = |part: &[u8]| part == root.as_bytes();
    assert!(
        !bytes.windows(root.len()).any(is_root),
        "a path of this machine"
    );
    std::fs::remove_file(&kept).unwrap();
    let again = run(&[old, later]);
    assert_eq!((again.0.len(), again.1), (1, true));
    assert!(kept.exists());
}

/// Nothing is kept of what has contexts alone.
#[test]
fn no_debug_information_for_contexts() {
    let project = project(
        "SEC(\"fexit/vfs_unlink\")\nint prog(struct btf_fexit_vfs_unlink_ctx *ctx)\n{\n\treturn ctx_get(ctx, ret);\n}\n",
    );
    assert_eq!(warnings(project.prog()), [""; 0]);
    assert!(!project.path("out/prog.debug0.o").exists());
}

/// Of an object of several sources, each prototype is found in its own.
#[test]
fn several_sources() {
    let project = Project::new();
    let first = format!("{INCLUDES}{TRACING}{UNLINKED}{LICENSE}");
    let second = UNLINKED
        .replace("unlinked", "second")
        .replace("int ret", "long ret");
    let first = project.file("src/a.bpf.c", &first);
    let second = project.file("src/b.bpf.c", &format!("{INCLUDES}{TRACING}\n{second}"));
    let builder = Builder::new()
        .out_dir(project.path("out"))
        .target(Order::Little.triple())
        .kernel(&kernels()[1])
        .object("both", [&first, &second]);
    let found = misread(builder);
    let of: Vec<_> = found
        .iter()
        .map(|found| {
            (
                &*found.program,
                &found.source,
                found.line.as_ref().map(|(_, number)| *number),
            )
        })
        .collect();
    assert_eq!(
        of,
        [("unlinked", &first, Some(6)), ("second", &second, Some(7))]
    );
    assert!(
        found[1].what.contains("a signed number of 8 bytes"),
        "{}",
        found[1].what
    );
}
