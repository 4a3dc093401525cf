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

use crate::clang::Clang;
use crate::error::Error;
use crate::outdir::OutDir;

/// Options that say where a system is; their value may be an argument of its own.
const SYSTEM: [&str; 4] = [
    "--sysroot",
    "-isysroot",
    "--gcc-toolchain",
    "--gcc-install-dir",
];
/// Options of people who do not want the system's headers.
const NONE: [&str; 2] = ["-nostdinc", "-nostdlibinc"];
/// Variables with folders of headers, which clang reads when it compiles too.
const FOLDERS: [&str; 2] = ["CPATH", "C_INCLUDE_PATH"];

/// A header of glibc's that is there only with the development files of a 32-bit architecture. It lists
/// functions of the library. `<linux/if.h>` leads to it for any target that is no CPU, such as `bpf`.
const STAND_IN: &str = "libc/gnu/stubs-32.h";

/// Writes the header that systems may lack.
pub(crate) fn write_stand_in(out: &OutDir) -> Result<(), Error> {
    let text =
        b"/* BPF programs have no C library: none of its functions is to be listed here. */\n";
    out.write(&format!("include/{STAND_IN}"), text).map(drop)
}

/// The folders of an architecture's system headers, as clang has them for programs of its user space;
/// none where it does not tell, or where the user's own arguments do without. Behind them is one in
/// `include`, the folder of the generated headers.
pub(crate) fn folders(
    clang: &Clang,
    order: ByteOrder,
    arch: Option<Arch>,
    args: &[OsString],
    include: &Path,
) -> Vec<PathBuf> {
    let is_unwanted = args.iter().any(|arg| NONE.iter().any(|none| arg == none));
    let (Some(arch), false) = (arch, is_unwanted) else {
        return Vec::new();
    };
    let mut command = Command::new(clang.path());
    command.args(system_folders_args(order, arch));
    command.args(of_system(args));
    for variable in FOLDERS {
        command.env_remove(variable);
    }
    let Ok(output) = command.env("LC_ALL", "C").output() else {
        return Vec::new();
    };
    let said = String::from_utf8_lossy(&output.stderr);
    let mut folders = system_folders(&said, order, arch, Path::is_dir);
    folders.push(include.join("libc"));
    folders
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
