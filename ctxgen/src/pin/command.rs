//! The command that makes a pinned BTF anew.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use crate::kernel::PinNote;
use crate::text::shell;

/// What stands for the kernel's BTF, which is elsewhere on every machine.
const BTF: &str = "VMLINUX";

/// What stands for the formats of its trace events.
const FORMATS: &str = "EVENTS";

/// `ctxgen pin` with its arguments, to be run in the folder of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PinCommand {
    /// The pinned BTF.
    pub output: String,
    /// Modules of the kernel, by their names.
    pub modules: Vec<String>,
    /// Whether what tracefs says of the kernel's trace events is given too.
    pub formats: bool,
    /// Sources and hooks.
    pub what: Vec<String>,
    /// Arguments for clang.
    pub clang_args: Vec<String>,
}

impl PinCommand {
    /// The command for a pinned BTF, and sources and clang's arguments that are given from anywhere.
    pub fn new(
        output: &Path,
        sources: &[PathBuf],
        hooks: &[String],
        clang_args: &[String],
    ) -> Self {
        let package = Self::package(output);
        let mut folder = package.to_string_lossy().into_owned();
        folder.push('/');
        let sources = sources.iter().map(|source| relative(&package, source));
        let args = clang_args.iter().map(|arg| arg.replace(&folder, ""));
        Self {
            output: relative(&package, output),
            modules: Vec::new(),
            formats: false,
            what: sources.chain(hooks.iter().cloned()).collect(),
            clang_args: args.collect(),
        }
    }

    /// The folder of the package that a file is in, or the current one: where the command is to be run.
    pub fn package(file: &Path) -> PathBuf {
        let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let mut folders = absolute.ancestors().skip(1);
        folders
            .find(|folder| folder.join("Cargo.toml").is_file())
            .map(Path::to_owned)
            .or_else(|| std::env::current_dir().ok())
            .unwrap_or_default()
    }

    /// The command with all that a note's has too.
    #[must_use]
    pub fn and(&self, note: &PinNote) -> String {
        let own = self.to_string();
        let start = format!("--btf {BTF}");
        let Some((_, rest)) = note.renew.split_once(&start) else {
            return own;
        };
        let (what, args) = match rest.split_once(" -- ") {
            Some((what, args)) => (what, format!(" -- {args}")),
            None => (rest, String::new()),
        };
        let output = shell(&self.output);
        let mut command = format!("ctxgen pin -o {output} {start}{what}");
        for new in self.what.iter().map(|what| shell(what)) {
            if !what.split(' ').any(|known| known == new) {
                command.push(' ');
                command.push_str(&new);
            }
        }
        command + &args
    }
}

impl fmt::Display for PinCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ctxgen pin -o {} --btf {BTF}", shell(&self.output))?;
        for module in &self.modules {
            write!(f, " --module {module}.ko")?;
        }
        if self.formats {
            write!(f, " --formats {FORMATS}")?;
        }
        for what in &self.what {
            write!(f, " {}", shell(what))?;
        }
        if !self.clang_args.is_empty() {
            f.write_str(" --")?;
        }
        for arg in &self.clang_args {
            write!(f, " {}", shell(arg))?;
        }
        Ok(())
    }
}

/// A path as one writes it in the package's folder. One that is not below it is told by its name:
/// where it is, is no business of whoever builds the package elsewhere.
fn relative(package: &Path, path: &Path) -> String {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (package, whole) = (absolute(package), absolute(path));
    let below = whole.strip_prefix(&package).ok();
    let name = || path.file_name().map(Path::new);
    let shown = below.or_else(name).unwrap_or(path);
    shown.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_it_is_typed() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sources = [dir.join("src/a b.bpf.c"), "/elsewhere/c.bpf.c".into()];
        let hooks = ["lsm/file_open".to_owned()];
        let include = format!("-I{}", dir.join("include").display());
        let args = [include, "-DA=\"b\"".to_owned()];
        let output = dir.join("btf/x86_64.btf");
        let mut command = PinCommand::new(&output, &sources, &hooks, &args);
        command.modules.push("xfs".to_owned());
        assert_eq!(
            command.to_string(),
            "ctxgen pin -o btf/x86_64.btf --btf VMLINUX --module xfs.ko 'src/a b.bpf.c' c.bpf.c \
             lsm/file_open -- -Iinclude '-DA=\"b\"'"
        );
    }

    #[test]
    fn with_what_a_note_has() {
        let command = |what: &[&str]| PinCommand {
            output: "btf/x86_64.btf".to_owned(),
            what: what.iter().map(|what| (*what).to_owned()).collect(),
            ..PinCommand::default()
        };
        let note = |args| PinNote {
            kernel: String::new(),
            arch: None,
            bytes: (0, 0),
            modules: Vec::new(),
            renew: format!("{}{args}", command(&["a.bpf.c", "b.bpf.c"])),
        };
        assert_eq!(
            command(&["b.bpf.c", "c.bpf.c"]).and(&note(" -- -DX")),
            "ctxgen pin -o btf/x86_64.btf --btf VMLINUX a.bpf.c b.bpf.c c.bpf.c -- -DX"
        );
        let own = command(&["c.bpf.c"]);
        let spoilt = PinNote {
            renew: "make".to_owned(),
            ..note("")
        };
        assert_eq!(own.and(&spoilt), own.to_string());
    }
}
