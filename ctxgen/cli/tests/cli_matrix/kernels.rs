//! Which kernels there are.

use std::fs;

use super::*;

#[test]
fn equal_ones_are_one() {
    let folder = Folder::new();
    let kernels = folder.path("kernels");
    fs::create_dir_all(kernels.join("deep/er")).unwrap();
    fs::copy(fixture(OLD), kernels.join("deep/er/5.10.btf")).unwrap();
    fs::copy(fixture(OLD), kernels.join("5.10-copy.btf")).unwrap();
    fs::copy(fixture(NEW), kernels.join("7.2.btf")).unwrap();
    // What is no kernel's is passed over in a folder.
    fs::write(kernels.join("README.md"), "Kernels that we support\n").unwrap();
    fs::write(kernels.join("empty"), "").unwrap();
    fs::write(kernels.join("xfs.ko.xz"), "no module of this kernel").unwrap();
    let output = folder
        .command(&["programs.bpf.o", "--json", "--btf", "kernels"])
        .output();
    let found = json(&output.unwrap());
    let kernels = found["kernels"].as_array().unwrap();
    assert_eq!(kernels.len(), 2);
    // In the order of the paths, the copy comes first.
    assert_eq!(kernels[0]["label"], "5.10-copy");
    assert_eq!(strings(&kernels[0]["equal"]), ["5.10"]);
    assert_eq!(kernels[1]["label"], "7.2");
    assert_eq!(kernels[1]["arch"], "x86_64");
    assert_eq!(kernels[1]["version"], "7.2");
    assert_eq!(statuses(&found, "old_ret"), ["same", "wrong"]);
}

#[test]
fn names_of_ones_own() {
    let folder = Folder::new();
    let named =
        |name: &str, fixture_name: &str| format!("{name}={}", fixture(fixture_name).display());
    let output = folder
        .command(&["programs.bpf.o", "--json"])
        .args([
            "--btf",
            &named("9.1 ours", OLD),
            "--btf",
            &named("8.3 theirs", NEW),
        ])
        .output();
    let found = json(&output.unwrap());
    assert_eq!(found["kernels"][0]["label"], "8.3 theirs");
    assert_eq!(found["kernels"][1]["label"], "9.1 ours");
    assert_eq!(statuses(&found, "old_ret"), ["wrong", "same"]);
}

/// Files whose names say nothing are named and sorted by what is in them.
#[test]
fn images_say_what_they_are() {
    let folder = Folder::new();
    for (name, release, btf) in [("a", "6.20.3-new", NEW), ("b", "6.3.1-old", OLD)] {
        let kernels = folder.path(&format!("kernels/{name}"));
        fs::create_dir_all(&kernels).unwrap();
        let btf = fixture(btf).canonicalize().unwrap();
        let source = format!(
            "const char linux_banner[] = \"Linux version {release} (builder@host)\";\n\
             __asm__(\".section .BTF\\n.incbin \\\"{}\\\"\");\n",
            btf.display()
        );
        fs::write(folder.path("vmlinux.c"), source).unwrap();
        let clang = std::env::var_os("CLANG").unwrap_or_else(|| "clang".into());
        let status = Command::new(clang)
            .current_dir(folder.folder.path())
            .args(["-c", "vmlinux.c", "-o"])
            .arg(kernels.join("vmlinux"))
            .status();
        assert!(status.unwrap().success());
    }
    let output = folder
        .command(&["programs.bpf.o", "--json", "--btf", "kernels"])
        .output();
    let found = json(&output.unwrap());
    assert_eq!(found["kernels"][0]["label"], "6.3.1-old");
    assert_eq!(found["kernels"][1]["version"], "6.20.3");
    assert_eq!(statuses(&found, "old_ret"), ["same", "wrong"]);
}

#[test]
fn folders_without_kernels() {
    let folder = Folder::new();
    fs::create_dir(folder.path("kernels")).unwrap();
    fs::write(folder.path("kernels/README"), "none yet").unwrap();
    let output = folder
        .command(&["programs.bpf.o", "--btf", "kernels"])
        .output()
        .unwrap();
    assert_eq!(code(&output), 2);
    let error = text(&output.stderr);
    assert!(
        error.contains("there is no kernel BTF below kernels"),
        "{error}"
    );
}

