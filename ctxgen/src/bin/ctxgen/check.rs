//! `ctxgen check`.

use std::io::BufWriter;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use ctxgen::check::Checked;
use ctxgen::check::check;
use ctxgen::labels;
use serde::Serialize;

use crate::Kernels;
use crate::output::Failure;

/// Hold the contexts of compiled BPF programs against kernels, argument by argument. Ends with 1 where
/// a program would read something else than it means to, or cannot attach.
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// Compiled BPF objects
    #[arg(required = true, value_name = "OBJECT")]
    objects: Vec<PathBuf>,

    /// One JSON object a line, for each program on each kernel
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    kernels: Kernels,
}

/// What is said about a program, as JSON.
#[derive(Serialize)]
struct Line<'a> {
    object: String,
    kernel: &'a str,
    #[serde(flatten)]
    checked: &'a Checked,
}

impl Check {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let kernels = self.kernels.open()?;
        let labels = labels(&kernels);
        let mut out = BufWriter::new(std::io::stdout().lock());
        let mut fine = true;
        for path in &self.objects {
            let bytes = std::fs::read(path).map_err(|error| Failure::Read {
                path: path.clone(),
                error,
            })?;
            for (kernel, label) in kernels.iter().zip(&labels) {
                let all = check(&bytes, kernel).map_err(|error| Failure::Object {
                    path: path.clone(),
                    error: Box::new(error),
                })?;
                fine &= all.iter().all(Checked::is_fine);
                if self.json {
                    for checked in &all {
                        let line = Line {
                            object: path.display().to_string(),
                            kernel: label,
                            checked,
                        };
                        serde_json::to_writer(&mut out, &line).map_err(std::io::Error::from)?;
                        writeln!(out)?;
                    }
                } else {
                    writeln!(out, "{} on {label}:", path.display())?;
                    table(&mut out, &all)?;
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

/// A line for each program, and what is wrong with it below.
fn table(out: &mut impl Write, all: &[Checked]) -> std::io::Result<()> {
    if all.is_empty() {
        writeln!(out, "  it has no programs")?;
    }
    let width = |of: fn(&Checked) -> &str| {
        let widths = all.iter().map(|checked| of(checked).chars().count());
        widths.max().unwrap_or(0)
    };
    let (name, section) = (width(|c| &c.program), width(|c| &c.section));
    for checked in all {
        let Checked {
            program,
            section: sec,
            verdict,
            notes,
            ..
        } = checked;
        writeln!(out, "  {program:<name$}  {sec:<section$}  {verdict}")?;
        for note in notes {
            writeln!(out, "    {note}")?;
        }
    }
    let unchecked = all.iter().filter(|checked| !checked.is_examined()).count();
    if unchecked > 0 {
        let programs = all.len();
        writeln!(
            out,
            "  {unchecked} of {programs} programs NOT CHECKED: nothing is known of their contexts here"
        )?;
    }
    Ok(())
}
