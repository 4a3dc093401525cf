//! `ctxgen pin`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use ctxgen_build::Builder;

use crate::Kernel;
use crate::output::Failure;
use crate::project::for_kernel;
use crate::project::sources_and_hooks;

const EXAMPLES: &str = "\
Examples:
  ctxgen pin -o btf src/*.bpf.c
      btf/<arch>.btf of the running kernel, and btf/<arch>.btf.txt, which says how to renew it
  ctxgen pin -o btf/x86_64.btf --btf vmlinux src/guard.bpf.c lsm/file_open -- -DDEBUG";

/// Write a small BTF with the kernel types that sources and hooks need, to be committed with the sources.
///
/// A build with it gives the same objects, byte for byte, as with the kernel's whole BTF. ctxgen-build finds
/// btf/<arch>.btf in a package by itself. Without --btf, the BTF is that of $CTXGEN_BTF, or the running
/// kernel's. $CLANG, or clang, preprocesses the sources.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Pin {
    /// BPF C files, and hooks by SEC name or struct name
    #[arg(required = true, value_name = "SOURCE|HOOK")]
    what: Vec<String>,

    /// The output file, or a directory for <arch>.btf. A path that ends in .btf is a file. Directories are
    /// created if missing. A text file with the kernel's release and the command to renew the BTF is written
    /// next to it
    #[arg(long, short, value_name = "PATH")]
    output: PathBuf,

    #[command(flatten)]
    kernel: Kernel,

    /// More arguments for clang
    #[arg(last = true, value_name = "CLANG ARGS", allow_hyphen_values = true)]
    clang_args: Vec<String>,
}

impl Pin {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let (sources, hooks) = sources_and_hooks(&self.what);
        let builder = for_kernel(&self.kernel);
        // Hooks may be lists of functions, of which each is one.
        let hooks = crate::hook_names(&hooks)?;
        let builder = hooks
            .into_iter()
            .fold(builder, Builder::hook)
            .sources(sources);
        let builder = builder.clang_args(&self.clang_args);
        // Contexts of either form, as builds may take one or the other.
        let both = [false, true].map(|relocatable| builder.clone().relocatable(relocatable));
        ctxgen_build::pin(&self.output, both)?;
        Ok(ExitCode::SUCCESS)
    }
}
