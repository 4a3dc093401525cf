//! `ctxgen check`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use ctxgen::check::Checked;
use ctxgen::check::check;
use ctxgen::labels;
use ctxgen::text;
use serde::Serialize;

use crate::Kernels;
use crate::output::Failure;
use crate::output::shown;
use crate::output::stdout;

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
        let mut out = stdout();
        let mut fine = true;
        for path in &self.objects {
            let bytes = std::fs::read(path).map_err(|error| Failure::Read {
                path: path.clone(),
                error,
            })?;
            for (kernel, label) in kernels.iter().zip(&labels) {
                let all = check(&bytes, kernel).map_err(|error| Failure::Object {
                    path: path.clone(),
                    error: Box::new(error.into()),
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
                    writeln!(out, "{} on {}:", shown(path), text::name(label))?;
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
        let widths = all
            .iter()
            .map(|checked| text::name(of(checked)).chars().count());
        widths.max().unwrap_or(0)
    };
    let (width, section_width) = (width(|c| &c.program), width(|c| &c.section));
    for checked in all {
        let Checked {
            program,
            section,
            verdict,
            notes,
            ..
        } = checked;
        let (program, section) = (text::name(program), text::name(section));
        let verdict = below(&verdict.to_string());
        writeln!(
            out,
            "  {program:<width$}  {section:<section_width$}  {verdict}"
        )?;
        for note in notes {
            writeln!(out, "    {}", below(&note.to_string()))?;
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

/// A text whose further lines are indented more than a program's: a name in it must not look like the next
/// program.
fn below(text: &str) -> String {
    let mut lines = text.lines();
    let mut below = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        below.push_str("\n    ");
        below.push_str(line.strip_prefix("    ").unwrap_or(line));
    }
    below
}
