//! The `ctxgen` command: hooks of a kernel, their contexts, and headers of them.

#![expect(
    clippy::doc_markdown,
    reason = "the documentation of arguments is the help text"
)]

mod header;
mod list;
mod output;
mod show;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::Parser;
use clap::Subcommand;
use ctxgen::Error;
use ctxgen::KernelBtf;

/// Typed context structs for BPF programs, from kernel BTF.
///
/// A hook is written as libbpf's SEC() name: tp_btf/sched_switch, fexit/vfs_unlink,
/// lsm/file_mprotect. The name of its struct (btf_lsm_file_mprotect_ctx) does as well.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Show(show::Show),
    Header(header::Header),
}

/// Where the kernel's BTF is.
#[derive(Args, Debug)]
struct Kernel {
    /// The target kernel's BTF: raw, or an ELF file with a .BTF section [default: the running
    /// kernel's]
    #[arg(long, value_name = "PATH")]
    btf: Option<PathBuf>,
}

impl Kernel {
    fn open(&self) -> Result<KernelBtf, Error> {
        match &self.btf {
            Some(path) => KernelBtf::from_path(path),
            None => KernelBtf::running(),
        }
    }
}

fn main() -> ExitCode {
    // What libbpf would print about a malformed BTF is in the error already.
    libbpf_rs::set_print(None);
    let result = match Cli::parse().command {
        Command::List(list) => list.run(),
        Command::Show(show) => show.run(),
        Command::Header(header) => header.run(),
    };
    match result {
        Ok(code) => code,
        // Whoever reads the output has seen enough: `ctxgen list | head`.
        Err(output::Failure::Io(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
