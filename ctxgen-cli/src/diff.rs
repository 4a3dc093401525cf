//! `ctxgen diff`.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use ctxgen::Drift;

use crate::Kernels;
use crate::output::Failure;
use crate::output::stdout;

/// Show how the prototypes of hooks differ from kernel to kernel. Ends with 1 where they do.
#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// SEC names or struct names
    #[arg(required = true, value_name = "HOOK")]
    hooks: Vec<String>,

    #[command(flatten)]
    kernels: Kernels,
}

impl Diff {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        if self.kernels.btf.len() < 2 {
            return Err(Failure::OneKernel);
        }
        let hooks = crate::hooks(&self.hooks)?;
        let kernels = self.kernels.open()?;
        let mut out = stdout();
        let mut code = ExitCode::SUCCESS;
        for hook in &hooks {
            // One that is nowhere is a mistake, and no agreement.
            ctxgen::merge::merge(&kernels, hook)?;
            match Drift::of(&kernels, hook)? {
                Some(drift) => {
                    code = ExitCode::FAILURE;
                    writeln!(out, "{drift}")?;
                }
                None => writeln!(out, "{hook} is the same on all kernels")?,
            }
        }
        out.flush()?;
        Ok(code)
    }
}
