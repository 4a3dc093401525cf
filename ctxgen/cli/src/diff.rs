//! `ctxgen diff`.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use ctxgen::Drift;
use ctxgen::drift::Step;
use ctxgen::labels;
use serde::Serialize;

use crate::Kernels;
use crate::output::Failure;
use crate::output::json;
use crate::output::stdout;
use crate::style::Style;

const EXAMPLES: &str = "\
Examples:
  ctxgen diff fexit/vfs_unlink --btf 6.1.btf --btf 7.2.btf
  ctxgen diff lsm/file_open tp_btf/sched_switch --btf 5.10.btf --btf 6.12.btf --json";

/// Show how the prototypes of hooks differ from kernel to kernel. Exits with status 1 if they differ.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Diff {
    /// SEC names or struct names
    #[arg(required = true, value_name = "HOOK")]
    hooks: Vec<String>,

    /// Print JSON: one object per line, for each hook
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    kernels: Kernels,
}

/// What is said about a hook, as JSON.
#[derive(Serialize)]
struct Line<'a> {
    hook: String,
    r#struct: String,
    /// The kernels, by the short names that the steps have.
    kernels: &'a [String],
    is_same: bool,
    /// From kernel to kernel, those between which something is different.
    steps: &'a [Step],
}

impl Diff {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        if self.kernels.btf.len() < 2 {
            return Err(Failure::OneKernel);
        }
        let hooks = crate::hooks(&self.hooks)?;
        let kernels = self.kernels.open()?;
        let labels = labels(&kernels);
        let mut out = stdout();
        let mut code = ExitCode::SUCCESS;
        for hook in &hooks {
            // One that is nowhere is a mistake, and no agreement.
            ctxgen::merge::merge(&kernels, hook)?;
            let drift = Drift::of(&kernels, hook)?;
            if drift.is_some() {
                code = ExitCode::FAILURE;
            }
            if self.json {
                let steps = drift.as_ref().map_or(&[][..], |drift| &drift.steps);
                let line = Line {
                    hook: hook.to_string(),
                    r#struct: hook.struct_name(),
                    kernels: &labels,
                    is_same: drift.is_none(),
                    steps,
                };
                json(&mut out, &line)?;
                continue;
            }
            match drift {
                Some(drift) => {
                    out.styled(Style::Bad, &drift.to_string());
                    writeln!(out)?;
                }
                None => writeln!(out, "{hook} is the same on all kernels")?,
            }
        }
        out.flush()?;
        Ok(code)
    }
}
