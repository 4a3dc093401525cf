//! What `header` and `build` take of sources and kernels, as a builder of `ctxgen-build` gets it.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ctxgen::Hook;
use ctxgen_build::Artifacts;
use ctxgen_build::Builder;
use ctxgen_build::Vmlinux;

use crate::Kernel;
use crate::depfile;
use crate::is_name;
use crate::output::Failure;
use crate::output::warning;

/// Where the running kernel has the BTF of its modules.
const MODULES: &str = "/sys/kernel/btf";

/// What sources are compiled for, and with.
#[derive(Args, Debug)]
pub(crate) struct Project {
    /// A target kernel's BTF: raw, an ELF file with a .BTF section, a kernel image, or any of these
    /// compressed or in a .btf.tar.xz. May be repeated; vmlinux.h has the types of the first [default:
    /// $CTXGEN_BTF, or the running kernel's]
    #[arg(long, value_name = "PATH")]
    btf: Vec<PathBuf>,

    /// A kernel module whose hooks and types the sources use: a .ko, compressed or not, or raw BTF. For the
    /// running kernel, the module's name is enough. May be repeated
    #[arg(long, value_name = "PATH|NAME")]
    module: Vec<PathBuf>,

    /// A user-space program or library that uprobes attach to: an ELF file with debug information (in the
    /// file or below /usr/lib/debug) or with a .BTF section, or raw BTF. May be repeated
    #[arg(long, value_name = "PATH")]
    user: Vec<PathBuf>,

    /// A directory to search for debug information instead of /usr/lib/debug. May be repeated
    #[arg(long, value_name = "DIR")]
    debug_root: Vec<PathBuf>,

    /// The formats of trace events from tracefs: a `format` file, or a directory like
    /// /sys/kernel/tracing/events. The first --formats belongs to the first --btf, and so on. May be repeated
    #[arg(long, value_name = "PATH")]
    formats: Vec<PathBuf>,

    /// A hook whose context is needed although no source names it. May be repeated
    #[arg(long, value_name = "HOOK")]
    hook: Vec<String>,

    /// Relocate each access to a context when the program is loaded. Contexts have the arguments of all --btf
    /// kernels
    #[arg(long)]
    relocatable: bool,

    /// Fail if the prototypes of the hooks differ among the kernels
    #[arg(long)]
    deny_drift: bool,

    /// The types in vmlinux.h: `trimmed` to those that the sources need, `full`, or the path of another
    /// vmlinux.h [default: trimmed]
    #[arg(long, value_name = "trimmed|full|PATH")]
    vmlinux: Option<String>,

    /// The target triple. The kernel's BTF must be of its architecture
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,

    /// The clang to use [default: $CLANG, or clang]
    #[arg(long, value_name = "PATH")]
    clang: Option<PathBuf>,

    /// Stop clang after this many seconds
    #[arg(long, value_name = "SECONDS")]
    clang_timeout: Option<u64>,

    /// Write a make rule with all files that the output depends on
    #[arg(long, value_name = "FILE")]
    depfile: Option<PathBuf>,

    /// The target of the rule [default: the first output file]
    #[arg(long, value_name = "NAME", requires = "depfile")]
    depfile_target: Option<String>,
}

impl Project {
    /// A builder with all of it but the sources. More arguments for clang come last.
    pub(crate) fn builder(&self, clang_args: &[String]) -> Builder {
        let mut builder = self.with_kernels(Builder::new());
        builder = with_modules(builder, &self.module, self.btf.is_empty());
        builder = self.user.iter().fold(builder, Builder::user);
        builder = self.debug_root.iter().fold(builder, Builder::debug_root);
        builder = self.hook.iter().fold(builder, Builder::hook);
        builder = builder
            .relocatable(self.relocatable)
            .deny_drift(self.deny_drift);
        builder = builder.clang_args(clang_args);
        builder = match self.vmlinux.as_deref() {
            None | Some("trimmed") => builder,
            Some("full") => builder.vmlinux(Vmlinux::Full),
            Some(path) => builder.vmlinux(Vmlinux::Provided(path.into())),
        };
        builder = self.target.iter().fold(builder, Builder::target);
        builder = self.clang.iter().fold(builder, Builder::clang);
        let timeout = self.clang_timeout.map(Duration::from_secs);
        timeout.into_iter().fold(builder, Builder::clang_timeout)
    }

    /// Each kernel, and behind it the formats of its events.
    fn with_kernels(&self, mut builder: Builder) -> Builder {
        let mut formats = self.formats.iter();
        for (number, path) in self.btf.iter().enumerate() {
            builder = match number {
                0 => builder.btf(path),
                _ => builder.kernel(path),
            };
            builder = formats.next().into_iter().fold(builder, Builder::formats);
        }
        formats.fold(builder, Builder::formats)
    }

    /// Says what there is to say of what was made, and writes the rule. `first` is the file that it is for.
    pub(crate) fn finish(&self, made: &Artifacts, first: &Path) -> Result<(), Failure> {
        for text in &made.warnings {
            warning(&crate::words::of_command(text));
        }
        let Some(depfile) = &self.depfile else {
            return Ok(());
        };
        let target = match &self.depfile_target {
            Some(target) => target.as_str().as_ref(),
            None => first,
        };
        depfile::write(depfile, target, &made.depends_on)
    }
}

/// A builder for a kernel, without sources.
pub(crate) fn for_kernel(kernel: &Kernel) -> Builder {
    let Kernel {
        btf,
        module,
        user,
        formats,
    } = kernel;
    let builder = btf.iter().fold(Builder::new(), Builder::btf);
    let builder = with_modules(builder, module, btf.is_none());
    let builder = user.iter().fold(builder, Builder::user);
    formats.iter().fold(builder, Builder::formats)
}

/// With modules, which of the running kernel may be called by name.
fn with_modules(builder: Builder, modules: &[PathBuf], is_running: bool) -> Builder {
    let modules = modules.iter();
    // Files of another kernel's modules are not looked for by name.
    let name = |module: &PathBuf| Some(module.to_str().filter(|_| is_running)?.to_owned());
    modules.fold(builder, |builder, module| match name(module) {
        Some(name) if is_name(&name) => {
            let file = Path::new(MODULES).join(name.replace('-', "_"));
            builder.module(name, file)
        }
        _ => builder.module_file(module),
    })
}

/// Sources and hooks, which stand among each other on the command line.
pub(crate) fn sources_and_hooks(what: &[String]) -> (Vec<PathBuf>, Vec<String>) {
    let (sources, hooks): (Vec<String>, Vec<String>) =
        what.iter().cloned().partition(|what| is_source(what));
    (sources.into_iter().map(PathBuf::from).collect(), hooks)
}

/// Whether that is a file of C and not a hook. Targets of hooks may have dots: `fentry/foo.isra.0`,
/// `uprobe//lib/libc.so.6:malloc`.
fn is_source(what: &str) -> bool {
    match Path::new(what).extension() {
        Some(extension) if extension == "c" => true,
        Some(_) => what.parse::<Hook>().is_err(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_source() {
        for (what, is) in [
            ("src/guard.bpf.c", true),
            ("tp/guard.bpf.c", true),
            ("guard.h", true),
            ("lsm/file_open", false),
            ("lsm.s/file_open", false),
            ("fentry/foo.isra.0", false),
            ("uprobe//lib/libc.so.6:malloc", false),
            ("xdp", false),
            ("btf_lsm_file_open_ctx", false),
        ] {
            assert_eq!(is_source(what), is, "{what}");
        }
    }
}
