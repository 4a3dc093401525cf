//! Runs clang.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::fs;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::time::Duration;

use ctxgen::Arch;
use ctxgen::ByteOrder;
use ctxgen::Requests;
use ctxgen::RunError;

use super::depfile;
use super::repeats;
use crate::cache;
use crate::cache::Digest;
use crate::cache::Digester;
use crate::cache::Folders;
use crate::cargo::Inputs;
use crate::error::Error;
use crate::error::OLDEST_CLANG;
use crate::outdir::read;

/// What clang says where it stops: at the limit of errors, which is 20 or what `-ferror-limit` says, or with
/// `-Wfatal-errors` at the first.
const STOPPED: &str = "fatal error: ";

/// The options that turn these limits off.
const WITHOUT_LIMITS: [&str; 2] = ["-ferror-limit=0", "-Wno-fatal-errors"];

/// The option for a folder of headers that is searched after all others.
const IDIRAFTER: &str = "-idirafter";

/// In a header beside the source, `#include_next` finds the generated one as well.
const INCLUDE_NEXT: &str = "-Wno-include-next-absolute-path";

/// A clang that can compile BPF programs.
#[derive(Debug)]
pub(crate) struct Clang {
    path: PathBuf,
    /// How long it may take for a source.
    timeout: Duration,
    /// What tells it from another clang at the same path, as far as that can be told cheaply: its version,
    /// the configuration files that it reads, and its text if it is a script.
    identity: Digest,
}

/// A source as the preprocessor leaves it.
#[derive(Debug)]
pub(crate) struct Expanded {
    /// With line markers and the definitions of macros.
    pub(crate) text: String,
    /// The folder of headers that was searched before the generated ones.
    pub(crate) first: PathBuf,
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
    /// Files of more arguments.
    pub(crate) argument_files: &'a [PathBuf],
    /// The user's own arguments, which come last and win.
    pub(crate) args: &'a [OsString],
    /// The folders of the system's own headers, which are searched last.
    pub(crate) system: &'a [PathBuf],
}

