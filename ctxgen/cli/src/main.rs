//! The `ctxgen` command: hooks of a kernel, their contexts, and headers of them.

#![expect(
    clippy::doc_markdown,
    reason = "the documentation of arguments is the help text"
)]

mod btf;
mod build;
mod check;
mod depfile;
mod diff;
mod files;
mod header;
mod install;
mod list;
mod matrix;
mod migrate;
mod modules;
mod output;
mod pin;
mod project;
mod show;
mod style;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::Parser;
use clap::Subcommand;
use ctxgen::Error;
use ctxgen::Hook;
use ctxgen::HookError;
use ctxgen::KernelBtf;
use ctxgen::SecName;

/// Typed context structs for BPF programs, from kernel BTF.
///
/// A hook is written as libbpf's SEC() name: tp_btf/sched_switch, fexit/vfs_unlink, lsm/file_mprotect. The
/// name of its struct (btf_lsm_file_mprotect_ctx) works too.
#[derive(Debug, Parser)]
#[command(name = "ctxgen", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// When to colour the output
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = style::When::Auto, global = true)]
    color: style::When,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Show(show::Show),
    Header(header::Header),
    Build(build::Build),
    Btf(btf::MinBtf),
    Check(check::Check),
    Matrix(matrix::Table),
    Migrate(migrate::Migrate),
    Diff(diff::Diff),
    Pin(pin::Pin),
    Completions(install::Completions),
    Man(install::Man),
}

