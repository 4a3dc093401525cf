//! What a builder is told.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use crate::plan::MadeOf;
use crate::plan::Planned;
use crate::stages::headers::Vmlinux;

/// Builds BPF programs from their sources; the crate's documentation lists the steps.
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `build` or `generate`"]
pub struct Builder {
    pub(super) objects: Vec<Planned>,
    pub(super) hooks: Vec<String>,
    pub(super) btf: Option<PathBuf>,
    pub(super) kernels: Vec<PathBuf>,
    /// By the name that was given, or by what the file says.
    pub(super) modules: Vec<(Option<String>, PathBuf)>,
    pub(super) users: Vec<PathBuf>,
    pub(super) debug_roots: Vec<PathBuf>,
    /// How many kernels were named before, and the path.
    pub(super) formats: Vec<(usize, PathBuf)>,
    pub(super) relocatable: bool,
    pub(super) deny_drift: bool,
    pub(super) deny_prototypes: bool,
    pub(super) clang: Option<PathBuf>,
    pub(super) clang_args: Vec<OsString>,
    pub(super) clang_timeout: Option<Duration>,
    pub(super) out_dir: Option<PathBuf>,
    pub(super) target: Option<String>,
    pub(super) own_sections: Vec<String>,
    pub(super) vmlinux: Vmlinux,
    pub(super) compile_commands: bool,
    pub(super) rustfmt: Option<PathBuf>,
    /// Names of objects, and where their skeletons go.
    pub(super) skeletons: Vec<(String, PathBuf)>,
    pub(super) reference_obj: bool,
}

#[cfg(feature = "rust-programs")]
impl Builder {
    /// The hooks that were given by name.
    pub(crate) fn hooks(&self) -> &[String] {
        &self.hooks
    }

    /// The target that was given.
    pub(crate) fn own_target(&self) -> Option<String> {
        self.target.clone()
    }
}

impl Builder {
    /// A builder without sources.
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes the builder in place, for build scripts that set it up step by step:
    ///
    /// ```
    /// let mut builder = ctxgen_build::Builder::new();
    /// builder.apply(|builder| builder.source("src/bpf/guard.bpf.c"));
    /// if cfg!(debug_assertions) {
    ///     builder.apply(|builder| builder.clang_args(["-DDEBUG"]));
    /// }
    /// ```
    pub fn apply(&mut self, change: impl FnOnce(Self) -> Self) -> &mut Self {
        *self = change(std::mem::take(self));
        self
    }

    /// Also writes files for editors: `compile_commands.json` in the output folder, with clang's command line for
    /// each source, and `.clangd` in the package's folder, with the path of the former. With them, `clangd` finds
    /// `vmlinux.h`, `ctx.h` and libbpf's headers of the latest build.
    ///
    /// `.clangd` contains a path of this machine: do not commit it. A `.clangd` that ctxgen did not write is left
    /// as it is, and a warning says which line to add. Only one builder of a package can set this. The files are
    /// not written if cargo builds an unpacked package (`cargo package`, `cargo install`).
    pub fn compile_commands(mut self, write: bool) -> Self {
        self.compile_commands = write;
        self
    }

    /// Formats skeletons with this rustfmt. By default they are not formatted, so that they do not depend on the
    /// version of rustfmt.
    pub fn rustfmt(mut self, path: impl AsRef<Path>) -> Self {
        self.rustfmt = Some(path.as_ref().to_owned());
        self
    }

    /// Also writes the skeleton of the object of this name to `path`, relative to the package's folder. The file
    /// contains the object, and depends on libbpf-rs alone. If its content has not changed, it is left untouched.
    /// See [`Builder::source`] for the names of objects.
    pub fn skeleton(mut self, name: impl Into<String>, path: impl AsRef<Path>) -> Self {
        self.skeletons.push((name.into(), path.as_ref().to_owned()));
        self
    }

    /// Makes skeletons in the output folder include the object beside them with `include_bytes!`, instead of
    /// containing its bytes as numbers: rustc reads large objects faster that way. Skeletons that
    /// [`Builder::skeleton`] writes always contain the object.
    pub fn reference_obj(mut self, reference: bool) -> Self {
        self.reference_obj = reference;
        self
    }

    /// Adds a hook whose context is needed although no source names it. `hook` is its SEC name or struct name.
    pub fn hook(mut self, hook: impl Into<String>) -> Self {
        self.hooks.push(hook.into());
        self
    }

