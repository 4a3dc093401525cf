//! What a builder is told.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use crate::plan::MadeOf;
use crate::plan::Planned;
use crate::stages::headers::Vmlinux;

/// Builds BPF programs from their sources; see the crate's documentation for what that includes.
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

    /// Also writes what editors need for the sources: `compile_commands.json` into the output folder, with
    /// clang's command line for each source, and `.clangd` into the package's folder, which leads `clangd` to
    /// it. `clangd` then finds `vmlinux.h`, `ctx.h` and libbpf's headers as they are after the latest build.
    ///
    /// `.clangd` names a folder of this machine: do not commit it. A `.clangd` that ctxgen did not write is
    /// left as it is, with a warning that says which line to add. Of several builders of one package, one can
    /// have this. None is written where cargo builds an unpacked package (`cargo package`, `cargo install`).
    pub fn compile_commands(mut self, write: bool) -> Self {
        self.compile_commands = write;
        self
    }

    /// Formats skeletons with this rustfmt. Without it they are not formatted: they are in `OUT_DIR`, and
    /// every rustfmt formats them in a way of its own.
    pub fn rustfmt(mut self, path: impl AsRef<Path>) -> Self {
        self.rustfmt = Some(path.as_ref().to_owned());
        self
    }

    /// Also writes the skeleton of the object of this name to `path`, relative to the package's folder. It
    /// is a file of its own, which contains the object and needs libbpf-rs alone. A file that has this text
    /// is left untouched. See [`Builder::source`] for the names of objects.
    pub fn skeleton(mut self, name: impl Into<String>, path: impl AsRef<Path>) -> Self {
        self.skeletons.push((name.into(), path.as_ref().to_owned()));
        self
    }

    /// Makes skeletons in the output folder refer to the object beside them with `include_bytes!`, instead of
    /// containing its bytes as numbers: rustc reads large objects faster. Such a skeleton is of use only beside
    /// its object. Those of [`Builder::skeleton`] always contain the object.
    pub fn reference_obj(mut self, reference: bool) -> Self {
        self.reference_obj = reference;
        self
    }

    /// Adds a hook whose context no source names, by its SEC name or struct name.
    pub fn hook(mut self, hook: impl Into<String>) -> Self {
        self.hooks.push(hook.into());
        self
    }

    /// Takes the target kernel's BTF from this file and from nowhere else: raw BTF, an ELF file with a
    /// `.BTF` section, and with the feature `images` whatever [`ctxgen::kernel_btf_bytes`] reads.
    pub fn btf(mut self, path: impl AsRef<Path>) -> Self {
        self.btf = Some(path.as_ref().to_owned());
        self
    }

    /// Adds a target kernel by its BTF, from a file of any kind that [`Builder::btf`] takes. Of several,
    /// the first is the one whose types `vmlinux.h` has.
    ///
    /// With [`Builder::relocatable`], each context has the arguments of all kernels, and one object
    /// serves them all. Without, the kernels have to agree about every context that is used.
    pub fn kernel(mut self, path: impl AsRef<Path>) -> Self {
        self.kernels.push(path.as_ref().to_owned());
        self
    }

    /// Adds a module of the target kernel, whose hooks are found then by their plain names and by
    /// those that name the module (`fentry/nf_conntrack:nf_conntrack_in`). `path` is its `.ko`,
    /// compressed or not, or raw BTF such as `/sys/kernel/btf/<module>`; it has to be of the same build
    /// as the kernel, since its BTF continues the kernel's.
    pub fn module(mut self, name: impl Into<String>, path: impl AsRef<Path>) -> Self {
        let module = (Some(name.into()), path.as_ref().to_owned());
        self.modules.push(module);
        self
    }

    /// As [`Builder::module`], by the name that the file says: in its `.modinfo`, or by what it is called up to
    /// the first dot.
    pub fn module_file(mut self, path: impl AsRef<Path>) -> Self {
        self.modules.push((None, path.as_ref().to_owned()));
        self
    }

    /// Adds a program or library in user space whose functions uprobes are set on: an ELF file with debug
    /// information (`cc -g`), in it or in a file of its own, or with a `.BTF` section (`gcc -gbtf`,
    /// `pahole -J`); or raw BTF. Their contexts have the arguments' registers then, and are never
    /// relocatable.
    ///
    /// Debug information in a file of its own is found by build id below `/usr/lib/debug/.build-id`
    /// ([`Builder::debug_root`]), and by the program's `.gnu_debuglink`. It takes the feature `dwarf`, which
    /// is on by default. Functions of languages that do not follow C's calling convention have no
    /// context.
    pub fn user(mut self, path: impl AsRef<Path>) -> Self {
        self.users.push(path.as_ref().to_owned());
        self
    }

    /// Looks for debug information of the programs of [`Builder::user`] below this folder, instead of
    /// `/usr/lib/debug`: a sysroot's, for one. Of several, the first that has it counts.
    pub fn debug_root(mut self, path: impl AsRef<Path>) -> Self {
        self.debug_roots.push(path.as_ref().to_owned());
        self
    }

    /// Adds what tracefs says of the trace events of a target kernel: a `format` file, or a folder such
    /// as `/sys/kernel/tracing/events` with `<category>/<event>/format` in it, saved from that kernel.
    /// Of several kernels, it is the one that was named last before this. Contexts of classic tracepoints
    /// (`tp/sched/sched_switch`) need it where BTF does not tell which record an event has; of the running
    /// kernel, those files are read by themselves, where they can be.
    pub fn formats(mut self, path: impl AsRef<Path>) -> Self {
        let named = usize::from(self.btf.is_some()) + self.kernels.len();
        self.formats.push((named, path.as_ref().to_owned()));
        self
    }

    /// Makes each access to a context a CO-RE relocation: when the program is loaded, it goes to where
    /// the running kernel has the argument. `ctxgen::Loader` has to load such an object.
    pub fn relocatable(mut self, relocatable: bool) -> Self {
        self.relocatable = relocatable;
        self
    }

    /// Makes it an error if a context that is used differs among the kernels of [`Builder::kernel`],
    /// instead of a warning that says how.
    pub fn deny_drift(mut self, deny: bool) -> Self {
        self.deny_drift = deny;
        self
    }

    /// Makes it an error if a program that was written with `BPF_PROG`, `BPF_KPROBE` and the like, or with a
    /// struct of its own, reads an argument that a target kernel does not have there, instead of a warning
    /// with its line ([`Misread`](crate::Misread)).
    pub fn deny_prototypes(mut self, deny: bool) -> Self {
        self.deny_prototypes = deny;
        self
    }

    /// Compiles with this clang. Without it, with the one that the variable `CLANG` names, or the
    /// first `clang` on the `PATH`.
    pub fn clang(mut self, path: impl AsRef<Path>) -> Self {
        self.clang = Some(path.as_ref().to_owned());
        self
    }

    /// Adds arguments for clang. They come after ctxgen's own and win over them.
    pub fn clang_args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
        self.clang_args.extend(args);
        self
    }

    /// Stops a clang that has not ended after this time, which is an error. Without it, after as many seconds
    /// as the variable `CTXGEN_CLANG_TIMEOUT` says, or after [`ctxgen::CLANG_TIMEOUT`].
    pub fn clang_timeout(mut self, timeout: Duration) -> Self {
        self.clang_timeout = Some(timeout);
        self
    }

    /// Writes to this folder instead of cargo's `OUT_DIR`.
    pub fn out_dir(mut self, path: impl AsRef<Path>) -> Self {
        self.out_dir = Some(path.as_ref().to_owned());
        self
    }

    /// Builds for this target triple instead of cargo's `TARGET`. The kernels' BTF has to be of its
    /// architecture: a build script that makes objects for kernels of several has a builder for each,
    /// with its target.
    pub fn target(mut self, triple: impl Into<String>) -> Self {
        self.target = Some(triple.into());
        self
    }

    /// Says that the loader sets the type of programs in sections of this name (`socket1`), and of this
    /// name with more behind a slash, since libbpf does not know it. There is no warning then that the
    /// contexts of these programs are not checked.
    pub fn own_section(mut self, name: impl Into<String>) -> Self {
        self.own_sections.push(name.into());
        self
    }

    /// Chooses the `vmlinux.h` that the sources are compiled with.
    pub fn vmlinux(mut self, vmlinux: Vmlinux) -> Self {
        self.vmlinux = vmlinux;
        self
    }

    /// Adds a BPF C source, relative to the package's folder. What its object, skeleton and bindings
    /// are called by is its file name up to the first dot; each character that cannot be in an
    /// identifier becomes `_`, and a digit at the start gets a `_` before it: `guard.bpf.c` becomes
    /// `guard` with the types `GuardSkel`, `accept-latency.bpf.c` becomes `accept_latency` with
    /// `AcceptLatencySkel`, and `9p.bpf.c` becomes `_9p` with `_9pSkel`. [`Builder::source_as`] gives it
    /// another name.
    pub fn source(mut self, path: impl AsRef<Path>) -> Self {
        self.objects.push(Planned {
            name: None,
            of: MadeOf::Sources(vec![path.as_ref().to_owned()]),
        });
        self
    }

    /// Adds several sources, an object for each.
    pub fn sources<P: AsRef<Path>>(self, paths: impl IntoIterator<Item = P>) -> Self {
        paths.into_iter().fold(self, Self::source)
    }

    /// Adds a BPF C source whose object, skeleton and bindings are called by this name, an
    /// identifier: the types of the skeleton of `open_files` are `OpenFilesSkelBuilder` and so on.
    pub fn source_as(self, name: impl Into<String>, path: impl AsRef<Path>) -> Self {
        self.object(name, [path])
    }

    /// Adds one object that several BPF C sources make up: each is compiled by itself, and libbpf's
    /// linker links them in this order. They have one skeleton, one license, and whatever one of them
    /// declares `extern` may be another's: functions, variables, maps. (Of these, the two declarations
    /// have to be the same.) The name is as that of [`Builder::source_as`].
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

    /// Adds a BPF object that is there already, relative to the package's folder. It is not compiled, linked or
    /// changed: it is copied to the output folder, checked as if it was built here, and gets a skeleton, and
    /// bindings of the contexts that its programs take. It needs BTF (`clang -g`). Its name is made of its file
    /// name as that of [`Builder::source`] is: `guard.bpf.o` becomes `guard`. A builder that has objects and no
    /// sources needs no clang.
    ///
    /// An object whose contexts are relocatable also needs [`Builder::relocatable`].
    pub fn obj(mut self, path: impl AsRef<Path>) -> Self {
        self.objects.push(Planned {
            name: None,
            of: MadeOf::Ready(path.as_ref().to_owned()),
        });
        self
    }

    /// As [`Builder::obj`], with a name, which is as that of [`Builder::source_as`].
    pub fn obj_as(mut self, name: impl Into<String>, path: impl AsRef<Path>) -> Self {
        self.objects.push(Planned {
            name: Some(name.into()),
            of: MadeOf::Ready(path.as_ref().to_owned()),
        });
        self
    }
}
