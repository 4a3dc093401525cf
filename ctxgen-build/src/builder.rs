//! The builder, and the way through a build.

mod docs;
mod pin;
mod stale;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::Arch;
use ctxgen::KernelBtf;
use ctxgen::render;
use libbpf_rs::libbpf_sys;

pub use self::pin::pin;
use crate::absent;
use crate::cargo;
use crate::check;
use crate::clang::Clang;
use crate::clang::Options;
use crate::contexts::Contexts;
use crate::error::Error;
use crate::module::module;
use crate::outdir::OutDir;
use crate::record::OBJECT;
use crate::record::Record;
use crate::refused::Reads;
use crate::said;
use crate::scan;
use crate::scan::Scanned;
use crate::skeleton;
use crate::targets::Targets;
use crate::vmlinux::Compilation;
use crate::vmlinux::Vmlinux;

/// Builds BPF programs from their sources; see the crate's documentation for what that includes.
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `build` or `generate`"]
pub struct Builder {
    sources: Vec<PathBuf>,
    hooks: Vec<String>,
    btf: Option<PathBuf>,
    kernels: Vec<PathBuf>,
    modules: Vec<(String, PathBuf)>,
    users: Vec<PathBuf>,
    /// How many kernels were named before, and the path.
    formats: Vec<(usize, PathBuf)>,
    relocatable: bool,
    deny_drift: bool,
    clang: Option<PathBuf>,
    clang_args: Vec<OsString>,
    out_dir: Option<PathBuf>,
    target: Option<String>,
    vmlinux: Vmlinux,
}

/// What a build made, and what it depended on.
#[derive(Debug)]
#[non_exhaustive]
pub struct Artifacts {
    /// The folder with `vmlinux.h`, `ctx.h` and libbpf's headers.
    pub include: PathBuf,
    /// The context structs as a split BTF on top of the kernel's.
    pub ctx_btf: PathBuf,
    /// One for each source, in the order in which they were given.
    pub objects: Vec<Object>,
    /// clang's warnings, and ctxgen's own.
    pub warnings: Vec<String>,
    /// The files whose change makes the build out of date, sorted.
    pub depends_on: Vec<PathBuf>,
    /// The environment variables whose change does, sorted.
    pub depends_on_env: Vec<String>,
}

/// What became of a source.
#[derive(Debug)]
#[non_exhaustive]
pub struct Object {
    /// The source's file name up to its first dot.
    pub name: String,
    /// The compiled and linked object.
    pub object: PathBuf,
    /// The context structs that it names, sorted.
    pub structs: Vec<String>,
}

impl Builder {
    /// A builder without sources.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a BPF C source, relative to the package's folder. Its file name up to the first dot is
    /// what its object, skeleton and bindings are called by.
    pub fn source(mut self, path: impl AsRef<Path>) -> Self {
        self.sources.push(path.as_ref().to_owned());
        self
    }

