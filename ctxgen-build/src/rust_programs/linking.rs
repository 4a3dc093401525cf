//! What bpf-linker is told, and which LLVM is in play.

use std::ffi::OsString;
use std::process::Command;
use std::time::Duration;

use ctxgen::render::rust_programs::LLVM_VERSIONS;
use ctxgen::run_bounded;

use crate::cargo::of_cargo;
use crate::error::Error;

/// What separates flags in `CARGO_ENCODED_RUSTFLAGS`.
const SEPARATOR: char = '\u{1f}';

/// How long a tool may take to say its version.
const TIMEOUT: Duration = Duration::from_secs(60);

/// bpf-linker's argument that makes it keep debug information, and so BTF. LLVM aborts on accessors without it.
const BTF: &str = "--btf";

/// The flags of the compiler in this build.
#[derive(Debug)]
pub(super) struct Flags(Vec<String>);

impl Flags {
    /// Those that cargo says.
    pub(super) fn of_build() -> Self {
        let flags = of_cargo("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
        Self::new(&flags.to_string_lossy())
    }

    fn new(encoded: &str) -> Self {
        Self(encoded.split(SEPARATOR).map(str::to_owned).collect())
    }

    /// Whether the linker gets an argument already: a second one is an error to it.
    fn has_link_arg(&self, argument: &str) -> bool {
        self.0.iter().any(|flag| {
            let flag = flag.trim_start_matches("-C").trim_start();
            match flag.split_once('=') {
                Some(("link-arg" | "link-args", value)) => {
                    value.split_whitespace().any(|word| word == argument)
                }
                _ => false,
            }
        })
    }

    /// Whether the compiler is told how much debug information to make.
    fn says_debug_info(&self) -> bool {
        let mut flags = self.0.iter();
        flags.any(|flag| flag == "-g" || flag.contains("debuginfo="))
    }
}

/// The linker's arguments for the accessors.
pub(super) fn link(module: &str, flags: &Flags) -> Vec<String> {
    let mut arguments = vec![module.to_owned()];
    if !flags.has_link_arg(BTF) {
        arguments.push(BTF.to_owned());
    }
    arguments
}

/// Looks whether the programs have debug information: where a function has none, LLVM notes no section for its
/// relocations.
///
/// # Errors
/// [`Error::NoDebugInfo`].
pub(super) fn check_debug_info(flags: &Flags) -> Result<(), Error> {
    let debug = of_cargo("DEBUG");
    let is_without = debug.is_some_and(|debug| debug == "false" || debug == "0" || debug == "none");
    match is_without && !flags.says_debug_info() {
        true => Err(Error::NoDebugInfo),
        false => Ok(()),
    }
}

/// Looks at the LLVM of the compiler, since bpf-linker's has to read what that makes, and so is as new at
/// least; a remark where it is newer than what was tried.
///
/// # Errors
/// [`Error::OldLlvm`].
pub(super) fn check_llvm() -> Result<Option<String>, Error> {
    let rustc = of_cargo("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let mut command = Command::new(&rustc);
    command.arg("-vV");
    let said = match run_bounded(&mut command, TIMEOUT) {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        // Cargo says it, where it is none.
        Err(_) => return Ok(None),
    };
    judge(&rustc.to_string_lossy(), &said)
}

fn judge(rustc: &str, said: &str) -> Result<Option<String>, Error> {
    let version = said
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: "));
    let Some(version) = version else {
        return Ok(None);
    };
    let major = version
        .split('.')
        .next()
        .and_then(|major| major.parse().ok());
    match major {
        Some(major) if major < *LLVM_VERSIONS.start() => Err(Error::OldLlvm {
            rustc: rustc.into(),
            version: major,
        }),
        Some(major) if major > *LLVM_VERSIONS.end() => Ok(Some(format!(
            "the accessors of contexts are text for LLVM {} to {}, and `{rustc}` has LLVM {version}: a newer \
             ctxgen may be needed if bpf-linker cannot read them",
            LLVM_VERSIONS.start(),
            LLVM_VERSIONS.end()
        ))),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_are_there() {
        for (flags, has_it) in [
            (
                "--cfg=bpf_target_arch=\"x86_64\"\u{1f}-Cdebuginfo=2\u{1f}-Clink-arg=--btf",
                true,
            ),
            ("-C\u{1f}link-arg=--btf", true),
            ("-Clink-args=-O3 --btf", true),
            ("-Clink-arg=--btf-other", false),
            ("--cfg=btf", false),
            ("", false),
        ] {
            let flags = Flags::new(flags);
            assert_eq!(flags.has_link_arg(BTF), has_it, "{flags:?}");
            let arguments = link("/out/ctx.ll", &flags);
            let expected: &[&str] = match has_it {
                true => &["/out/ctx.ll"],
                false => &["/out/ctx.ll", "--btf"],
            };
            assert_eq!(arguments, expected);
        }
    }

    #[test]
    fn versions_of_llvm() {
        let said =
            |version: &str| judge("rustc", &format!("rustc 1.0.0\nLLVM version: {version}\n"));
        assert_eq!(said("22.1.2").unwrap(), None);
        assert_eq!(said("19.0.0").unwrap(), None);
        assert!(said("99.1.0").unwrap().unwrap().contains("LLVM 99.1.0"));
        let error = said("17.0.6").unwrap_err().to_string();
        assert!(error.contains("LLVM 17"), "{error}");
        assert_eq!(judge("rustc", "rustc 1.0.0\n").unwrap(), None);
    }
}
