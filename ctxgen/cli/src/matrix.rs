//! `ctxgen matrix`.

mod beside;
mod kernels;
mod objects;
mod reports;
mod workers;

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::ValueEnum;
use ctxgen::matrix::Matrix;
use ctxgen::matrix::Status;
use ctxgen::render::matrix::relative_to;

use self::kernels::Kernels;
pub(crate) use self::kernels::named;
use self::reports::Reports;
use crate::output::Failure;

const EXAMPLES: &str = "\
Examples:
  ctxgen matrix build/*.bpf.o --btf kernels/
  ctxgen matrix build/ --btf kernels/ --baseline kernels/known.json -o report.html -o report.sarif
  ctxgen matrix build/ --btf kernels/ --fail-on wrong,load,absent --strict";

/// Compare what compiled BPF programs read with many kernels. The table has a row for each program and
/// argument and a column for each kernel; the worst come first.
///
/// The exit status is 0 if there is nothing to fail on, 1 if there is (--fail-on, --strict, --baseline), and
/// 2 if a file cannot be read or an argument is wrong.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Table {
    /// Compiled BPF objects, files that contain BPF objects, such as executables with skeletons, or
    /// directories of such files
    #[arg(required = true, value_name = "OBJECT")]
    objects: Vec<PathBuf>,

    #[command(flatten)]
    kernels: Kernels,

    #[command(flatten)]
    reports: Reports,

    /// What to fail on
    #[arg(
        long,
        value_name = "WHAT",
        value_delimiter = ',',
        default_values = ["wrong", "load"]
    )]
    fail_on: Vec<FailOn>,

    /// Also fail on what is unknown, and on what is only known when the program is loaded
    #[arg(long)]
    strict: bool,

    /// Known findings, which do not fail: a file that --write-baseline has written
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// Write all findings to a file for --baseline, and do not fail
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
}

/// What the command fails on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Programs that load and read a wrong value.
    Wrong,
    /// Programs that do not load.
    Load,
    /// Programs that do not attach.
    Absent,
    /// Nothing.
    None,
}

impl FailOn {
    fn status(self) -> Option<Status> {
        match self {
            Self::Wrong => Some(Status::Wrong),
            Self::Load => Some(Status::DoesNotLoad),
            Self::Absent => Some(Status::Absent),
            Self::None => None,
        }
    }
}

impl Table {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        // What is wrong with the arguments is said before the work is done.
        let outputs = self.reports.outputs()?;
        let baseline = self.baseline.as_deref().map(reports::read_baseline);
        let baseline = baseline.transpose()?;
        let objects = objects::read(&self.objects)?;
        let kernels = self.kernels.hold(&objects)?;
        let mut matrix = Matrix::new(&objects, kernels);
        // Code hosts know files by their paths in the folder that they have checked out.
        if let Some(folder) = std::env::current_dir()
            .ok()
            .as_deref()
            .and_then(Path::to_str)
        {
            relative_to(&mut matrix, folder);
        }
        drop(objects);
        let statuses = match self.write_baseline {
            Some(_) => Vec::new(),
            None => self.statuses(),
        };
        let failing = matrix.fail_on(&statuses, baseline.as_ref());
        if let Some(path) = &self.write_baseline {
            reports::write_baseline(path, &matrix)?;
        }
        outputs.write(&matrix)?;
        Ok(match failing {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        })
    }

    fn statuses(&self) -> Vec<Status> {
        let mut statuses: Vec<Status> = self.fail_on.iter().filter_map(|of| of.status()).collect();
        if self.strict {
            statuses.extend([Status::NotKnown, Status::Depends]);
        }
        statuses
    }
}
