//! The `ctxgen` command, as one runs it.
//!
//! With `CTXGEN_BLESS=1` in the environment, golden files are written instead of compared.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::time::Instant;

use ctxgen::Family;
use ctxgen::Prototypes;
use serde_json::Map;
use serde_json::Value;

/// The keys that every hook has.
const KEYS: [&str; 7] = [
    "context",
    "family",
    "fields",
    "hook",
    "names_from",
    "size",
    "struct",
];
/// The keys that every field has, and those that some have.
const FIELD_KEYS: [&str; 4] = ["name", "offset", "size", "type"];
const MORE_FIELD_KEYS: [&str; 3] = ["argument", "argument_type", "remark"];

/// Those whose targets a kernel's BTF does not tell.
const UNLISTED: [&str; 2] = ["uprobe", "uretprobe"];
/// Those that kernels without a BPF JIT lack.
const NEED_JIT: [&str; 3] = ["lsm", "lsm_cgroup", "struct_ops"];

/// Those whose contexts are slots.
const SLOTS: [&str; 9] = [
    "tp_btf",
    "raw_tp",
    "fentry",
    "fexit",
    "fmod_ret",
    "fsession",
    "lsm",
    "lsm_cgroup",
    "struct_ops",
];

/// Those with targets in the order of the table.
const FAMILIES: [&str; 17] = [
    "tp_btf",
    "raw_tp",
    "fentry",
    "fexit",
    "fmod_ret",
    "fsession",
    "lsm",
    "lsm_cgroup",
    "iter",
    "struct_ops",
    "kprobe",
    "kretprobe",
    "ksyscall",
    "kretsyscall",
    "uprobe",
    "uretprobe",
    "tp",
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The fixtures of the integration tests, sorted.
fn fixtures() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(workspace().join("tests/fixtures")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "btf"));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn fixture(name: &str) -> PathBuf {
    workspace().join(format!("tests/fixtures/{name}.btf"))
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
    command.args(args);
    command
}

fn on(btf: &Path, args: &[&str]) -> Output {
    command(args).arg("--btf").arg(btf).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// What a command prints that has nothing to complain about.
fn printed(btf: &Path, args: &[&str]) -> String {
    let output = on(btf, args);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
    text(&output.stdout).to_owned()
}

/// What a command complains about that has nothing to print.
fn complaint(btf: &Path, args: &[&str]) -> String {
    let output = on(btf, args);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
    let text = text(&output.stderr).to_owned();
    assert!(
        text.starts_with("error: ") && text.ends_with('\n'),
        "{text}"
    );
    text
}

/// One JSON object a line.
fn objects(text: &str) -> Vec<Map<String, Value>> {
    text.lines()
        .map(|line| match serde_json::from_str(line) {
            Ok(Value::Object(object)) => object,
            other => panic!("{line}: {other:?}"),
        })
        .collect()
}

fn string<'o>(object: &'o Map<String, Value>, key: &str) -> &'o str {
    let value = object.get(key).unwrap_or_else(|| panic!("no {key}"));
    value.as_str().unwrap_or_else(|| panic!("{key}: {value}"))
}

fn number(object: &Map<String, Value>, key: &str) -> u64 {
    let value = object.get(key).unwrap_or_else(|| panic!("no {key}"));
    value.as_u64().unwrap_or_else(|| panic!("{key}: {value}"))
}

fn fields(object: &Map<String, Value>) -> Vec<&Map<String, Value>> {
    let fields = object["fields"].as_array().expect("an array");
    let objects = fields.iter().map(|field| field.as_object());
    objects.map(|field| field.expect("an object")).collect()
}

