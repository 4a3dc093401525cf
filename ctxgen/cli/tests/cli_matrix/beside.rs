//! What is known of kernels besides their BTF: symbols, formats of trace events, modules.

use std::fs;

use ctxgen::KernelBtf;
use ctxgen::btf::BtfWriter;

use super::*;

/// Programs whose verdicts depend on that.
const SOURCE: &str = "\
#define SEC(name) __attribute__((section(name), used))
struct pt_regs { unsigned long first[14], di; };
char LICENSE[] SEC(\"license\") = \"GPL\";
SEC(\"fentry/vfs_unlink\") int traced(void *ctx) { return 0; }
SEC(\"kprobe/vfs_unlink\") int probed(void *ctx) { return 0; }
SEC(\"kprobe/of_assembler\") int without_btf(void *ctx) { return 0; }
SEC(\"kprobe/of_assembler\") int reads_without_btf(struct pt_regs *ctx) { return ctx->di == 1; }
SEC(\"tp/task/sched_process_exec\") int of_another_category(void *ctx) { return 0; }
SEC(\"fentry/one_in\") int in_module(void *ctx) { return 0; }
";

/// Symbols without and with those.
const BARE: &str = "ffffffff81000000 T _stext\nffffffff82000000 T start_kernel\n";
const MORE: &str = "ffffffff81000100 T vfs_unlink\nffffffff81000200 t of_assembler\n";

const FORMAT: &str = "\
name: sched_process_exec
ID: 1
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;

	field:pid_t pid;	offset:12;	size:4;	signed:1;

print fmt: \"pid=%d\", REC->pid
";

const PROGRAMS: [&str; 6] = [
    "traced",
    "probed",
    "without_btf",
    "reads_without_btf",
    "of_another_category",
    "in_module",
];

fn folder() -> Folder {
    let folder = Folder::new();
    fs::write(folder.path("beside.bpf.c"), SOURCE).unwrap();
    let clang = std::env::var_os("CLANG").unwrap_or_else(|| "clang".into());
    let status = Command::new(clang)
        .current_dir(folder.path("."))
        .args([
            "-g",
            "-O2",
            "-target",
            "bpf",
            "-c",
            "beside.bpf.c",
            "-o",
            "programs.bpf.o",
        ])
        .status();
    assert!(status.unwrap().success());
    folder
}

/// The statuses of all programs on the newest kernel.
fn newest(found: &Value) -> [String; 6] {
    PROGRAMS.map(|name| statuses(found, name).pop().unwrap())
}

#[test]
fn functions_have_addresses() {
    let folder = folder();
    fs::create_dir(folder.path("maps")).unwrap();
    let whole = format!("{BARE}{MORE}");
    fs::write(folder.path(&format!("maps/System.map-{NEW}")), &whole).unwrap();
    fs::write(folder.path(&format!("maps/{OLD}.kallsyms")), BARE).unwrap();
    let on = |args: &[&str]| json(&folder.run(&[OLD, NEW], &[&["--json"], args].concat()));

    let nothing = on(&[]);
    assert_eq!(statuses(&nothing, "traced"), ["same", "same"]);
    assert_eq!(
        statuses(&nothing, "without_btf"),
        ["not_known", "not_known"]
    );
    let symbols = on(&["--kallsyms", "maps"]);
    for (name, expected) in [
        ("traced", ["absent", "same"]),
        ("probed", ["absent", "same"]),
        // It may be a module's.
        ("without_btf", ["not_known", "same"]),
        ("reads_without_btf", ["not_known", "not_known"]),
    ] {
        assert_eq!(statuses(&symbols, name), expected, "{name}");
    }
    // Of a kernel that runs, those of modules are there too.
    let running = format!("{BARE}ffffffffc0000000 t one_out\t[one]\n");
    fs::write(folder.path("running"), running).unwrap();
    let running = on(&["--kallsyms", &format!("{NEW}=running")]);
    assert_eq!(statuses(&running, "without_btf"), ["not_known", "absent"]);
    assert_eq!(statuses(&running, "traced"), ["same", "absent"]);
}

#[test]
fn check_takes_symbols() {
    let folder = folder();
    fs::write(folder.path("map"), BARE).unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
        command.current_dir(folder.path("."));
        command
            .args(["check", "programs.bpf.o", "--btf"])
            .arg(fixture(NEW));
        let output = command.args(args).output().unwrap();
        text(&output.stdout).to_owned()
    };
    let says = "it has no address";
    assert!(!run(&[]).contains(says));
    let said = run(&["--kallsyms", "map"]);
    assert_eq!(said.matches(says).count(), 2, "{said}");
}

#[test]
fn formats_and_modules_of_one_kernel() {
    let folder = folder();
    let event = folder.path("events/sched/sched_process_exec");
    fs::create_dir_all(&event).unwrap();
    fs::write(event.join("format"), FORMAT).unwrap();
    let kernel = KernelBtf::from_path(fixture(NEW)).unwrap();
    let int = kernel
        .btf()
        .types()
        .find(|ty| ty.name() == "int")
        .unwrap()
        .id();
    let mut writer = BtfWriter::split(kernel.btf());
    let proto = writer.prototype(&[("mark", int)], int);
    writer.function("one_in", proto);
    fs::write(folder.path("one.btf"), writer.finish()).unwrap();

    let of = |path: &str| format!("{NEW}={path}");
    let args = [
        "--json",
        "--formats",
        &of("events"),
        "--module",
        &of("one.btf"),
    ];
    let several = json(&folder.run(&[OLD, NEW], &args));
    assert_eq!(statuses(&several, "in_module"), ["absent", "same"]);
    let alone = ["--json", "--formats", "events", "--module", "one.btf"];
    let alone = json(&folder.run(&[NEW], &alone));
    assert_eq!(newest(&alone), newest(&several));
    let said = program(&alone, "of_another_category").to_string();
    assert!(said.contains("is tp/sched/sched_process_exec"), "{said}");
    let without = json(&folder.run(&[NEW], &["--json"]));
    // Of the kernel's own events, it is known without its formats, too.
    let said = program(&without, "of_another_category").to_string();
    assert!(said.contains("is tp/sched/sched_process_exec"), "{said}");
    assert_eq!(statuses(&without, "in_module"), ["absent"]);
}

/// Kernels of one BTF are two, where one has other symbols.
#[test]
fn what_differs_is_not_one() {
    let folder = folder();
    fs::copy(fixture(NEW), folder.path("a.btf")).unwrap();
    fs::copy(fixture(NEW), folder.path("b.btf")).unwrap();
    fs::write(folder.path("map"), BARE).unwrap();
    let run = |args: &[&str]| {
        let mut command = folder.command(&["programs.bpf.o", "--json", "--btf", "a.btf", "b.btf"]);
        json(&command.args(args).output().unwrap())
    };
    assert_eq!(statuses(&run(&[]), "traced"), ["same"]);
    let differ = run(&["--kallsyms", "b=map"]);
    assert_eq!(statuses(&differ, "traced"), ["same", "absent"]);
}

#[test]
fn what_is_of_no_kernel_is_an_error() {
    let folder = folder();
    fs::write(folder.path("map"), BARE).unwrap();
    fs::write(folder.path("part"), MORE).unwrap();
    for (args, says) in [
        (["--kallsyms", "9.9=map"], "no kernel has the name 9.9"),
        (["--kallsyms", "map"], "with KERNEL=PATH"),
        (["--module", "map"], "with KERNEL=PATH"),
        (["--kallsyms", "7.2-x86_64=part"], "_stext"),
        (["--kallsyms", "7.2-x86_64=nowhere"], "nowhere"),
    ] {
        let output = folder.run(&[OLD, NEW], &args);
        assert_eq!(code(&output), 2, "{args:?}");
        let said = text(&output.stderr);
        assert!(said.contains(says), "{args:?}: {said}");
    }
}