    /// Adds several sources.
    pub fn sources<P: AsRef<Path>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        let paths = paths.into_iter().map(|path| path.as_ref().to_owned());
        self.sources.extend(paths);
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
        self.modules.push((name.into(), path.as_ref().to_owned()));
        self
    }

    /// Adds a program or library in user space whose functions uprobes are set on: an ELF file with a
    /// `.BTF` section (`gcc -gbtf`, `pahole -J`), or raw BTF. Their contexts have the arguments'
    /// registers then, and are never relocatable.
    pub fn user(mut self, path: impl AsRef<Path>) -> Self {
        self.users.push(path.as_ref().to_owned());
        self
    }

    /// Adds what tracefs says of the trace events of a target kernel: a `format` file, or a folder such
    /// as `/sys/kernel/tracing/events` with `<category>/<event>/format` in it, saved from that kernel.
    /// Of several kernels, it is the one that was named last before this. Contexts of classic tracepoints
    /// (`tp/sched/sched_switch`) need it where BTF does not tell which record an event has; the running
    /// kernel's own is read by itself where it can be.
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

    /// Writes to this folder instead of cargo's `OUT_DIR`.
    pub fn out_dir(mut self, path: impl AsRef<Path>) -> Self {
        self.out_dir = Some(path.as_ref().to_owned());
        self
    }

    /// Builds for this target triple instead of cargo's `TARGET`.
    pub fn target(mut self, triple: impl Into<String>) -> Self {
        self.target = Some(triple.into());
        self
    }

    /// Chooses the `vmlinux.h` that the sources are compiled with.
    pub fn vmlinux(mut self, vmlinux: Vmlinux) -> Self {
        self.vmlinux = vmlinux;
        self
    }

    /// Builds everything, from a build script: cargo is told what the build depended on, and
    /// clang's warnings.
    ///
    /// Where `DOCS_RS` is set and clang, libclang or the kernel's BTF is missing, stand-ins are made
    /// instead, with which the crate's documentation can be built.
    ///
    /// # Errors
    /// [`Error`]; as the result of `main` it is printed so that one can read it.
    pub fn build(self) -> Result<(), Error> {
        match self.clone().generate() {
            Ok(artifacts) => print!("{}", cargo::lines(&artifacts)),
            Err(error) => self.stand_in(error)?,
        }
        Ok(())
    }

    /// Builds everything, and leaves it to the caller to tell cargo.
    ///
    /// # Errors
    /// [`Error`].
    pub fn generate(self) -> Result<Artifacts, Error> {
        said::keep();
        let names = self.names()?;
        let out = OutDir::new(match &self.out_dir {
            Some(path) => path.clone(),
            None => env_path("OUT_DIR")?,
        });
        let target = match &self.target {
            Some(target) => target.clone(),
            None => std::env::var("TARGET").map_err(|_| Error::NotABuildScript("TARGET"))?,
        };
        let host = std::env::var("HOST").unwrap_or_else(|_| host().to_owned());

        let include_dirs = include_dirs(&self.clang_args);
        let scanned = self.scan(&include_dirs)?;

        let found = Targets::find(
            self.btf.as_deref(),
            &self.kernels,
            &self.modules,
            &self.users,
            &target,
            &host,
        )?
        .with_formats(&self.formats)?;
        let kernels = found.kernels();
        let kernel = found.first();
        let mut warnings = Vec::new();
        warnings.extend(arch_warning(kernel, &target));
        let contexts = Contexts::resolve(kernels, self.relocatable, &scanned, &self.hooks)
            .map_err(|error| self.explain(kernels, error))?;
        let drifts = contexts.drift()?;
        if !drifts.is_empty() && (self.deny_drift || !self.relocatable) {
            return Err(Error::Drift {
                drifts,
                relocatable: self.relocatable,
            });
        }
        warnings.extend(drifts.iter().map(ToString::to_string));

        let ctx = contexts.all()?;
        let ctx_btf = out.write("ctx.btf", ctx.bytes())?;
        let header = render::header(&ctx)?;
        out.write("include/ctx.h", header.as_bytes())?;
        drop(ctx);
        write_libbpf_headers(&out)?;
        let include = out.path("include");

        let clang_env = self.clang.is_none().then_some("CLANG");
        let clang = Clang::new(self.clang_path())?;
        let root = std::env::var_os("CARGO_MANIFEST_DIR")
            .map(PathBuf::from)
            .or_else(|| std::env::current_dir().ok())
            .unwrap_or_default();
        let options = Options {
            order: kernel.byte_order(),
            arch: kernel.arch().or_else(|| Arch::from_target(&target)),
            include: &include,
            root: &root,
            include_dirs: &include_dirs,
            args: &self.clang_args,
        };
        let scratch = tempfile::tempdir_in(out.path("")).map_err(|error| Error::Write {
            path: out.path(""),
            error,
        })?;
        let compilation = Compilation {
            kernel,
            out: &out,
            contexts: &header,
            clang: &clang,
            options: &options,
            sources: &names,
            scratch: scratch.path(),
        };
        let mut records: Vec<_> = names
            .iter()
            .map(|(name, _)| Record::read(&out, name))
            .collect();
        let compiled = compilation
            .run(&self.vmlinux, &records, &mut warnings)
            .map_err(|error| self.explain(kernels, error))?;

        #[cfg(feature = "bindgen")]
        let bindgen_env = crate::bindings::environment(&target);
        let mut depends_on: BTreeSet<PathBuf> = found.paths().iter().cloned().collect();
        let mut mismatches = Vec::new();
        let mut refused = Vec::new();
        let mut objects = Vec::new();
        let units = compiled.into_iter().zip(&scanned).zip(&mut records);
        for ((unit, scanned), record) in units {
            depends_on.extend(unit.depends_on);
            depends_on.extend(scanned.files.iter().cloned());
            let object = check::read(unit.source, &unit.object)?;
            let reads = Reads::new(unit.source, &object, &unit.object, &options)?;
            let functions = reads.functions();
            let mut of_unit =
                check::mismatches(kernels, unit.source, &object, functions, &unit.object)?;
            let found = reads.findings(kernels);
            of_unit.extend(found.mismatches);
            of_unit.sort_by(|a, b| a.program.cmp(&b.program));
            mismatches.extend(of_unit);
            refused.extend(found.refused);
            warnings.extend(found.warnings);
            if !self.relocatable {
                warnings.extend(check::relocated(unit.source, &object));
            }
            if !unit.is_reused {
                record.set_warnings(unit.inputs.and(unit.warnings.clone()));
                record.write(OBJECT, unit.inputs, &unit.object)?;
            }
            warnings.extend(unit.warnings);
            let object = out.path(&format!("{}.bpf.o", unit.name));
            skeleton::generate(record, scratch.path(), unit.name, &object, &unit.object)?;
            let used = contexts.of(scanned)?;
            let structs = used.structs().iter();
            objects.push(Object {
                name: unit.name.to_owned(),
                object,
                structs: structs
                    .map(|used| used.context.struct_name.clone())
                    .collect(),
            });
            #[cfg(feature = "bindgen")]
            crate::bindings::generate(record, &used, unit.name, &bindgen_env)?;
            record.finish()?;
            let module = module(unit.name, cfg!(feature = "bindgen"));
            out.write(&format!("{}.rs", unit.name), module.as_bytes())?;
        }
        if !mismatches.is_empty() {
            return Err(Error::Mismatch(mismatches));
        }
        if !refused.is_empty() {
            return Err(Error::Refused(refused));
        }
        if let Vmlinux::Provided(path) = &self.vmlinux {
            depends_on.insert(path.clone());
        }
        let absent = found.absent();
        depends_on.extend(absent.and_then(|path| absent::watch(&out, path)));

        let mut depends_on_env: BTreeSet<String> = found.env().iter().cloned().collect();
        depends_on_env.extend(clang_env.map(str::to_owned));
        #[cfg(feature = "bindgen")]
        depends_on_env.extend(bindgen_env);
        Ok(Artifacts {
            include,
            ctx_btf,
            objects,
            warnings,
            depends_on: depends_on.into_iter().collect(),
            depends_on_env: depends_on_env.into_iter().collect(),
        })
    }

    /// What each source asks for.
    fn scan(&self, include_dirs: &[PathBuf]) -> Result<Vec<Scanned>, Error> {
        let sources = self.sources.iter();
        sources
            .map(|source| scan::scan(source, include_dirs))
            .collect()
    }

    /// Each source and what it is called by.
    fn names(&self) -> Result<Vec<(String, &Path)>, Error> {
        if self.sources.is_empty() {
            return Err(Error::NoSources);
        }
        let mut names: Vec<(String, &Path)> = Vec::new();
        for source in &self.sources {
            let file_name = source.file_name().and_then(OsStr::to_str);
            let name = file_name.and_then(|name| name.split('.').next());
            let name = name
                .filter(|name| ctxgen::is_identifier(name))
                .ok_or_else(|| Error::SourceName(source.clone()))?;
            if let Some((_, first)) = names.iter().find(|(other, _)| other == name) {
                return Err(Error::SameName {
                    name: name.to_owned(),
                    first: (*first).to_owned(),
                    second: source.clone(),
                });
            }
            names.push((name.to_owned(), source));
        }
        Ok(names)
    }

    fn clang_path(&self) -> PathBuf {
        let env = || std::env::var_os("CLANG").filter(|value| !value.is_empty());
        match &self.clang {
            Some(path) => path.clone(),
            None => env().map_or_else(|| "clang".into(), PathBuf::from),
        }
    }
}