    /// Sets the file with the target kernel's BTF: raw BTF, an ELF file with a `.BTF` section, and with the feature
    /// `images` every format that [`ctxgen::kernel_btf_bytes`] reads. No other place is tried.
    pub fn btf(mut self, path: impl AsRef<Path>) -> Self {
        self.btf = Some(path.as_ref().to_owned());
        self
    }

    /// Adds a target kernel by its BTF, in any file format that [`Builder::btf`] takes. With several kernels,
    /// `vmlinux.h` has the types of the first.
    ///
    /// With [`Builder::relocatable`], each context has the arguments of all kernels, and one object serves them
    /// all. Without it, the contexts that the sources use must be the same on all kernels.
    pub fn kernel(mut self, path: impl AsRef<Path>) -> Self {
        self.kernels.push(path.as_ref().to_owned());
        self
    }

    /// Adds a module of the target kernel. Its hooks are found by their plain names and by those with the module's
    /// name (`fentry/nf_conntrack:nf_conntrack_in`). `path` is its `.ko`, compressed or not, or raw BTF such as
    /// `/sys/kernel/btf/<module>`. It must be of the same build as the kernel, since its BTF is on top of the
    /// kernel's.
    pub fn module(mut self, name: impl Into<String>, path: impl AsRef<Path>) -> Self {
        let module = (Some(name.into()), path.as_ref().to_owned());
        self.modules.push(module);
        self
    }

    /// As [`Builder::module`], with the name in the file's `.modinfo`, or its file name up to the first dot.
    pub fn module_file(mut self, path: impl AsRef<Path>) -> Self {
        self.modules.push((None, path.as_ref().to_owned()));
        self
    }

    /// Adds a user-space program or library that uprobes attach to: an ELF file with debug information (`cc -g`),
    /// in the file or in a separate one, or with a `.BTF` section (`gcc -gbtf`, `pahole -J`); or raw BTF. The
    /// contexts of its functions have fields for the arguments' registers, and are never relocatable.
    ///
    /// Separate debug information is found by build ID below `/usr/lib/debug/.build-id` ([`Builder::debug_root`]),
    /// and by the program's `.gnu_debuglink`. Debug information requires the feature `dwarf`, which is on by
    /// default. Functions in languages that do not follow C's calling convention have no context.
    pub fn user(mut self, path: impl AsRef<Path>) -> Self {
        self.users.push(path.as_ref().to_owned());
        self
    }

    /// Searches this folder instead of `/usr/lib/debug` for debug information of the programs of [`Builder::user`],
    /// for example in a sysroot. With several folders, the first that has it is used.
    pub fn debug_root(mut self, path: impl AsRef<Path>) -> Self {
        self.debug_roots.push(path.as_ref().to_owned());
        self
    }

    /// Adds the formats of a target kernel's trace events from tracefs: a `format` file, or a folder such as
    /// `/sys/kernel/tracing/events` with `<category>/<event>/format` in it, copied from that kernel. With several
    /// kernels, they belong to the kernel that was added last. Contexts of classic tracepoints
    /// (`tp/sched/sched_switch`) need them if BTF does not determine the record of an event. For the running
    /// kernel, the build reads these files itself if it has permission.
    pub fn formats(mut self, path: impl AsRef<Path>) -> Self {
        let named = usize::from(self.btf.is_some()) + self.kernels.len();
        self.formats.push((named, path.as_ref().to_owned()));
        self
    }

    /// Makes each access to a context a CO-RE relocation: when the program is loaded, the access is adjusted to the
    /// place of the argument on the running kernel. `ctxgen::Loader` must load such an object.
    pub fn relocatable(mut self, relocatable: bool) -> Self {
        self.relocatable = relocatable;
        self
    }

    /// Makes it an error, instead of a warning, if a context that the sources use differs among the kernels of
    /// [`Builder::kernel`].
    pub fn deny_drift(mut self, deny: bool) -> Self {
        self.deny_drift = deny;
        self
    }

    /// Makes it an error, instead of a warning, if a program with `BPF_PROG`, `BPF_KPROBE` and the like, or with a
    /// struct of its own, reads an argument that a target kernel does not have in that place
    /// ([`Misread`](crate::Misread)).
    pub fn deny_prototypes(mut self, deny: bool) -> Self {
        self.deny_prototypes = deny;
        self
    }

    /// Compiles with this clang. The default is the one that the variable `CLANG` names, or `clang` from the
    /// `PATH`.
    pub fn clang(mut self, path: impl AsRef<Path>) -> Self {
        self.clang = Some(path.as_ref().to_owned());
        self
    }

