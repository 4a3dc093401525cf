//! `ctxgen check`.

mod table;

use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use ctxgen::KernelBtf;
use ctxgen::check::Checked;
use ctxgen::check::check_object;
use ctxgen::labels;
use ctxgen::object::reads::Examined;
use ctxgen::reads::Answer;
use ctxgen::reads::Judged;
use ctxgen::reads::judge;
use ctxgen::text;
use serde::Serialize;

use crate::Kernels;
use crate::files;
use crate::modules::with_modules;
use crate::output::Failure;
use crate::output::json;
use crate::output::stdout;

const EXAMPLES: &str = "\
Examples:
  ctxgen check guard.bpf.o
      compares the object with the running kernel
  ctxgen check guard.bpf.o --btf 5.10.btf --btf 7.2.btf
  ctxgen check /usr/sbin/opensnoop --btf 7.2.btf
      objects in executables, also if they were built without ctxgen
  ctxgen check old.bpf.o --built-for 5.10.btf --btf 7.2.btf --json";

/// Compare what compiled BPF programs read from their contexts with kernels, argument by argument. Exits with
/// status 1 if a program would read a wrong value, cannot be loaded, or cannot attach.
///
/// The objects need not be built with ctxgen. A file that contains BPF objects, such as an executable with
/// skeletons, works too.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Check {
    /// Compiled BPF objects, or files that contain BPF objects
    #[arg(required = true, value_name = "OBJECT")]
    objects: Vec<PathBuf>,

    /// Print JSON: one object per line, for each program on each kernel
    #[arg(long)]
    json: bool,

    /// The BTF of the kernel that the objects were written for. It tells which argument a read means if the
    /// object itself does not
    #[arg(long, value_name = "PATH")]
    built_for: Option<PathBuf>,

    #[command(flatten)]
    kernels: Kernels,

    /// A kernel module to include: a .ko, compressed or not, or raw BTF. For the running kernel, the module's
    /// name is enough. KERNEL is the kernel's name in the report; with one kernel, it may be omitted. May be
    /// repeated
    #[arg(long, value_name = "[KERNEL=]PATH|NAME")]
    module: Vec<String>,

    /// The kernel's symbols: its System.map, or a copy of its /proc/kallsyms. They tell which functions
    /// programs can attach to. The first --kallsyms belongs to the first --btf, and so on. May be repeated
    #[arg(long, value_name = "FILE")]
    kallsyms: Vec<PathBuf>,
}

/// What is said about a program, as JSON.
#[derive(Serialize)]
struct Line<'a> {
    object: &'a str,
    kernel: &'a str,
    #[serde(flatten)]
    checked: &'a Checked,
    /// What it reads, where it takes no context struct of ctxgen's.
    #[serde(skip_serializing_if = "Option::is_none")]
    reads: Option<&'a Judged>,
}

/// A program, and what was found of it on a kernel.
struct Found {
    checked: Checked,
    /// Where its context is none of ctxgen's.
    judged: Option<Judged>,
}

impl Found {
    fn is_fine(&self) -> bool {
        match &self.judged {
            None => self.checked.is_fine(),
            Some(judged) => matches!(judged.answer, Answer::Works | Answer::Unknown),
        }
    }

    fn is_examined(&self) -> bool {
        match &self.judged {
            None => self.checked.is_examined(),
            Some(judged) => judged.answer != Answer::Unknown,
        }
    }
}

impl Check {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let mut kernels = self.kernels.open()?;
        for (kernel, path) in kernels.iter_mut().zip(&self.kallsyms) {
            kernel.add_symbols(path)?;
        }
        let built_for = self.built_for.as_ref().map(KernelBtf::from_path);
        let built_for = built_for.transpose()?;
        let labels = labels(&kernels);
        let is_running = self.kernels.is_running();
        let kernels = with_modules(kernels, &labels, &self.module, is_running)?;
        let mut out = stdout();
        let mut fine = true;
        for path in &self.objects {
            let bytes = files::read(path)?;
            for (object, bytes) in objects(path, &bytes) {
                let examined = Examined::parse(bytes).map_err(|error| Failure::Object {
                    path: path.clone(),
                    error: Box::new(error.into()),
                })?;
                for (kernel, label) in kernels.iter().zip(&labels) {
                    let found = found(path, &examined, kernel, built_for.as_ref())?;
                    fine &= found.iter().all(Found::is_fine);
                    if self.json {
                        for Found { checked, judged } in &found {
                            let line = Line {
                                object: &object,
                                kernel: label,
                                checked,
                                reads: judged.as_ref(),
                            };
                            json(&mut out, &line)?;
                        }
                    } else {
                        let object = text::name(&object);
                        writeln!(out, "{object} on {}:", text::name(label))?;
                        table::write(&mut out, &found)?;
                    }
                }
            }
        }
        out.flush()?;
        Ok(match fine {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        })
    }
}

/// The objects of a file. One without any is taken for one, for the error.
fn objects<'b>(path: &Path, bytes: &'b [u8]) -> Vec<(String, &'b [u8])> {
    let found = files::objects(path, bytes);
    match found.is_empty() {
        true => vec![(files::name(path), bytes)],
        false => found,
    }
}

fn found(
    path: &Path,
    examined: &Examined,
    kernel: &KernelBtf,
    built_for: Option<&KernelBtf>,
) -> Result<Vec<Found>, Failure> {
    let checked = check_object(examined.object(), kernel).map_err(|error| Failure::Object {
        path: path.to_owned(),
        error: Box::new(error.into()),
    })?;
    let judged = judge(examined, kernel, built_for);
    let both = checked.into_iter().zip(judged);
    Ok(both
        .map(|(checked, judged)| Found {
            judged: checked.r#struct.is_none().then_some(judged),
            checked,
        })
        .collect())
}
