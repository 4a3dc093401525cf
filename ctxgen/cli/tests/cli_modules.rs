//! The `ctxgen` command with modules, which are made on top of a trimmed kernel.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use ctxgen::KernelBtf;
use ctxgen::btf::BtfWriter;
use ctxgen::btf::TypeId;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/7.2-x86_64.btf")
}

/// Writes a module with `int <name>_in(struct <name>_entry *entry)` and a `vfs_unlink` that takes
/// nothing; the file is called by `file`.
fn module(name: &str, file: &str) -> PathBuf {
    let kernel = KernelBtf::from_path(fixture()).unwrap();
    let btf = kernel.btf();
    let int = btf.types().find(|ty| ty.name() == "int").unwrap().id();
    let mut writer = BtfWriter::split(btf);
    let entry = writer.structure(&format!("{name}_entry"), 4, &[("mark", int, 0)]);
    let entry = writer.pointer(entry);
    let proto = writer.prototype(&[("entry", entry)], int);
    writer.function(&format!("{name}_in"), proto);
    let proto = writer.prototype(&[], TypeId::VOID);
    writer.function("vfs_unlink", proto);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
    std::fs::write(&path, writer.finish()).unwrap();
    path
}

/// What the command prints, or complains of.
fn ctxgen(btf: Option<&Path>, modules: &[&Path], args: &[&str]) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
    command.args(args);
    if let Some(path) = btf {
        command.arg("--btf").arg(path);
    }
    for module in modules {
        command.arg("--module").arg(module);
    }
    let output = command.output().unwrap();
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout).unwrap()),
        false => Err(String::from_utf8(output.stderr).unwrap()),
    }
}

#[test]
fn list_and_show() {
    let one = module("one", "one.btf");
    let two = module("two", "two.ko.btf");
    let kernel = fixture();
    let on = |args: &[&str]| ctxgen(Some(&kernel), &[&one, &two], args).unwrap();

    // A pattern is held against names.
    let none = ctxgen(
        Some(&kernel),
        &[&one, &two],
        &["list", "--family", "fexit", "_in("],
    );
    let said = none.unwrap_err();
    assert!(
        said.ends_with(" has no fexit hook with `_in(` in its name\n"),
        "{said}"
    );
    let list = on(&["list", "--family", "fexit", ":*_in"]);
    assert_eq!(
        list,
        "fexit/one:one_in(struct one_entry *entry) -> int\n\
         fexit/two:two_in(struct two_entry *entry) -> int\n"
    );
    // Each of a name, though their structs are called the same.
    let list = on(&["list", "--family", "fentry", "vfs_unlink"]);
    let hooks: Vec<_> = list
        .lines()
        .filter_map(|line| line.split('(').next())
        .collect();
    assert_eq!(
        hooks,
        [
            "fentry/vfs_unlink",
            "fentry/one:vfs_unlink",
            "fentry/two:vfs_unlink"
        ]
    );

    for name in [
        "fentry/one_in",
        "fentry/one:one_in",
        "btf_fentry_one_in_ctx",
    ] {
        let shown = on(&["show", name]);
        assert!(shown.contains("struct one_entry *entry;"), "{shown}");
        assert!(shown.contains("struct btf_fentry_one_in_ctx {"), "{shown}");
    }
    let shown = on(&["show", "fentry/vfs_unlink"]);
    assert!(shown.contains("*dentry;"), "{shown}");
    let shown = on(&["show", "fentry/one:vfs_unlink"]);
    assert!(!shown.contains("*dentry;"), "{shown}");
}

#[test]
fn complaints() {
    let one = module("one", "one-complaints.btf");
    let kernel = fixture();
    let show = ["show", "fentry/one:one_in"];
    let fails = |btf, modules: &[&Path], args: &[&str], says: &str| {
        let error = ctxgen(btf, modules, args).unwrap_err();
        assert!(error.contains(says), "{error}");
    };
    fails(Some(&kernel), &[], &show, "give the module's BTF too");
    fails(Some(&kernel), &[], &["show", "fentry/zzzz"], "--module");
    fails(Some(&one), &[], &show, "it is the BTF of a kernel module");
    // A name is one of the running kernel's modules, and another kernel's are not looked for.
    fails(Some(&kernel), &[Path::new("one")], &show, "No such file");
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/5.10-x86_64.btf");
    fails(Some(&other), &[&one], &show, "the very same build");
    fails(Some(&kernel), &[&one, &one], &show, "was given already");
    if Path::new(ctxgen::RUNNING_BTF).exists() {
        let name = Path::new("no_module_is_called_so");
        fails(
            None,
            &[name],
            &show,
            "/sys/kernel/btf/no_module_is_called_so",
        );
    }
}