/// A damaged one is not passed over.
#[test]
fn damaged_kernels_in_folders() {
    let folder = Folder::new();
    fs::create_dir(folder.path("kernels")).unwrap();
    let bytes = fs::read(fixture(NEW)).unwrap();
    fs::write(folder.path("kernels/7.2.btf"), &bytes).unwrap();
    fs::write(folder.path("kernels/7.3.btf"), &bytes[..bytes.len() / 2]).unwrap();
    let output = folder
        .command(&["programs.bpf.o", "--btf", "kernels"])
        .output()
        .unwrap();
    assert_eq!(code(&output), 2);
    assert!(
        text(&output.stderr).contains("7.3.btf"),
        "{}",
        text(&output.stderr)
    );
}

/// On a kernel of another byte order it does not run. Where there is no other, nothing is known.
#[test]
fn the_other_byte_order() {
    let folder = Folder::new();
    let output = folder.run(&["6.12-s390x", MIDDLE], &["--json"]);
    let found = json(&output);
    assert_eq!(found["kernels"][0]["arch"], "s390x");
    assert_eq!(statuses(&found, "old_ret"), ["skipped", "wrong"]);
    assert_eq!(
        program(&found, "old_ret")["rows"][0]["cells"][0]["status"],
        "skipped"
    );
    let said = folder.run(&["6.12-s390x", MIDDLE], &[]).stdout;
    let expected = "5 programs not held against 6.12-s390x: the object is for another";
    assert!(text(&said).contains(expected), "{}", text(&said));

    let found = json(&folder.run(&["6.12-s390x"], &["--json"]));
    assert_eq!(statuses(&found, "old_ret"), ["not_known"]);
    assert_eq!(code(&folder.run(&["6.12-s390x"], &["--strict"])), 1);
    let said = folder.run(&["6.12-s390x"], &[]).stdout;
    assert!(text(&said).contains("5 programs, 6.12-s390x: the object is for another"));
}

#[test]
fn of_one_architecture() {
    let folder = Folder::new();
    let kernels = ["6.12-s390x", MIDDLE, "6.12-aarch64"];
    for (arch, label) in [("x86_64", MIDDLE), ("aarch64", "6.12-aarch64")] {
        let found = json(&folder.run(&kernels, &["--json", "--arch", arch]));
        assert_eq!(found["kernels"].as_array().unwrap().len(), 1);
        assert_eq!(found["kernels"][0]["label"], label);
    }
    for arch in ["riscv64", "vax"] {
        assert_eq!(code(&folder.run(&kernels, &["--arch", arch])), 2, "{arch}");
    }
}

/// Objects inside of another file, and folders of objects.
#[test]
fn objects_inside() {
    let folder = Folder::new();
    let object = fs::read(folder.path("programs.bpf.o")).unwrap();
    let mut binary = b"\x7fELF\x02\x01\x01 an executable".to_vec();
    let first = binary.len();
    binary.extend(&object);
    let second = binary.len();
    binary.extend(&object);
    fs::create_dir_all(folder.path("bin/more")).unwrap();
    fs::write(folder.path("bin/more/tool"), binary).unwrap();
    fs::write(folder.path("bin/script"), "#!/bin/sh\n").unwrap();
    let btf = fixture(MIDDLE);
    let output = folder
        .command(&["bin", "--json", "--btf"])
        .arg(btf)
        .output();
    let found = json(&output.unwrap());
    let objects = found["objects"].as_array().unwrap();
    let names: Vec<&str> = objects
        .iter()
        .map(|object| object["name"].as_str().unwrap())
        .collect();
    let expected = [first, second].map(|at| format!("bin/more/tool@{at:#x}"));
    assert_eq!(names, expected);
    assert_eq!(objects[0]["file"], "bin/more/tool");
    // What is otherwise the same is told apart.
    let prints = objects.iter().map(|object| {
        let programs = object["programs"].as_array().unwrap();
        let old = programs.iter().find(|program| program["name"] == "old_ret");
        old.unwrap()["rows"][0]["findings"][0]["fingerprint"].to_string()
    });
    let prints: Vec<String> = prints.collect();
    assert_ne!(prints[0], prints[1]);
}

/// The kernel that they were built for tells what nothing else does.
#[test]
fn built_for() {
    let folder = Folder::new();
    let old = fixture(OLD);
    let args = ["--json", "--built-for", old.to_str().unwrap()];
    let found = json(&folder.run(&[OLD, MIDDLE], &args));
    assert_eq!(statuses(&found, "undeclared"), ["same", "wrong"]);
}