    /// Adds arguments for clang. They follow ctxgen's own and override them.
    pub fn clang_args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
        self.clang_args.extend(args);
        self
    }

    /// Stops clang after this time, with an error. The default is the number of seconds in the variable
    /// `CTXGEN_CLANG_TIMEOUT`, or [`ctxgen::CLANG_TIMEOUT`].
    pub fn clang_timeout(mut self, timeout: Duration) -> Self {
        self.clang_timeout = Some(timeout);
        self
    }

    /// Writes to this folder instead of cargo's `OUT_DIR`.
    pub fn out_dir(mut self, path: impl AsRef<Path>) -> Self {
        self.out_dir = Some(path.as_ref().to_owned());
        self
    }

    /// Builds for this target triple instead of cargo's `TARGET`. The kernels' BTF must be of its architecture. A
    /// build script for several architectures needs a builder for each.
    pub fn target(mut self, triple: impl Into<String>) -> Self {
        self.target = Some(triple.into());
        self
    }

    /// Names a section that libbpf does not know (`socket1`), for programs whose loader sets their type. Sections
    /// with this name and a slash and more behind it count too. It removes the warning that the contexts of these
    /// programs are not checked.
    pub fn own_section(mut self, name: impl Into<String>) -> Self {
        self.own_sections.push(name.into());
        self
    }

    /// Sets which `vmlinux.h` the sources are compiled with.
    pub fn vmlinux(mut self, vmlinux: Vmlinux) -> Self {
        self.vmlinux = vmlinux;
        self
    }

    /// Adds a BPF C source, relative to the package's folder. The name of its object, skeleton and bindings is its
    /// file name up to the first dot; characters that are not valid in identifiers become `_`, and a digit at the
    /// start gets a `_` before it: `guard.bpf.c` becomes `guard` with the type `GuardSkel`, `accept-latency.bpf.c`
    /// becomes `accept_latency` with `AcceptLatencySkel`, and `9p.bpf.c` becomes `_9p` with `_9pSkel`.
    /// [`Builder::source_as`] sets another name.
    pub fn source(mut self, path: impl AsRef<Path>) -> Self {
        self.objects.push(Planned {
            name: None,
            of: MadeOf::Sources(vec![path.as_ref().to_owned()]),
        });
        self
    }

    /// Adds several sources; each becomes an object.
    pub fn sources<P: AsRef<Path>>(self, paths: impl IntoIterator<Item = P>) -> Self {
        paths.into_iter().fold(self, Self::source)
    }

    /// Adds a BPF C source with this name for its object, skeleton and bindings. The name must be an identifier:
    /// the skeleton of `open_files` has the types `OpenFilesSkelBuilder` and so on.
    pub fn source_as(self, name: impl Into<String>, path: impl AsRef<Path>) -> Self {
        self.object(name, [path])
    }

    /// Adds one object of several BPF C sources. Each is compiled separately, and libbpf's linker links them in
    /// this order. They share one skeleton and one license. A function, variable or map that one source declares
    /// `extern` may be defined in another, with the same declaration. The name is as for [`Builder::source_as`].
    pub fn object<P: AsRef<Path>>(
        mut self,
        name: impl Into<String>,
        sources: impl IntoIterator<Item = P>,
    ) -> Self {
        let sources = sources.into_iter().map(|path| path.as_ref().to_owned());
        self.objects.push(Planned {
            name: Some(name.into()),
            of: MadeOf::Sources(sources.collect()),
        });
        self
    }

    /// Adds a ready-made BPF object, relative to the package's folder. It must have BTF (`clang -g`). The build
    /// copies it unchanged to the output folder, checks it as it checks objects that it compiles, and generates the
    /// skeleton and the bindings of the contexts that its programs take. Its name is made from its file name as for
    /// [`Builder::source`]: `guard.bpf.o` becomes `guard`. A builder with objects and without sources does not run
    /// clang.
    ///
    /// For an object with relocatable contexts, also call [`Builder::relocatable`].
    pub fn obj(mut self, path: impl AsRef<Path>) -> Self {
        self.objects.push(Planned {
            name: None,
            of: MadeOf::Ready(path.as_ref().to_owned()),
        });
        self
    }

    /// As [`Builder::obj`], with a name, as for [`Builder::source_as`].
    pub fn obj_as(mut self, name: impl Into<String>, path: impl AsRef<Path>) -> Self {
        self.objects.push(Planned {
            name: Some(name.into()),
            of: MadeOf::Ready(path.as_ref().to_owned()),
        });
        self
    }
}
