//! `ctxgen check` and `ctxgen matrix`: modules, names of files, files beside an object, and objects for another
//! machine.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use ctxgen::KernelBtf;
use ctxgen::btf::BtfWriter;
use tempfile::TempDir;

const SOURCE: &str = "\
#define SEC(name) __attribute__((section(name), used))
char LICENSE[] SEC(\"license\") = \"GPL\";
SEC(\"fentry/one_in\") int in_module(unsigned long long *ctx) { return ctx[0] != 0; }
SEC(\"fentry/vfs_unlink\") int in_kernel(void *ctx) { return 0; }
";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/fixtures/{name}.btf"))
}

/// A folder with an object, for machines of that byte order.
fn folder(target: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("prog.bpf.c"), SOURCE).unwrap();
    let clang = std::env::var_os("CLANG").unwrap_or_else(|| "clang".into());
    let status = Command::new(clang)
        .current_dir(folder.path())
        .args([
            "-g",
            "-O2",
            "-target",
            target,
            "-c",
            "prog.bpf.c",
            "-o",
            "prog.bpf.o",
        ])
        .status()
        .unwrap();
    assert!(status.success());
    // A module with a function of its own.
    let kernel = KernelBtf::from_path(fixture("7.2-x86_64")).unwrap();
    let btf = kernel.btf();
    let int = btf.types().find(|ty| ty.name() == "int").unwrap().id();
    let mut writer = BtfWriter::split(btf);
    let pointer = writer.pointer(int);
    let proto = writer.prototype(&[("entry", pointer)], int);
    writer.function("one_in", proto);
    fs::write(folder.path().join("one.btf"), writer.finish()).unwrap();
    folder
}

fn ctxgen(folder: &TempDir, args: &[&str], kernels: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
    command.current_dir(folder.path()).args(args);
    for kernel in kernels {
        command.arg("--btf").arg(fixture(kernel));
    }
    command.output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn modules_of_kernels() {
    let folder = folder("bpfel");
    let without = ctxgen(&folder, &["check", "prog.bpf.o"], &["7.2-x86_64"]);
    assert!(!without.status.success(), "{}", stdout(&without));
    let args = ["check", "prog.bpf.o", "--module", "one.btf"];
    let with = ctxgen(&folder, &args, &["7.2-x86_64"]);
    assert!(with.status.success(), "{}{}", stdout(&with), stderr(&with));

    let two = ["7.2-x86_64", "6.1-x86_64"];
    let said = stderr(&ctxgen(&folder, &args, &two));
    assert!(
        said.contains(
            "there are several kernels: name the one that it belongs to with KERNEL=PATH"
        ),
        "{said}"
    );
    let args = ["check", "prog.bpf.o", "--module", "7.2-x86_64=one.btf"];
    let said = stdout(&ctxgen(&folder, &args, &two));
    let (of_first, of_other) = said.split_once("on 6.1-x86_64").unwrap();
    assert!(!of_first.contains("does not have"), "{said}");
    assert!(of_other.contains("in_module"), "{said}");
    assert!(of_other.contains("does not have"), "{said}");
    let args = ["check", "prog.bpf.o", "--module", "9.9=one.btf"];
    let output = ctxgen(&folder, &args, &two);
    assert!(!output.status.success());
    assert!(stderr(&output).contains("9.9"), "{}", stderr(&output));
}

#[test]
fn names_of_files() {
    let folder = folder("bpfel");
    for name in ["prog.bpf.o", "./prog.bpf.o"] {
        let said = stdout(&ctxgen(&folder, &["check", name], &["7.2-x86_64"]));
        assert!(said.starts_with("prog.bpf.o on "), "{said}");
        let said = stdout(&ctxgen(
            &folder,
            &["check", "--json", name],
            &["7.2-x86_64"],
        ));
        assert!(said.contains("\"object\":\"prog.bpf.o\""), "{said}");
    }
}

/// What builds keep beside an object has the same programs once more.
#[test]
fn what_builds_keep() {
    let folder = folder("bpfel");
    let object = folder.path().join("prog.bpf.o");
    let rows = || {
        let output = ctxgen(
            &folder,
            &["matrix", ".", "--json", "--fail-on", "none"],
            &["7.2-x86_64"],
        );
        let said = stdout(&output);
        assert!(said.starts_with('{'), "{said}{}", stderr(&output));
        said.matches("\"program\":\"in_kernel\"").count()
            + said.matches("\"name\":\"in_kernel\"").count()
    };
    let once = rows();
    assert!(once > 0);
    fs::copy(&object, folder.path().join("prog.debug0.o")).unwrap();
    fs::copy(&object, folder.path().join("prog.debug1.o")).unwrap();
    assert_eq!(rows(), once);
    // It is one by itself where there is nothing that it is a part of.
    fs::copy(&object, folder.path().join("other.debug0.o")).unwrap();
    assert_eq!(rows(), 2 * once);
}

#[test]
fn objects_for_another_byte_order() {
    let folder = folder("bpfeb");
    let output = ctxgen(
        &folder,
        &["check", "prog.bpf.o"],
        &["7.2-x86_64", "6.12-s390x"],
    );
    let said = stdout(&output);
    let (here, there) = said.split_once("on 6.12-s390x").unwrap();
    assert!(here.contains("byte order"), "{said}{}", stderr(&output));
    assert!(!there.contains("byte order"), "{said}");
    // Nothing is known to be wrong with it there, and it is not fine either.
    let output = ctxgen(&folder, &["check", "prog.bpf.o"], &["7.2-x86_64"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("2 of 2 programs NOT CHECKED"),
        "{}",
        stdout(&output)
    );
}