/// Whether an object has what its documentation says.
fn check(object: &Map<String, Value>) {
    let keys: BTreeSet<&str> = object.keys().map(String::as_str).collect();
    let mut expected: BTreeSet<&str> = KEYS.into();
    if keys.contains("unsupported") {
        expected.insert("unsupported");
        assert!(!string(object, "unsupported").is_empty());
        assert!(fields(object).is_empty() && number(object, "size") == 0);
    }
    assert_eq!(keys, expected);
    let hook = string(object, "hook");
    let family = string(object, "family");
    assert!(hook.starts_with(&format!("{family}/")), "{hook}");
    let name = string(object, "struct");
    assert_eq!(
        string(object, "context"),
        format!("struct {name}"),
        "{hook}"
    );
    assert!(family == "iter" || name.starts_with("btf_"), "{hook}");
    // The others are laid over registers and records.
    let slots = SLOTS.contains(&family);
    let mut end = 0;
    for field in fields(object) {
        let keys: BTreeSet<&str> = field.keys().map(String::as_str).collect();
        assert!(FIELD_KEYS.iter().all(|key| keys.contains(key)), "{hook}");
        let known = |key: &&str| FIELD_KEYS.contains(key) || MORE_FIELD_KEYS.contains(key);
        assert!(keys.iter().all(known), "{hook}: {keys:?}");
        assert!(!string(field, "name").is_empty() && !string(field, "type").is_empty());
        let (offset, size) = (number(field, "offset"), number(field, "size"));
        if slots {
            assert_eq!(offset, end, "{hook}");
            end = (offset + size).next_multiple_of(8);
        } else {
            assert!(offset + size <= number(object, "size"), "{hook}");
        }
    }
    if slots {
        assert_eq!(number(object, "size"), end, "{hook}");
    }
}

/// Whether an object is about a family whose hooks all have one context.
fn of_all_hooks(object: &Map<String, Value>) -> bool {
    let family = Family::by_name(string(object, "family")).expect("a family");
    family.prototypes() == Prototypes::None
}

fn check_kernels_own(object: &Map<String, Value>) {
    assert!(KEYS.iter().all(|key| object.contains_key(*key)));
    let (hook, name) = (string(object, "hook"), string(object, "struct"));
    assert!(ctxgen::SecName::parse(hook).is_ok(), "{hook}");
    let no_struct = name.is_empty() && fields(object).is_empty();
    let context = format!("struct {name}");
    assert!(
        no_struct || string(object, "context") == context && !fields(object).is_empty(),
        "{hook}"
    );
}

#[test]
fn list_has_all_hooks_as_objects() {
    for fixture in fixtures() {
        let objects = objects(&printed(&fixture, &["list", "--json"]));
        let mut families: BTreeMap<&str, usize> = BTreeMap::new();
        for object in &objects {
            match of_all_hooks(object) {
                true => check_kernels_own(object),
                false => check(object),
            }
            *families.entry(string(object, "family")).or_default() += 1;
        }
        let refused = objects
            .iter()
            .filter(|object| object.contains_key("unsupported"));
        assert!(refused.count() > 5, "{}", fixture.display());
        // Of one family by name, families in their order.
        let place = |name: &str| Family::all().position(|family| family.name() == name);
        let key = |object: &Map<String, Value>| {
            (
                place(string(object, "family")),
                string(object, "hook").to_owned(),
            )
        };
        let keys: Vec<_> = objects.iter().map(key).collect();
        assert!(keys.is_sorted(), "{}", fixture.display());
        assert!(keys.windows(2).all(|pair| pair[0] != pair[1]));
        println!("{}: {families:?}", fixture.display());
        for family in FAMILIES
            .into_iter()
            .filter(|family| !UNLISTED.contains(family))
        {
            // Its kernel has no BPF JIT, and is built without what takes one.
            if fixture.ends_with("6.12-s390x.btf") && NEED_JIT.contains(&family) {
                continue;
            }
            assert!(families.contains_key(family), "{family}");
        }
        assert_eq!(families.get("fentry"), families.get("fexit"));

        // As text, each is a line.
        let lines = printed(&fixture, &["list"]);
        assert_eq!(lines.lines().count(), objects.len());
        for (line, object) in lines.lines().zip(&objects) {
            assert!(line.starts_with(string(object, "hook")), "{line}");
        }
    }
}