impl Command {
    /// The status that it exits with where it cannot do what it is asked for. It is not that of a finding,
    /// where an error must not be taken for one.
    fn failed(&self) -> ExitCode {
        match self {
            Self::Matrix(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

/// Where the kernel's BTF is.
#[derive(Args, Debug)]
struct Kernel {
    /// The target kernel's BTF: raw, an ELF file with a .BTF section, a kernel image, or any of these
    /// compressed or in a .btf.tar.xz [default: the running kernel's]
    #[arg(long, value_name = "PATH")]
    btf: Option<PathBuf>,

    /// A kernel module to include: a .ko, compressed or not, or raw BTF. For the running kernel, the module's
    /// name is enough. May be repeated
    #[arg(long, value_name = "PATH|NAME")]
    module: Vec<PathBuf>,

    /// A user-space program or library that uprobes attach to: an ELF file with debug information (in the
    /// file or below /usr/lib/debug) or with a .BTF section, or raw BTF. May be repeated
    #[arg(long, value_name = "PATH")]
    user: Vec<PathBuf>,

    /// The formats of the kernel's trace events from tracefs: a `format` file, or a directory like
    /// /sys/kernel/tracing/events with <category>/<event>/format in it. For the running kernel, tracefs is
    /// read if BTF alone is ambiguous. May be repeated
    #[arg(long, value_name = "PATH")]
    formats: Vec<PathBuf>,
}

impl Kernel {
    fn open(&self) -> Result<KernelBtf, Error> {
        let kernel = match &self.btf {
            Some(path) => KernelBtf::from_path(path)?,
            None => KernelBtf::running()?,
        };
        let kernel = decided(kernel);
        let with_modules = self.module.iter().try_fold(kernel, |kernel, module| {
            // Files of another kernel's modules are not looked for by name.
            match module.to_str().filter(|_| self.btf.is_none()) {
                Some(name) if is_name(name) => kernel.with_running_module(name),
                _ => kernel.with_module_file(None, module),
            }
        });
        let mut users = self.user.iter();
        let with_users = users.try_fold(with_modules?, KernelBtf::with_user_file)?;
        let mut formats = self.formats.iter();
        Ok(formats.try_fold(with_users, KernelBtf::with_formats)?)
    }
}

/// The running kernel with its tracefs for what nothing else tells.
fn decided(kernel: KernelBtf) -> KernelBtf {
    match kernel.origin().is_running() {
        true => kernel.with_running_formats(),
        false => kernel,
    }
}

/// Whether that is a module's name and not a path: files of modules have an extension, and others can
/// be told by their folder (`./name`).
fn is_name(module: &str) -> bool {
    !module.contains(['/', '.'])
}

/// Where the BTF of several kernels is.
#[derive(Args, Debug)]
struct Kernels {
    /// A target kernel's BTF, in any file format that `ctxgen show --btf` takes. May be repeated [default:
    /// the running kernel's]
    #[arg(long, value_name = "PATH")]
    btf: Vec<PathBuf>,

    /// A user-space program or library that uprobes attach to: an ELF file with debug information (in the
    /// file or below /usr/lib/debug) or with a .BTF section, or raw BTF. May be repeated
    #[arg(long, value_name = "PATH")]
    user: Vec<PathBuf>,

    /// The formats of trace events from tracefs: a `format` file, or a directory like
    /// /sys/kernel/tracing/events. The first --formats belongs to the first --btf, and so on. May be repeated
    #[arg(long, value_name = "PATH")]
    formats: Vec<PathBuf>,
}

impl Kernels {
    /// Whether none was named, so that it is the running one.
    fn is_running(&self) -> bool {
        self.btf.is_empty()
    }

    /// At least one.
    fn open(&self) -> Result<Vec<KernelBtf>, Error> {
        let mut kernels = match &self.btf[..] {
            [] => vec![KernelBtf::running()?],
            paths => {
                let kernels = paths.iter().map(KernelBtf::from_path);
                kernels.collect::<Result<_, _>>()?
            }
        };
        for kernel in &mut kernels {
            for user in &self.user {
                kernel.add_user_file(user)?;
            }
        }
        let mut formats = self.formats.iter();
        let kernels = kernels.into_iter().map(decided);
        let kernels = kernels.map(|kernel| match formats.next() {
            Some(path) => kernel.with_formats(path),
            None => Ok(kernel),
        });
        Ok(kernels.collect::<Result<_, _>>()?)
    }
}

/// Hooks by SEC name or struct name, as the command line has them; of a SEC name that lists several
/// functions, all of them.
fn hooks(names: &[String]) -> Result<Vec<Hook>, HookError> {
    let named = named_hooks(names)?.into_iter();
    Ok(named.map(|(_, hook)| hook).collect())
}

/// The same as names, for a builder. A struct's name stays one, as it may stand for what no SEC name does.
fn hook_names(names: &[String]) -> Result<Vec<String>, HookError> {
    let named = named_hooks(names)?.into_iter();
    Ok(named.map(|(name, _)| name).collect())
}

fn named_hooks(names: &[String]) -> Result<Vec<(String, Hook)>, HookError> {
    let mut hooks = Vec::new();
    for name in names {
        match SecName::parse(name) {
            Ok(sec) if !sec.listed().is_empty() => {
                let listed = sec.listed().iter();
                hooks.extend(listed.map(|hook| (hook.to_string(), hook.clone())));
            }
            _ => hooks.push((name.clone(), name.parse()?)),
        }
    }
    Ok(hooks)
}

fn main() -> ExitCode {
    // What libbpf would print about a malformed BTF is in the error already.
    libbpf_rs::set_print(None);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            style::choose(style::When::of_arguments(std::env::args_os()));
            return output::usage(&error);
        }
    };
    style::choose(cli.color);
    let failed = cli.command.failed();
    let result = match cli.command {
        Command::List(list) => list.run(),
        Command::Show(show) => show.run(),
        Command::Header(header) => header.run(),
        Command::Build(build) => build.run(),
        Command::Btf(btf) => btf.run(),
        Command::Check(check) => check.run(),
        Command::Matrix(matrix) => matrix.run(),
        Command::Migrate(migrate) => migrate.run(),
        Command::Diff(diff) => diff.run(),
        Command::Pin(pin) => pin.run(),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(),
    };
    match result {
        Ok(code) => code,
        // Whoever reads the output has seen enough: `ctxgen list | head`.
        Err(output::Failure::Io(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(failure) => {
            output::error(&failure);
            failed
        }
    }
}
