//! `ctxgen header`.

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Error;
use ctxgen::Hook;
use ctxgen::render;

use crate::Kernel;
use crate::output::Failure;

/// Write ctx.h with the context structs of these hooks, ctx.btf, and the kernel's vmlinux.h.
#[derive(Args, Debug)]
pub(crate) struct Header {
    /// SEC names or struct names
    #[arg(required = true, value_name = "HOOK")]
    hooks: Vec<String>,

    /// The directory for the files; made where it is missing
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,

    #[command(flatten)]
    kernel: Kernel,
}

impl Header {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let hooks = self
            .hooks
            .iter()
            .map(|name| name.parse())
            .collect::<Result<Vec<Hook>, Error>>()?;
        let kernel = self.kernel.open()?;
        let contexts = hooks
            .iter()
            .map(|hook| Context::of_hook(&kernel, hook))
            .collect::<Result<Vec<Context>, Error>>()?;
        let ctx = CtxBtf::new(&kernel, contexts)?;

        let write = |name: &str, bytes: &[u8]| write(&self.output.join(name), bytes);
        std::fs::create_dir_all(&self.output).map_err(|error| Failure::Write {
            path: self.output.clone(),
            error,
        })?;
        write("ctx.h", render::header(&ctx)?.as_bytes())?;
        write("ctx.btf", ctx.bytes())?;
        write("vmlinux.h", render::vmlinux(&kernel)?.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|error| Failure::Write {
        path: path.to_owned(),
        error,
    })
}
