//! What the command writes, in which form, and where to.

use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use ctxgen::matrix::Baseline;
use ctxgen::matrix::Matrix;
use ctxgen::render::matrix::FORMATS;
use ctxgen::render::matrix::Format;

use crate::files;
use crate::output::Failure;
use crate::output::stdout;
use crate::output::write;

/// The reports that are asked for.
#[derive(Args, Debug)]
pub(super) struct Reports {
    /// The format of the standard output
    #[arg(
        long,
        value_name = "FORM",
        default_value = "text",
        value_parser = clap::builder::PossibleValuesParser::new(FORMATS.iter().map(|format| {
            clap::builder::PossibleValue::new(format.name).help(format.purpose)
        }))
    )]
    format: String,

    /// Same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,

    /// Also write a report to a file. Its format is that of the file name extension (report.html) or FORM.
    /// May be repeated
    #[arg(short, long, value_name = "[FORM=]FILE")]
    output: Vec<String>,
}

/// Reports, and where they go.
pub(super) struct Outputs {
    stdout: &'static Format,
    files: Vec<(PathBuf, &'static Format)>,
}

impl Reports {
    /// What is asked for.
    pub(super) fn outputs(&self) -> Result<Outputs, Failure> {
        let name = match self.json {
            true => "json",
            false => &self.format,
        };
        let files = self.output.iter().map(|argument| output(argument));
        Ok(Outputs {
            stdout: Format::by_name(name).unwrap_or(&FORMATS[0]),
            files: files.collect::<Result<_, _>>()?,
        })
    }
}

fn output(argument: &str) -> Result<(PathBuf, &'static Format), Failure> {
    if let Some((form, path)) = argument.split_once('=')
        && let Some(format) = Format::by_name(form)
    {
        return Ok((path.into(), format));
    }
    let path = Path::new(argument);
    match Format::of_file(path) {
        Some(format) => Ok((path.to_owned(), format)),
        None => {
            let forms: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
            let ends = FORMATS.iter().flat_map(|format| format.ends);
            let ends: Vec<String> = ends.map(|end| format!(".{end}")).collect();
            Err(Failure::NoForm {
                path: path.to_owned(),
                forms: forms.join(", "),
                ends: ends.join(", "),
            })
        }
    }
}

impl Outputs {
    /// Writes them all: files first, since a reader of the standard output may go away.
    pub(super) fn write(&self, matrix: &Matrix) -> Result<(), Failure> {
        for (path, format) in &self.files {
            write(path, (format.write)(matrix).as_bytes())?;
        }
        let mut out = stdout();
        out.write_all((self.stdout.write)(matrix).as_bytes())?;
        Ok(out.flush()?)
    }
}

/// A baseline out of a file.
pub(super) fn read_baseline(path: &Path) -> Result<Baseline, Failure> {
    let refused = |why: String| Failure::Baseline {
        path: path.to_owned(),
        why,
    };
    let bytes = files::read(path)?;
    let baseline: Baseline =
        serde_json::from_slice(&bytes).map_err(|error| refused(error.to_string()))?;
    match baseline.version {
        Baseline::VERSION => Ok(baseline),
        other => Err(refused(format!("it is of version {other}"))),
    }
}

/// Writes all findings of a matrix as a baseline, a line for each so that changes of it can be read.
pub(super) fn write_baseline(path: &Path, matrix: &Matrix) -> Result<(), Failure> {
    let baseline = Baseline::of(matrix);
    let mut text = serde_json::to_string_pretty(&baseline).map_err(std::io::Error::from)?;
    text.push('\n');
    write(path, text.as_bytes())
}
