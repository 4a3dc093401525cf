//! Runs clang.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use ctxgen::Arch;
use ctxgen::ByteOrder;

use crate::error::Error;

/// The oldest major version of clang that is accepted: the first whose CO-RE relocations and BTF
/// libbpf's headers rely on (`bpf_core_read.h` needs `__builtin_preserve_enum_value`).
pub(crate) const OLDEST: u32 = 11;

/// A clang that can compile BPF programs.
#[derive(Debug)]
pub(crate) struct Clang {
    path: PathBuf,
}

/// What is the same for all sources of a build.
#[derive(Debug)]
pub(crate) struct Options<'a> {
    pub(crate) order: ByteOrder,
    pub(crate) arch: Option<Arch>,
    /// The folder of the generated headers.
    pub(crate) include: &'a Path,
    /// The package's folder.
    pub(crate) root: &'a Path,
    /// Folders of the user's own headers.
    pub(crate) include_dirs: &'a [PathBuf],
    /// The user's own arguments, which come last and win.
    pub(crate) args: &'a [OsString],
}

impl<'a> Options<'a> {
    /// The folders whose paths would end up in the object, and what does in their place.
    ///
    /// Of two that fit, clang 17 and newer take the last, older ones the longest: here, the last is
    /// the longest.
    fn prefixes(&self, source: &'a Path) -> Vec<(&'a Path, &'a OsStr)> {
        let here = OsStr::new(".");
        let own = source.parent().into_iter();
        let outside = own
            .chain(self.include_dirs.iter().map(PathBuf::as_path))
            .filter(|dir| dir.is_absolute() && !dir.starts_with(self.root))
            .map(|dir| (dir, dir.file_name().unwrap_or(here)));
        let mut prefixes: Vec<_> = [(self.root, here)].into_iter().chain(outside).collect();
        prefixes.push((self.include, OsStr::new("include")));
        prefixes.sort_by_key(|(path, _)| path.as_os_str().len());
        prefixes
    }
}

impl Clang {
    /// # Errors
    /// [`Error::NoClang`], [`Error::NotClang`] or [`Error::OldClang`].
    pub(crate) fn new(path: PathBuf) -> Result<Self, Error> {
        let clang = Self { path };
        let output = clang.run(Command::new(&clang.path).arg("--version"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        match version(&text) {
            Some(version) if version >= OLDEST => Ok(clang),
            Some(version) => Err(Error::OldClang {
                clang: clang.path,
                version,
            }),
            None => Err(Error::NotClang {
                clang: clang.path,
                said: said(&output),
            }),
        }
    }

    /// What the preprocessor makes of a source, with line markers. Headers are searched in `first`
    /// before the generated ones.
    pub(crate) fn preprocess(
        &self,
        source: &Path,
        first: &Path,
        options: &Options<'_>,
    ) -> Result<String, Error> {
        let mut command = self.command(source, &[first, options.include], options);
        // What it has to say, it says again when it compiles.
        command.args(["-w", "-E"]).arg(source).args(["-o", "-"]);
        let output = self.run(&mut command)?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(self.failure(source, &output)),
        }
    }

    /// Compiles a source with these macros to an object, writes the rule of the headers that it read,
    /// and gives back clang's warnings.
    pub(crate) fn compile(
        &self,
        source: &Path,
        object: &Path,
        rule: &Path,
        macros: &[String],
        options: &Options<'_>,
    ) -> Result<String, Error> {
        let mut command = self.command(source, &[options.include], options);
        command.args(macros.iter().map(|name| format!("-D{name}")));
        // The rule's target needs a name in which no colon can be.
        command.args(["-MMD", "-MT", "object"]).arg("-MF").arg(rule);
        command.arg("-c").arg(source).arg("-o").arg(object);
        let output = self.run(&mut command)?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stderr).into_owned()),
            false => Err(self.failure(source, &output)),
        }
    }

    /// clang with all arguments but those that say what to do.
    fn command(&self, source: &Path, include: &[&Path], options: &Options<'_>) -> Command {
        let mut command = Command::new(&self.path);
        command.args(["-g", "-O2", "-Wall", "-target"]);
        command.arg(match options.order {
            ByteOrder::Little => "bpfel",
            ByteOrder::Big => "bpfeb",
        });
        // The third version of the instruction set is that of kernel 5.1, older than kernel BTF.
        command.args(["-mcpu=v3", "-fno-stack-protector"]);
        // Kernels since 6.19 have structs that C compilers take only so; see `vmlinux.h`.
        command.args(["-fms-extensions", "-Wno-microsoft-anon-tag"]);
        if let Some(arch) = options.arch {
            command.arg(format!("-D__TARGET_ARCH_{}", arch.libbpf_name()));
        }
        // As system headers, so that they neither warn nor count among the source's dependencies.
        for folder in include {
            command.arg("-isystem").arg(folder);
        }
        for (path, stands_for) in options.prefixes(source) {
            let mut map = OsString::from("-ffile-prefix-map=");
            map.push(path);
            map.push("=");
            map.push(stands_for);
            command.arg(map);
        }
        command.arg("-fdebug-compilation-dir=.");
        command.args(options.args);
        command
    }

    fn failure(&self, source: &Path, output: &Output) -> Error {
        if self.lacks_bpf() {
            return Error::NoBpfTarget {
                clang: self.path.clone(),
            };
        }
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Error::Compile {
            source_file: source.to_owned(),
            stderr: match stderr.trim().is_empty() {
                true => format!("it ended with {} and said nothing", output.status),
                false => stderr,
            },
        }
    }

    fn lacks_bpf(&self) -> bool {
        let Ok(output) = self.run(Command::new(&self.path).arg("--print-targets")) else {
            return false;
        };
        let targets = String::from_utf8_lossy(&output.stdout);
        output.status.success()
            && !targets
                .lines()
                .any(|line| line.split_whitespace().next() == Some("bpf"))
    }

    fn run(&self, command: &mut Command) -> Result<Output, Error> {
        command.output().map_err(|error| Error::NoClang {
            clang: self.path.clone(),
            error,
        })
    }
}

/// The first line of a command's answer, in quotes, or how it ended without one.
fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr]
        .into_iter()
        .map(|text| String::from_utf8_lossy(text))
        .find_map(|text| Some(format!("{:?}", text.lines().find(|line| !line.is_empty())?)))
        .unwrap_or_else(|| format!("nothing and ends with {}", output.status))
}

/// The major version in what `clang --version` says.
fn version(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("clang version ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit())?;
    rest[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, expected) in [
            ("Debian clang version 14.0.6\nTarget: x", Some(14)),
            ("clang version 21.1.0 (Fedora 21.1.0-1.fc43)\n", Some(21)),
            ("Apple clang version 15.0.0 (clang-1500.3)\n", Some(15)),
            ("gcc (Debian 12.2.0-14+deb12u1) 12.2.0\n", None),
            ("", None),
        ] {
            assert_eq!(version(text), expected, "{text}");
        }
    }
}