impl<'a> Options<'a> {
    /// The folders whose paths would end up in the object, and what does in their place.
    ///
    /// Of two that fit, clang 17 and newer take the last, older ones the longest: here, the last is
    /// the longest.
    pub(crate) fn prefixes(&self, source: &'a Path) -> Vec<(&'a Path, &'a OsStr)> {
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
    /// The clang of this path, with what it writes when `question` is put to it.
    ///
    /// A verbose clang begins with its version, so the question that has to be put anyway tells that too: most
    /// of the time of a clang that does little is spent on loading it.
    ///
    /// # Errors
    /// [`Error::NoClang`], [`Error::NotClang`] or [`Error::OldClang`].
    pub(crate) fn new(
        path: PathBuf,
        timeout: Duration,
        question: Option<&mut Command>,
    ) -> Result<(Self, String), Error> {
        let answer = question.map(|question| run(&path, timeout, question));
        let answer = answer.transpose()?.map(|output| output.stderr);
        let answer = String::from_utf8_lossy(&answer.unwrap_or_default()).into_owned();
        let asked;
        let (version, text) = match version(&answer) {
            Some(version) => (version, &answer),
            None => {
                let output = run(&path, timeout, Command::new(&path).arg("--version"))?;
                asked = String::from_utf8_lossy(&output.stdout).into_owned();
                let Some(version) = version(&asked) else {
                    return Err(Error::NotClang {
                        clang: path,
                        said: said(&output),
                    });
                };
                (version, &asked)
            }
        };
        if version < OLDEST_CLANG {
            return Err(Error::OldClang {
                clang: path,
                version,
            });
        }
        let clang = Self {
            identity: identity(&path, text),
            path,
            timeout,
        };
        Ok((clang, answer))
    }

    /// The clang of this path, where there is nothing to compile: it is not run, and may be missing.
    pub(crate) fn idle(path: PathBuf, timeout: Duration) -> Self {
        Self {
            identity: Digester::new().finish(),
            path,
            timeout,
        }
    }

    /// Runs a command of this clang's.
    pub(crate) fn run(&self, command: &mut Command) -> Result<Output, Error> {
        run(&self.path, self.timeout, command)
    }

    /// What a source is compiled with, for a digest of it. `first` is the folder of headers that only the
    /// preprocessor has.
    pub(crate) fn digested<'c>(
        &'c self,
        source: &Path,
        macros: &[String],
        options: &'c Options<'_>,
        first: &Path,
    ) -> cache::Command<'c> {
        let command = self.compiling(source, macros, options);
        let mut args = Vec::new();
        let mut all = command.get_args().peekable();
        while let Some(arg) = all.next() {
            // What is read of the system's headers is in the digest, and their folders are the machine's.
            let is_system = |folder: &&OsStr| options.system.iter().any(|own| own == folder);
            if arg == IDIRAFTER && all.next_if(is_system).is_some() {
                continue;
            }
            args.push(arg.to_owned());
        }
        let mut prefixes = options.prefixes(source);
        prefixes.push((first, OsStr::new("include")));
        cache::Command {
            compiler: self.identity,
            program: &self.path,
            args,
            argument_files: options.argument_files,
            folders: Folders::new(&prefixes),
        }
    }

    /// What the preprocessor makes of a source. Headers are searched in `first` before the generated
    /// ones; `rule` is a file for the rule of the headers that it reads. `inputs` gets the source, and the
    /// headers that it includes but the generated ones.
    pub(crate) fn preprocess(
        &self,
        source: &Path,
        first: &Path,
        rule: &Path,
        options: &Options<'_>,
        inputs: &Inputs,
    ) -> Result<Expanded, Error> {
        let mut command = self.command(source, &[first, options.include], options);
        // The rule's target needs a name in which no colon can be.
        command.args(["-MD", "-MT", "object"]).arg("-MF").arg(rule);
        command.args(Requests::CLANG_ARGS);
        command.arg(source).args(["-o", "-"]);
        let output = self.run(&mut command)?;
        if !output.status.success() {
            return Err(self.failure(source, &output, None));
        }
        let rule = read(rule)?;
        let system = options.system.iter().map(PathBuf::as_path);
        let others: Vec<&Path> = [first, options.include].into_iter().chain(system).collect();
        inputs.add_files(depfile::prerequisites(&rule, &others));
        Ok(Expanded {
            text: String::from_utf8_lossy(&output.stdout).into_owned(),
            first: first.to_owned(),
        })
    }

    /// Compiles a source with these macros to an object, and gives back clang's warnings.
    pub(crate) fn compile(
        &self,
        source: &Path,
        object: &Path,
        macros: &[String],
        options: &Options<'_>,
    ) -> Result<String, Error> {
        let mut command = self.compiling(source, macros, options);
        command.arg("-o").arg(object);
        let output = self.run(&mut command)?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stderr).into_owned()),
            false => {
                let unlimited = self.without_limit(&output, command);
                Err(self.failure(source, &output, unlimited))
            }
        }
    }

    /// What the command writes without a limit of errors, if it has stopped at that: what there is to say of
    /// the source may depend on an error behind it.
    fn without_limit(&self, output: &Output, mut command: Command) -> Option<String> {
        let said = String::from_utf8_lossy(&output.stderr);
        said.contains(STOPPED).then_some(())?;
        let output = self.run(command.args(WITHOUT_LIMITS)).ok()?;
        let said = String::from_utf8_lossy(&output.stderr);
        Some(repeats::without(&said))
    }

    /// clang with all arguments for a source but the object's path.
    pub(crate) fn compiling(
        &self,
        source: &Path,
        macros: &[String],
        options: &Options<'_>,
    ) -> Command {
        let mut command = self.command(source, &[options.include], options);
        command.args(macros.iter().map(|name| format!("-D{name}")));
        command.arg("-c").arg(source);
        command
    }

    /// The arguments with which somebody else compiles a source with these macros, but for the user's own. Paths
    /// in objects are what the compiler's user makes of them.
    pub(crate) fn arguments(&self, macros: &[String], options: &Options<'_>) -> Vec<OsString> {
        let args = ctxgen::clang_args(options.order, options.arch);
        let mut args: Vec<OsString> = args.into_iter().map(OsString::from).collect();
        args.extend(["-isystem".into(), options.include.into()]);
        args.push(INCLUDE_NEXT.into());
        args.extend(macros.iter().map(|name| format!("-D{name}").into()));
        for folder in options.system {
            args.extend([IDIRAFTER.into(), folder.into()]);
        }
        args
    }

    /// clang with all arguments but those that say what to do.
    fn command(&self, source: &Path, include: &[&Path], options: &Options<'_>) -> Command {
        let mut command = Command::new(&self.path);
        command.args(ctxgen::clang_args(options.order, options.arch));
        // As system headers, so that they do not warn.
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
        command.arg(INCLUDE_NEXT);
        command.arg("-fdebug-compilation-dir=.");
        command.args(options.args);
        for folder in options.system {
            command.arg(IDIRAFTER).arg(folder);
        }
        command
    }

    fn failure(&self, source: &Path, output: &Output, unlimited: Option<String>) -> Error {
        if self.lacks_bpf() {
            return Error::NoBpfTarget {
                clang: self.path.clone(),
            };
        }
        let stderr = repeats::without(&String::from_utf8_lossy(&output.stderr));
        Error::Compile {
            source_file: source.to_owned(),
            stderr: match stderr.trim().is_empty() {
                true => format!("it ended with {} and said nothing", output.status),
                false => stderr,
            },
            unlimited,
            advice: Vec::new(),
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
}

fn run(clang: &Path, timeout: Duration, command: &mut Command) -> Result<Output, Error> {
    let output = ctxgen::run_bounded(command, timeout);
    output.map_err(|error| match error {
        RunError::Io(error) => Error::NoClang {
            clang: clang.to_owned(),
            error,
        },
        error => Error::Stopped {
            clang: clang.to_owned(),
            error,
        },
    })
}

/// See [`Clang`]. `text` is what it says of its version; a folder of the machine is in that
/// too.
fn identity(path: &Path, text: &str) -> Digest {
    let mut identity = Digester::new();
    let version = text.lines().find(|line| line.contains("clang version"));
    identity.add(version.unwrap_or_default());
    for line in text.lines() {
        if let Some(file) = line.strip_prefix("Configuration file: ") {
            identity.add(fs::read(file).unwrap_or_default());
        }
    }
    identity.add(script(path).unwrap_or_default());
    identity.finish()
}

/// The text of a script.
fn script(path: &Path) -> Option<Vec<u8>> {
    let mut start = [0; 2];
    File::open(path).ok()?.read_exact(&mut start).ok()?;
    (start == *b"#!").then(|| fs::read(path).ok()).flatten()
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