/// What `bpf/bpf_helpers.h` and the like are included from.
fn write_libbpf_headers(out: &OutDir) -> Result<(), Error> {
    for (name, text) in libbpf_sys::API_HEADERS {
        out.write(&format!("include/bpf/{name}"), text.as_bytes())?;
    }
    Ok(())
}

/// A remark for the case that the BTF is one of another architecture than the target's, as when
/// objects for several kernels are made on one machine.
fn arch_warning(kernel: &KernelBtf, target: &str) -> Option<String> {
    let of_kernel = kernel.arch()?;
    let of_target = Arch::from_target(target)?;
    (of_kernel != of_target).then(|| {
        format!(
            "{} is the BTF of a kernel for {of_kernel}, and the build is for {target}: the BPF \
             objects are made for {of_kernel}",
            kernel.origin()
        )
    })
}

/// The folders of `-I` and `-iquote` arguments.
fn include_dirs(args: &[OsString]) -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let option = ["-I", "-iquote"]
            .into_iter()
            .find_map(|option| arg.as_bytes().strip_prefix(option.as_bytes()));
        match option {
            Some(b"") => dirs.extend(args.next().map(PathBuf::from)),
            Some(dir) => dirs.push(OsStr::from_bytes(dir).into()),
            None => {}
        }
    }
    dirs
}

fn env_path(name: &'static str) -> Result<PathBuf, Error> {
    std::env::var_os(name)
        .map(PathBuf::from)
        .ok_or(Error::NotABuildScript(name))
}

/// The machine's triple, as far as it matters here, where cargo does not say.
fn host() -> &'static str {
    std::env::consts::ARCH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn include_folders() {
        let args = ["-Ia", "-O3", "-I", "b c", "-iquote", "d", "-include", "e"];
        let args = args.map(OsString::from);
        assert_eq!(include_dirs(&args), ["a", "b c", "d"].map(Path::new));
    }

    #[test]
    fn names_of_sources() {
        let error = |builder: Builder| builder.names().unwrap_err().to_string();
        assert!(error(Builder::new()).contains("nothing to build"));
        assert!(error(Builder::new().source("a-b.bpf.c")).contains("identifier"));
        let twice = Builder::new().sources(["x/a.bpf.c", "y/a.bpf.c"]);
        assert!(error(twice).contains("both become `a`"));
        let two = Builder::new().sources(["x/a.bpf.c", "y/b.c"]);
        let names: Vec<_> = two.names().unwrap().into_iter().map(|(n, _)| n).collect();
        assert_eq!(names, ["a", "b"]);
    }
}
