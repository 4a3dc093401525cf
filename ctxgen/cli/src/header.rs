//! `ctxgen header`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use ctxgen_build::Builder;

use crate::output::Failure;
use crate::project::Project;
use crate::project::sources_and_hooks;

const EXAMPLES: &str = "\
Examples:
  ctxgen header -o include src/*.bpf.c
      vmlinux.h with the types that the sources need, ctx.h with the contexts that they name, libbpf's
      headers
  clang @include/guard.args -c src/guard.bpf.c -o guard.bpf.o
      compiles one of them as `ctxgen build` would
  ctxgen header -o include --btf 5.10.btf --btf 7.2.btf --relocatable src/guard.bpf.c -- -DDEBUG
  ctxgen header -o include --depfile include/ctx.d src/*.bpf.c
  ctxgen header -o include lsm/file_open fexit/vfs_unlink
      these contexts, and all types of the running kernel";

/// Write the headers for BPF sources: ctx.h with the contexts that the sources name, vmlinux.h with the
/// kernel types that they need, and libbpf's headers.
///
/// ctx.h has the contexts that the preprocessed sources name (`struct btf_lsm_file_open_ctx`), and those of
/// the hooks on the command line. Without sources, vmlinux.h has all types, and clang is not needed. For each
/// source, <name>.args has the arguments for clang. Files whose content has not changed are left untouched.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Header {
    /// BPF C files, and hooks by SEC name or struct name
    #[arg(required = true, value_name = "SOURCE|HOOK")]
    what: Vec<String>,

    /// The output directory; created if missing
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,

    #[command(flatten)]
    project: Project,

    /// More arguments for clang
    #[arg(last = true, value_name = "CLANG ARGS", allow_hyphen_values = true)]
    clang_args: Vec<String>,
}

impl Header {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let (sources, hooks) = sources_and_hooks(&self.what);
        let hooks = crate::hook_names(&hooks)?;
        let builder = self.project.builder(&self.clang_args).sources(sources);
        let made = hooks
            .into_iter()
            .fold(builder, Builder::hook)
            .headers(&self.output)?;
        self.project.finish(&made, &self.output.join("ctx.h"))?;
        Ok(ExitCode::SUCCESS)
    }
}