#[test]
fn list_takes_a_family_and_a_pattern() {
    let btf = fixture("7.2-x86_64");
    let hooks = |args: &[&str]| -> Vec<String> {
        let args: Vec<&str> = ["list", "--json"].iter().chain(args).copied().collect();
        let objects = objects(&printed(&btf, &args));
        objects
            .iter()
            .map(|object| string(object, "hook").to_owned())
            .collect()
    };
    assert!(
        hooks(&["--family", "lsm"])
            .iter()
            .all(|hook| hook.starts_with("lsm/"))
    );
    assert_eq!(
        hooks(&["vfs_unlink"]),
        [
            "fentry/vfs_unlink",
            "fexit/vfs_unlink",
            "fsession/vfs_unlink",
            "kprobe/vfs_unlink",
            "kretprobe/vfs_unlink",
        ]
    );
    assert_eq!(
        hooks(&["--family", "tp_btf", "sched_*up"]),
        ["tp_btf/sched_wakeup", "tp_btf/sched_wakeup_new"]
    );
    for args in [
        &["list", "nothing like it"][..],
        &["list", "--json", "nothing like it"],
        &["list", "--family", "lsm", "nothing like it"],
    ] {
        let text = complaint(&btf, args);
        assert!(
            text.contains("hook with `nothing like it` in its name") && text.contains("--module"),
            "{text}"
        );
    }
    let wrong = on(&btf, &["list", "--family", "kprobes"]);
    assert_eq!(wrong.status.code(), Some(2));
    let text = text(&wrong.stderr);
    assert!(
        FAMILIES.iter().all(|family| text.contains(family)),
        "{text}"
    );
    assert!(text.contains("a similar value exists: 'kprobe'"), "{text}");
}

#[test]
fn list_is_as_golden() {
    for (name, family) in [
        ("5.10-x86_64", "raw_tp"),
        ("6.1-x86_64", "fmod_ret"),
        ("6.12-s390x", "tp_btf"),
        ("7.2-x86_64", "lsm"),
        ("7.2-x86_64", "iter"),
    ] {
        let text = printed(&fixture(name), &["list", "--family", family]);
        // The path in it is that of this checkout.
        let text = text.replace(&fixture(name).display().to_string(), name);
        golden(&format!("{name}.list.{family}.txt"), &text);
    }
}

