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
    /// The target kernel's BTF: raw, an ELF file with a .BTF section, a kernel image, or any of these
    /// compressed or in a .btf.tar.xz. Of several, vmlinux.h has the types of the first [default: the file that
    /// the variable CTXGEN_BTF names, else the running kernel's]
    #[arg(long, value_name = "PATH")]
    btf: Vec<PathBuf>,

    /// A module whose hooks and types are used: a .ko, compressed or not, or raw BTF; of the running
    /// kernel, its name will do. May be repeated
    #[arg(long, value_name = "PATH|NAME")]
    module: Vec<PathBuf>,

    /// A program or library in user space whose functions uprobes are set on: an ELF file with debug
    /// information, in it or below /usr/lib/debug, or with a .BTF section; or raw BTF. May be repeated
    #[arg(long, value_name = "PATH")]
    user: Vec<PathBuf>,

    /// A folder with such debug information, instead of /usr/lib/debug. May be repeated
    #[arg(long, value_name = "DIR")]
    debug_root: Vec<PathBuf>,

    /// What tracefs says of the trace events of the kernel that stands at the same place among those of
    /// --btf: a `format` file, or a folder like /sys/kernel/tracing/events. May be repeated
    #[arg(long, value_name = "PATH")]
    formats: Vec<PathBuf>,

    /// A hook whose context no source names. May be repeated
    #[arg(long, value_name = "HOOK")]
    hook: Vec<String>,

    /// Make each access to a context one that is relocated when a program is loaded, and give the contexts
    /// the arguments of all kernels that --btf names
    #[arg(long)]
    relocatable: bool,

    /// Fail where the prototypes of the hooks differ among the kernels
    #[arg(long)]
    deny_drift: bool,

    /// The types in vmlinux.h: `trimmed` to what the sources reach, `full`, or a vmlinux.h of your own
    /// [default: trimmed]
    #[arg(long, value_name = "trimmed|full|PATH")]
    vmlinux: Option<String>,

    /// The target triple, if the kernel's BTF is to be of its architecture
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,

    /// The clang to use [default: the one that the variable CLANG names, else `clang`]
    #[arg(long, value_name = "PATH")]
    clang: Option<PathBuf>,

    /// After how many seconds a clang that does not end is stopped
    #[arg(long, value_name = "SECONDS")]
    clang_timeout: Option<u64>,

    /// Write a rule for make with all files that the result depends on
    #[arg(long, value_name = "FILE")]
    depfile: Option<PathBuf>,

    /// The target of that rule [default: the first file that is written]
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
