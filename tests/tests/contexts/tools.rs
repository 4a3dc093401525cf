//! Programs that tests run.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use ctxgen::ByteOrder;
use ctxgen_tests::skip;

/// bpftool; `None`, and said for `what`, where there is none.
pub(crate) fn bpftool(what: &str) -> Option<PathBuf> {
    // Debian has it where only root's PATH leads.
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|folder| folder.join("bpftool"))
        .find(|path| path.is_file());
    if found.is_none() {
        skip(what, "there is no bpftool");
    }
    found
}

/// clang for BPF programs of that byte order, with the arguments that `ctxgen-build` gives it and
/// every warning as an error.
pub(crate) fn clang(order: ByteOrder, system_headers: &Path) -> Command {
    let clang = env::var_os("CLANG").unwrap_or_else(|| OsString::from("clang"));
    clang_at(Path::new(&clang), order, system_headers)
}

/// As [`clang`], that of a path.
pub(crate) fn clang_at(clang: &Path, order: ByteOrder, system_headers: &Path) -> Command {
    let mut command = Command::new(clang);
    command.args(["-g", "-O2", "-mcpu=v3", "-fno-stack-protector", "-target"]);
    command.arg(match order {
        ByteOrder::Little => "bpfel",
        ByteOrder::Big => "bpfeb",
    });
    warnings(&mut command);
    command.arg("-Wno-microsoft-anon-tag");
    command.arg("-isystem").arg(system_headers);
    command
}

/// The host's C compiler, as `cc` finds it, with every warning as an error but those about clang's
/// attributes.
pub(crate) fn host_compiler(system_headers: &Path) -> Command {
    let host = format!("{}-unknown-linux-gnu", env::consts::ARCH);
    let compiler = cc::Build::new()
        .cargo_metadata(false)
        .cargo_warnings(false)
        .opt_level(0)
        .target(&host)
        .host(&host)
        .get_compiler();
    let mut command = compiler.to_command();
    warnings(&mut command);
    command.arg("-Wno-attributes");
    command.arg("-isystem").arg(system_headers);
    command
}

fn warnings(command: &mut Command) {
    command.args(["-Wall", "-Wextra", "-Werror", "-fms-extensions"]);
}

/// The Rust compiler that this is built with.
pub(crate) fn rustc() -> Command {
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.args(["--edition", "2024", "--crate-name", "facts"]);
    command
}

/// Runs a program that has to succeed.
pub(crate) fn run(command: &mut Command) -> Output {
    let name = command.get_program().to_owned();
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{name:?}: {error}"));
    assert!(
        output.status.success(),
        "{name:?} {:?}: {}\n{}{}",
        command.get_args().collect::<Vec<_>>(),
        output.status,
        text(&output.stdout),
        text(&output.stderr),
    );
    output
}

/// What a program printed.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Writes a file in a folder.
pub(crate) fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&path, bytes))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    path
}
