//! `ctxgen show`.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Error;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::render;
use ctxgen::render::Report;

use crate::Kernel;
use crate::list::is_about_hook;
use crate::list::reason;
use crate::output::Failure;
use crate::output::json;
use crate::output::stdout;

const EXAMPLES: &str = "\
Examples:
  ctxgen show fexit/vfs_unlink
  ctxgen show tp_btf/sched_switch --btf 7.2.btf --json
  ctxgen show kprobe/vfs_read xdp
      registers of a probe, and one of the kernel's own contexts
  ctxgen show uprobe//bin/app:main --user /bin/app
      a function of a program that has debug information or BTF";

/// Show the context struct of each hook, with the offset and size of its fields.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Show {
    /// SEC names or struct names
    #[arg(required = true, value_name = "HOOK")]
    hooks: Vec<String>,

    /// Print JSON: one object per line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    kernel: Kernel,
}

impl Show {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let hooks = crate::hooks(&self.hooks)?;
        let kernel = self.kernel.open()?;
        let mut out = stdout();
        let mut code = ExitCode::SUCCESS;
        for (number, hook) in hooks.iter().enumerate() {
            let report = report(&kernel, hook)?;
            if report.unsupported.is_some() {
                code = ExitCode::FAILURE;
            }
            if self.json {
                json(&mut out, &report)?;
                continue;
            }
            if number > 0 {
                writeln!(out)?;
            }
            write!(out, "{report}")?;
        }
        out.flush()?;
        Ok(code)
    }
}

fn report(kernel: &KernelBtf, hook: &Hook) -> Result<Report, Error> {
    match Context::of_hook(kernel, hook) {
        Ok(context) => {
            let ctx = CtxBtf::new(kernel, [context])?;
            let report = render::reports(&ctx)?.into_iter().next();
            Ok(report.map_or_else(
                || render::unsupported(hook, "it has no context".to_owned()),
                |report| report.for_hook(hook),
            ))
        }
        Err(error) if is_about_hook(&error) => Ok(render::unsupported(hook, reason(error))),
        Err(error) => Err(error.into()),
    }
}
