//! `ctxgen migrate`.

mod clang;
mod compile;
mod compiled;
mod shorter;
mod uses;

use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use ctxgen::KernelBtf;
use ctxgen::RUNNING_BTF;
use ctxgen::labels;
use ctxgen::migrate::Kernels;
use ctxgen::migrate::Plan;
use ctxgen::migrate::Refused;
use ctxgen::migrate::apply;
use ctxgen::migrate::plan;
use ctxgen::migrate::unified;
use ctxgen::object::ObjectFile;
use ctxgen_build::Builder;

use self::compile::Toolchain;
use self::compiled::Compiled;
use crate::Kernel;
use crate::files;
use crate::output::Failure;
use crate::output::error;
use crate::output::message;
use crate::output::shown;
use crate::output::stdout;
use crate::output::write;
use crate::project::for_kernel;

const EXAMPLES: &str = "\
Examples:
  ctxgen migrate guard.bpf.c
  ctxgen migrate --was vmlinux-5.10.btf --btf vmlinux-6.12.btf guard.bpf.c -- -Iinclude
  ctxgen migrate --write guard.bpf.c";

/// Rewrite programs that use BPF_PROG, BPF_KPROBE and the like, an array of slots or a trace_event_raw
/// struct, so that they take context structs. Prints a diff, and for each kernel whether the result compiles.
///
/// The place of an argument on the kernel that the program was written for (--was) tells its name; the
/// rewritten program reads the argument of that name on the target (--btf). A program that cannot be
/// rewritten with certainty is left as it is, and the exit status is 1.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Migrate {
    /// BPF C files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Write the files instead of printing a diff. A file that would not compile is left as it is
    #[arg(long)]
    write: bool,

    /// The BTF of the kernel that the programs were written for [default: the target's]
    #[arg(long, value_name = "PATH")]
    was: Option<PathBuf>,

    /// More arguments for clang, such as -I and -D. vmlinux.h and libbpf's headers are found without them
    #[arg(last = true, value_name = "CLANG_ARGS")]
    clang_args: Vec<String>,

    #[command(flatten)]
    kernel: Kernel,
}

/// The kernels, that which the programs were written for first.
struct Sides {
    kernels: Vec<KernelBtf>,
    labels: Vec<String>,
}

impl Sides {
    fn kernels(&self) -> Kernels<'_> {
        let last = self.kernels.len() - 1;
        Kernels {
            was: (&self.kernels[0], &self.labels[0]),
            target: (&self.kernels[last], &self.labels[last]),
        }
    }
}

impl Migrate {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let mut kernels = Vec::new();
        if let Some(path) = &self.was {
            let mut was = KernelBtf::from_path(path).map_err(ctxgen::Error::from)?;
            for user in &self.kernel.user {
                was.add_user_file(user).map_err(ctxgen::Error::from)?;
            }
            kernels.push(was);
        }
        kernels.push(self.kernel.open()?);
        let labels = labels(&kernels);
        let sides = Sides { kernels, labels };
        let toolchains = self.toolchains()?;
        let mut code = ExitCode::SUCCESS;
        for path in &self.files {
            let is_whole = self
                .file(path, &sides, &toolchains)
                .unwrap_or_else(|failure| {
                    error(&failure);
                    false
                });
            if !is_whole {
                code = ExitCode::FAILURE;
            }
        }
        Ok(code)
    }

    /// Those of the kernels, in their order.
    fn toolchains(&self) -> Result<Vec<Toolchain>, Failure> {
        let mut builders = Vec::new();
        if let Some(path) = &self.was {
            let users = self.kernel.user.iter();
            builders.push(users.fold(Builder::new().btf(path), Builder::user));
        }
        let target = for_kernel(&self.kernel);
        builders.push(match self.kernel.btf {
            Some(_) => target,
            None => target.btf(RUNNING_BTF),
        });
        let made = builders.into_iter();
        made.map(|builder| Toolchain::new(builder, &self.clang_args))
            .collect()
    }

    /// Migrates a source; whether nothing of it is left to do by hand.
    fn file(&self, path: &Path, sides: &Sides, toolchains: &[Toolchain]) -> Result<bool, Failure> {
        let bytes = files::read(path)?;
        let text = String::from_utf8(bytes).map_err(|_| Failure::NoText(path.to_owned()))?;
        let Some((was, _)) = toolchains.split_first() else {
            return Ok(true);
        };
        let source = was.source(path, path)?;
        let before = was.compile(path, &source)?;
        let object = ObjectFile::parse(&before).map_err(|error| Failure::Object {
            path: path.to_owned(),
            error: Box::new(ctxgen::Error::Object(error)),
        })?;
        let unit = clang::unit(path, &text, &source.args)?;
        let plan = plan(&text, &unit, &object, sides.kernels());
        for refused in &plan.refused {
            message(&refusal(path, refused));
        }
        if plan.edits.is_empty() {
            let left = match plan.refused.len() {
                0 => "nothing to migrate".to_owned(),
                left => format!("nothing is changed; left as they are: {left}"),
            };
            message(&format!("{}: {left}", shown(path)));
            return Ok(plan.refused.is_empty());
        }
        let edits = shorter::edits(path, &text, &plan, was, &Compiled::read(&before))?;
        let new = apply(&text, &edits);
        if !self.write {
            let mut out = stdout();
            write!(out, "{}", unified(&shown(path), &text, &edits))?;
            out.flush()?;
        }
        let is_compiled = verdicts(path, &new, &plan, &before, toolchains, sides)?;
        if self.write && is_compiled {
            write(path, new.as_bytes())?;
        }
        report(path, &plan, self.write && is_compiled);
        Ok(plan.refused.is_empty() && is_compiled)
    }
}

fn refusal(path: &Path, refused: &Refused) -> String {
    let Refused {
        line, name, why, ..
    } = refused;
    let file = refused
        .file
        .as_ref()
        .map_or_else(|| shown(path), |file| shown(Path::new(file)));
    format!("{file}:{line}: `{name}` is left as it is: {why}")
}

/// Says what the compiler makes of the new source, on each kernel; whether it compiles.
fn verdicts(
    path: &Path,
    new: &str,
    plan: &Plan,
    before: &[u8],
    toolchains: &[Toolchain],
    sides: &Sides,
) -> Result<bool, Failure> {
    for (number, (toolchain, label)) in toolchains.iter().zip(&sides.labels).enumerate() {
        let after = toolchain
            .replaced(path, new)
            .and_then(|source| toolchain.compile(path, &source));
        let after = match after {
            Ok(object) => object,
            Err(Failure::Compile { stderr, .. }) => {
                message(&format!(
                    "{}: the new source does not compile for {label}:\n{stderr}",
                    shown(path)
                ));
                return Ok(false);
            }
            Err(failure) => return Err(failure),
        };
        if number > 0 {
            message(&format!("{}: compiles for {label}", shown(path)));
            continue;
        }
        let [before, after] = [before, &after].map(Compiled::read);
        for name in &plan.migrated {
            message(&format!(
                "{}: {name}: {}",
                shown(path),
                before.against(&after, name)
            ));
        }
    }
    Ok(true)
}

fn report(path: &Path, plan: &Plan, is_written: bool) {
    let done = if is_written {
        "migrated"
    } else {
        "to be migrated"
    };
    let count = plan.migrated.len();
    let left = plan.refused.len();
    message(&format!(
        "{}: {done}: {count}, left as they are: {left}",
        shown(path)
    ));
}
