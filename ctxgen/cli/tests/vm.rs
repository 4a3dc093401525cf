//! A relocatable object on other kernels, loaded by C with the BTF that `ctxgen btf` makes: `vfs_unlink` has other
//! arguments on each. In virtual machines that `cargo xtask vm` boots.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

/// The oldest and the newest that one object is for, as images are called.
const KERNELS: [&str; 2] = ["5.10.", "7.2."];

fn workspace() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap()
}

/// The images of these kernels for x86-64; none where there are none.
fn images() -> Vec<PathBuf> {
    let folder = fs::read_dir(workspace().join("../../shared/kernels/images"));
    let mut images: Vec<PathBuf> = folder
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    images.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.contains("amd64") && KERNELS.iter().any(|kernel| name.starts_with(kernel))
    });
    images.sort();
    images
}

/// Why nothing can be booted here.
fn missing(images: &[PathBuf]) -> Option<&'static str> {
    let runs = |program: &str, args: &[&str]| {
        let mut command = Command::new(program);
        let status = command
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    };
    if images.len() < 2 {
        return Some("there are no kernels to boot in ../shared/kernels/images");
    }
    if !runs("qemu-system-x86_64", &["--version"]) {
        return Some("qemu-system-x86_64 is not here");
    }
    if !cfg!(target_arch = "x86_64")
        || !runs("pkg-config", &["--exists", "libbpf", "libelf", "zlib"])
    {
        return Some("libbpf is not here for the C program");
    }
    None
}

#[track_caller]
fn done(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

#[test]
fn one_object_on_old_and_new_kernels() {
    let images = images();
    if let Some(why) = missing(&images) {
        println!("skipped: an object on other kernels: {why}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let kernels: Vec<&str> = images.iter().map(|image| image.to_str().unwrap()).collect();
    let btfs = kernels.iter().flat_map(|kernel| ["--btf", kernel]);
    let ctxgen = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
        command.current_dir(dir);
        command
    };
    let source = workspace().join("example-bpf/src/bpf/unlinksnoop.bpf.c");
    let build = ctxgen()
        .args(["build", "--relocatable", "-o", "build"])
        .arg(source)
        .args(btfs.clone())
        .output();
    let said = String::from_utf8(build.unwrap().stderr).unwrap();
    assert!(
        said.contains("added: struct mnt_idmap *idmap, in slot 0"),
        "{said}"
    );
    done(
        ctxgen()
            .args(["btf", "build/unlinksnoop.bpf.o", "-o", "btfs"])
            .args(btfs),
    );

    let load = workspace().join("docs/examples/custom-btf/load.c");
    let mut cc = Command::new("cc");
    // The machine has no libraries.
    cc.current_dir(dir)
        .args(["-static", "-o", "load"])
        .arg(load);
    done(cc.args(["-lbpf", "-lelf", "-lz"]));
    fs::write(
        dir.join("plan"),
        "x load 60 /bin/load /bin/object /bin/min\n",
    )
    .unwrap();
    for image in &images {
        let name = image.file_name().unwrap().to_str().unwrap();
        let mut xtask = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        xtask
            .current_dir(workspace())
            .args(["run", "--quiet", "--package", "xtask", "--", "vm"]);
        xtask.args(["--kernel".as_ref(), image.as_os_str()]);
        xtask.args(["--plan".as_ref(), dir.join("plan").as_os_str()]);
        xtask.args(["--folder".as_ref(), dir.join("vm").as_os_str()]);
        for (there, here) in [
            ("load", "load".to_owned()),
            ("object", "build/unlinksnoop.bpf.o".to_owned()),
            ("min", format!("btfs/{name}.btf")),
        ] {
            let file = format!("/bin/{there}={}", dir.join(here).display());
            xtask.args(["--file", &file]);
        }
        done(&mut xtask);
        let answers = fs::read_to_string(dir.join("vm").join(name).join("answers")).unwrap();
        for line in [
            "|\tloaded",
            "|\tattached unlink_enter",
            "|\tattached unlink_exit",
            "exit\t0",
        ] {
            assert!(
                answers.contains(&format!("x\tload\t{line}\n")),
                "{name}: {answers}"
            );
        }
    }
}
