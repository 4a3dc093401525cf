//! The command that makes a pinned BTF anew.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

/// What stands for the kernel's BTF, which is elsewhere on every machine.
const BTF: &str = "VMLINUX";

/// `ctxgen pin` with its arguments, to be run in the folder of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PinCommand {
    /// The pinned BTF.
    pub output: String,
    /// Modules of the kernel, by their names.
    pub modules: Vec<String>,
    /// Sources and hooks.
    pub what: Vec<String>,
    /// Arguments for clang.
    pub clang_args: Vec<String>,
}

impl PinCommand {
    /// The command for a pinned BTF and sources that are given from anywhere.
    pub fn new(package: &Path, output: &Path, sources: &[PathBuf], hooks: &[String]) -> Self {
        let sources = sources.iter().map(|source| relative(package, source));
        Self {
            output: relative(package, output),
            modules: Vec::new(),
            what: sources.chain(hooks.iter().cloned()).collect(),
            clang_args: Vec::new(),
        }
    }

    /// Adds arguments for clang, in which paths below the package's folder become relative.
    #[must_use]
    pub fn with_clang_args(mut self, package: &Path, args: impl Iterator<Item = String>) -> Self {
        let mut folder = package.to_string_lossy().into_owned();
        folder.push('/');
        let args = args.map(|arg| arg.replace(&folder, ""));
        self.clang_args.extend(args);
        self
    }
}

impl fmt::Display for PinCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ctxgen pin -o {} --btf {BTF}", quoted(&self.output))?;
        for module in &self.modules {
            write!(f, " --module {module}.ko")?;
        }
        for what in &self.what {
            write!(f, " {}", quoted(what))?;
        }
        if !self.clang_args.is_empty() {
            f.write_str(" --")?;
        }
        for arg in &self.clang_args {
            write!(f, " {}", quoted(arg))?;
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

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=+,@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_it_is_typed() {
        let package = Path::new("/work/package");
        let sources = ["/work/package/src/a b.bpf.c", "/elsewhere/c.bpf.c"].map(PathBuf::from);
        let output = package.join("btf/x86_64.btf");
        let hooks = ["lsm/file_open".to_owned()];
        let command = PinCommand::new(package, &output, &sources, &hooks);
        let args = ["-I/work/package/include", "-DA=\"b\""].map(str::to_owned);
        let mut command = command.with_clang_args(package, args.into_iter());
        command.modules.push("xfs".to_owned());
        assert_eq!(
            command.to_string(),
            "ctxgen pin -o btf/x86_64.btf --btf VMLINUX --module xfs.ko 'src/a b.bpf.c' c.bpf.c \
             lsm/file_open -- -Iinclude '-DA=\"b\"'"
        );
    }
}
