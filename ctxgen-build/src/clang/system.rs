//! The folders of the system's own headers.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use ctxgen::Arch;
use ctxgen::ByteOrder;
use ctxgen::system_folders;
use ctxgen::system_folders_args;

use super::command::Options;
use crate::error::Error;
use crate::outdir::OutDir;

/// Options that say where a system is; their value may be an argument of its own.
const SYSTEM: [&str; 4] = [
    "--sysroot",
    "-isysroot",
    "--gcc-toolchain",
    "--gcc-install-dir",
];
/// Options that turn the system's headers off.
const NONE: [&str; 2] = ["-nostdinc", "-nostdlibinc"];
/// Variables with folders of headers, which clang reads when it compiles too.
const FOLDERS: [&str; 2] = ["CPATH", "C_INCLUDE_PATH"];

/// Headers of glibc's that take a target that is no CPU, such as `bpf`, for one of 32 bits. `<linux/if.h>`
/// and others lead to them. The second is there only with the development files of such a CPU.
const STAND_INS: [(&str, &str); 2] = [
    (
        "bits/wordsize.h",
        "#define __WORDSIZE 64\n#define __WORDSIZE_TIME64_COMPAT32 0\n",
    ),
    (
        "gnu/stubs-32.h",
        "/* The functions that the C library lacks: BPF programs have no C library. */\n",
    ),
];

/// Writes what stands in for headers of the C library.
pub(crate) fn write_stand_ins(out: &OutDir) -> Result<(), Error> {
    STAND_INS.iter().try_for_each(|(name, text)| {
        let written = out.write(&format!("include/libc/{name}"), text.as_bytes());
        written.map(drop)
    })
}

/// The command that has clang tell the folders of an architecture's system headers, as it has them for
/// programs of its user space; none where the architecture is not known, or where the user's own arguments
/// do without.
pub(crate) fn question(
    clang: &Path,
    order: ByteOrder,
    arch: Option<Arch>,
    args: &[OsString],
) -> Option<Command> {
    let is_unwanted = args.iter().any(|arg| NONE.iter().any(|none| arg == none));
    let arch = arch.filter(|_| !is_unwanted)?;
    let mut command = Command::new(clang);
    command.args(system_folders_args(order, arch));
    command.args(of_system(args));
    for variable in FOLDERS {
        command.env_remove(variable);
    }
    command.env("LC_ALL", "C");
    Some(command)
}

/// The folders in the answer to [`question`]. Before them is one in `include`, the folder of the generated
/// headers.
pub(crate) fn folders(
    answer: &str,
    order: ByteOrder,
    arch: Option<Arch>,
    include: &Path,
) -> Vec<PathBuf> {
    let Some(arch) = arch.filter(|_| !answer.is_empty()) else {
        return Vec::new();
    };
    let mut folders = system_folders(answer, order, arch, Path::is_dir);
    folders.insert(0, include.join("libc"));
    folders
}

/// The error with what to do where clang does not find one of the headers that depend on the architecture.
pub(crate) fn advised(mut error: Error, options: &Options<'_>) -> Error {
    if let Error::Compile { stderr, advice, .. } = &mut error {
        advice.extend(self::advice(options, stderr));
    }
    error
}

fn advice(options: &Options<'_>, stderr: &str) -> Option<String> {
    let is_missing = |line: &str| {
        let (_, message) = line.split_once("fatal error: '")?;
        let (header, rest) = message.split_once('\'')?;
        let is_of_arch = ["asm/", "bits/", "gnu/"]
            .iter()
            .any(|start| header.starts_with(start));
        (is_of_arch && rest.starts_with(" file not found")).then_some(header.to_owned())
    };
    let header = stderr.lines().find_map(is_missing)?;
    let arch = options
        .arch
        .map(|arch| format!(" for {}", arch.rust_name()));
    let folders: Vec<_> = options
        .system
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    Some(format!(
        "<{header}> is a header of the system{}, and none of the folders in which clang searches those has \
         it ({}). Install it (Debian and Ubuntu: libc6-dev, or libc6-dev-…-cross for another \
         architecture), or name its folder with Builder::clang_args([\"-idirafter\", …])",
        arch.unwrap_or_default(),
        folders.join(", ")
    ))
}

/// Those of the arguments that say where the system is.
fn of_system(args: &[OsString]) -> Vec<&OsString> {
    let mut found = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let rest = SYSTEM
            .into_iter()
            .find_map(|option| arg.as_bytes().strip_prefix(option.as_bytes()));
        match rest {
            Some(b"") => {
                found.push(arg);
                found.extend(args.next());
            }
            Some(_) => found.push(arg),
            None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_a_system() {
        let args = ["-O3", "--sysroot=/a", "-isysroot", "/b", "-Ic", "--sysroot"];
        let args = args.map(OsString::from);
        let expected = ["--sysroot=/a", "-isysroot", "/b", "--sysroot"];
        assert_eq!(of_system(&args), expected.map(OsString::from).each_ref());
    }
}