fn golden(name: &str, text: &str) {
    let path = workspace().join("tests/golden").join(name);
    if std::env::var_os("CTXGEN_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = golden.lines().zip(text.lines()).find(|(a, b)| a != b);
    assert!(
        golden == text,
        "{name} differs, first in {differs:?}; with CTXGEN_BLESS=1 it is written"
    );
}

/// A SEC name with any decoration and the struct's name stand for the same.
#[test]
fn show_takes_any_name() {
    let btf = fixture("7.2-x86_64");
    for names in [
        &[
            "fexit/vfs_unlink",
            "fexit.s/vfs_unlink",
            "?fexit/vfs_unlink",
            "btf_fexit_vfs_unlink_ctx",
        ][..],
        &[
            "raw_tp/sched_switch",
            "raw_tracepoint/sched_switch",
            "raw_tp.w/sched_switch",
        ],
        &["iter/task", "iter.s/task", "bpf_iter__task"],
        &["lsm.s/file_mprotect", "btf_lsm_file_mprotect_ctx"],
    ] {
        let texts: BTreeSet<String> = names
            .iter()
            .map(|name| printed(&btf, &["show", name]))
            .collect();
        assert_eq!(texts.len(), 1, "{texts:?}");
        let objects: BTreeSet<String> = names
            .iter()
            .map(|name| printed(&btf, &["show", "--json", name]))
            .collect();
        assert_eq!(objects.len(), 1, "{objects:?}");
    }
}

#[test]
fn show_says_offset_and_size() {
    let btf = fixture("7.2-x86_64");
    let text = printed(&btf, &["show", "tp_btf/sched_switch", "lsm/file_mprotect"]);
    assert_eq!(
        text,
        "/* tp_btf/sched_switch; names from __probestub_sched_switch */\n\
         struct btf_trace_sched_switch_ctx { /* 32 bytes */\n\
         \tbool preempt;              /*   0 +1 */\n\
         \tstruct task_struct *prev;  /*   8 +8 */\n\
         \tstruct task_struct *next;  /*  16 +8 */\n\
         \tunsigned int prev_state;   /*  24 +4 */\n\
         };\n\
         \n\
         /* lsm/file_mprotect; names from bpf_lsm_file_mprotect */\n\
         struct btf_lsm_file_mprotect_ctx { /* 32 bytes */\n\
         \tstruct vm_area_struct *vma;  /*   0 +8 */\n\
         \tlong unsigned int reqprot;   /*   8 +8 */\n\
         \tlong unsigned int prot;      /*  16 +8 */\n\
         \tint ret;                     /*  24 +4 */\n\
         };\n"
    );
    let objects = objects(&printed(
        &btf,
        &[
            "show",
            "--json",
            "tp_btf/sched_switch",
            "raw_tp/sched_switch",
        ],
    ));
    objects.iter().for_each(check);
    assert_eq!(string(&objects[0], "hook"), "tp_btf/sched_switch");
    assert_eq!(string(&objects[1], "hook"), "raw_tp/sched_switch");
    assert_eq!(string(&objects[0], "struct"), string(&objects[1], "struct"));
    assert_eq!(
        string(&objects[0], "names_from"),
        "__probestub_sched_switch"
    );
    let preempt = fields(&objects[0])[0];
    assert_eq!(string(preempt, "type"), "bool");
    assert_eq!((number(preempt, "offset"), number(preempt, "size")), (0, 1));

    // Big-endian: a whole slot, and what is in it.
    let big = fixture("6.12-s390x");
    let objects = self::objects(&printed(&big, &["show", "--json", "tp_btf/sched_switch"]));
    let preempt = fields(&objects[0])[0];
    assert_eq!(string(preempt, "argument_type"), "bool");
    assert_eq!((number(preempt, "offset"), number(preempt, "size")), (0, 8));
}

/// What nothing can attach to is shown with the reason, and the command fails.
#[test]
fn show_says_what_is_unsupported() {
    let lost = "tp_btf/sched_wakeup_new";
    let clang = fixture("6.12-x86_64-clang");
    for (btf, hook, reason) in [
        (clang, lost, "lacks the typedef btf_trace_"),
        (fixture("7.2-x86_64"), "fentry/SEQ_printf", "variadic"),
        (fixture("6.1-x86_64"), "fexit/bq_enqueue", "is ambiguous"),
    ] {
        let output = on(&btf, &["show", hook]);
        assert_eq!(output.status.code(), Some(1), "{hook}");
        assert!(text(&output.stdout).contains(reason), "{hook}");
        assert_eq!(text(&output.stderr), "");

        let output = on(&btf, &["show", "--json", hook, "iter/task"]);
        assert_eq!(output.status.code(), Some(1), "{hook}");
        let objects = objects(text(&output.stdout));
        objects.iter().for_each(check);
        assert_eq!(string(&objects[0], "hook"), hook);
        assert!(string(&objects[0], "unsupported").contains(reason));
        assert!(!objects[1].contains_key("unsupported"));
    }
}

#[test]
fn errors_say_what_and_where() {
    let btf = fixture("7.2-x86_64");
    for (args, says) in [
        (
            &["show", "fexit/vfs_unlnk"][..],
            &["`fexit/vfs_unlnk`", "7.2-x86_64.btf", "fexit/vfs_unlink"][..],
        ),
        (&["show", "kprobes/x"], &["`kprobes/x`", "kprobe, "]),
        (&["show", "bogus/x"], &["`bogus/x`", "fentry, ", "xdp, "]),
        (&["show", "lsm/"], &["lsm/<target>"]),
        (&["show", "lsm/a-b"], &["`a-b`", "not a C identifier"]),
        (&["show", "lsm/init"], &["security_list_options"]),
        (
            &["header", "fexit/vfs_unlnk", "-o", "nowhere"],
            &["fexit/vfs_unlink"],
        ),
        (
            &["header", "iter/task", "-o", "/dev/null/x"],
            &["/dev/null/x"],
        ),
    ] {
        let text = complaint(&btf, args);
        for words in says {
            assert!(text.contains(words), "{args:?}: {text}");
        }
    }
    assert!(!Path::new("nowhere").exists());

    let missing = complaint(Path::new("/no/such.btf"), &["list"]);
    assert!(missing.contains("/no/such.btf"), "{missing}");
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let other = complaint(&manifest, &["list"]);
    assert!(other.contains("Cargo.toml"), "{other}");

    let usage = command(&[]).output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
    assert!(text(&usage.stderr).contains("Usage"));
}

#[test]
fn header_writes_all_that_a_build_needs() {
    let btf = fixture("6.12-s390x");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("header");
    let mut runs = Vec::new();
    for folder in [folder.join("1"), folder.join("2")] {
        let out = folder.to_str().unwrap();
        let hooks = ["tp_btf/sched_switch", "btf_fexit_vfs_unlink_ctx"];
        let args = ["header", hooks[0], hooks[1], "-o", out];
        assert_eq!(printed(&btf, &args), "");
        let files = ["ctx.h", "ctx.btf", "vmlinux.h"];
        runs.push(files.map(|name| std::fs::read(folder.join(name)).unwrap()));
    }
    assert!(runs[0] == runs[1], "not the same twice");
    let [header, ctx, vmlinux] = &runs[0];
    for name in ["btf_trace_sched_switch_ctx", "btf_fexit_vfs_unlink_ctx"] {
        assert!(
            text(header).contains(&format!("struct {name} {{")),
            "{name}"
        );
    }
    assert!(text(vmlinux).contains("struct bpf_iter__task {"));
    let base = ctxgen::KernelBtf::from_path(&btf).unwrap();
    let ctx = ctxgen::btf::Btf::parse_split(ctx, base.btf()).unwrap();
    assert!(
        ctx.types()
            .any(|ty| ty.name() == "btf_trace_sched_switch_ctx")
    );
}

/// `ctxgen list | head -1`.
#[test]
fn a_reader_may_stop_reading() {
    let mut child = command(&["list", "--btf"])
        .arg(fixture("7.2-x86_64"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut reader = BufReader::with_capacity(16, child.stdout.take().expect("a pipe"));
    reader.read_line(&mut line).unwrap();
    drop(reader);
    let output = child.wait_with_output().unwrap();
    assert!(line.starts_with("tp_btf/"), "{line}");
    assert!(output.status.success());
    assert_eq!(text(&output.stderr), "");
}

/// All hooks of a whole kernel, which are about a hundred thousand.
#[test]
fn list_of_a_whole_kernel() {
    let running = Path::new(ctxgen::RUNNING_BTF);
    if !running.exists() {
        // Not `eprintln!`, which is shown for failing tests only.
        let _ = writeln!(
            io::stderr(),
            "skipped: list of a whole kernel: the running one has no BTF"
        );
        return;
    }
    let start = Instant::now();
    let output = command(&["list", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let lines = text(&output.stdout).lines().count();
    println!("{lines} hooks in {:.1?}", start.elapsed());
    assert!(lines > 1000);
}
