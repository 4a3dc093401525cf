//! `ctxgen header`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Drift;
use ctxgen::merge::merge;
use ctxgen::render;

use crate::Kernels;
use crate::output::Failure;
use crate::output::message;
use crate::output::write;

/// Write ctx.h with the context structs of these hooks, ctx.btf, and the kernel's vmlinux.h.
#[derive(Args, Debug)]
pub(crate) struct Header {
    /// SEC names or struct names
    #[arg(required = true, value_name = "HOOK")]
    hooks: Vec<String>,

    /// The directory for the files; made where it is missing
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,

    /// Make each access to a context one that is relocated when a program is loaded, and give the
    /// contexts the arguments of all kernels that --btf names; types are those of the first
    #[arg(long)]
    relocatable: bool,

    #[command(flatten)]
    kernels: Kernels,
}

impl Header {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let hooks = crate::hooks(&self.hooks)?;
        let kernels = self.kernels.open()?;
        let ctx = match (self.relocatable, &kernels[..]) {
            (false, [kernel]) => {
                let contexts = hooks.iter().map(|hook| Context::of_hook(kernel, hook));
                CtxBtf::new(kernel, contexts.collect::<Result<Vec<_>, _>>()?)?
            }
            (false, _) => return Err(Failure::SeveralKernels),
            (true, _) => {
                let contexts = hooks.iter().map(|hook| merge(&kernels, hook));
                CtxBtf::relocatable(&kernels, contexts.collect::<Result<Vec<_>, _>>()?)?
            }
        };
        for hook in &hooks {
            if let Some(drift) = Drift::of(&kernels, hook)? {
                message(&drift.to_string());
            }
        }

        let write = |name: &str, bytes: &[u8]| write(&self.output.join(name), bytes);
        std::fs::create_dir_all(&self.output).map_err(|error| Failure::Write {
            path: self.output.clone(),
            error,
        })?;
        write("ctx.h", render::header(&ctx)?.as_bytes())?;
        write("ctx.btf", ctx.bytes())?;
        write("vmlinux.h", render::vmlinux(ctx.kernel())?.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}
