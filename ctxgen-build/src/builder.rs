//! The builder, and the way through a build.

mod docs;
pub(crate) mod names;
mod objects;
mod pin;
mod stale;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::Arch;
use ctxgen::ByteOrder;
use ctxgen::Drift;
use ctxgen::KernelBtf;
use ctxgen::render;
use libbpf_rs::libbpf_sys;

pub(crate) use self::objects::Group;
pub(crate) use self::objects::Plan;
use self::objects::Planned;
pub use self::pin::pin;
use crate::absent;
use crate::arguments;
use crate::arguments::Arguments;
use crate::cargo;
use crate::check;
use crate::clang::Clang;
use crate::clang::Options;
use crate::contexts::Contexts;
use crate::error::Error;
use crate::missing;
use crate::module::module;
use crate::outdir::OutDir;
use crate::outdir::read;
use crate::preprocess::Preprocessor;
use crate::record::OBJECT;
use crate::record::Record;
use crate::refused::Reads;
use crate::said;
use crate::scan;
use crate::skeleton;
use crate::system;
use crate::targets::Targets;
use crate::vmlinux::Compilation;
use crate::vmlinux::Vmlinux;

/// Builds BPF programs from their sources; see the crate's documentation for what that includes.
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `build` or `generate`"]
pub struct Builder {
    objects: Vec<Planned>,
    hooks: Vec<String>,
    btf: Option<PathBuf>,
    kernels: Vec<PathBuf>,
    modules: Vec<(String, PathBuf)>,
    users: Vec<PathBuf>,
    debug_roots: Vec<PathBuf>,
    /// How many kernels were named before, and the path.
    formats: Vec<(usize, PathBuf)>,
    relocatable: bool,
    deny_drift: bool,
    clang: Option<PathBuf>,
    clang_args: Vec<OsString>,
    out_dir: Option<PathBuf>,
    target: Option<String>,
    own_sections: Vec<String>,
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
    /// In the order in which they were asked for.
    pub objects: Vec<Object>,
    /// clang's warnings, and ctxgen's own.
    pub warnings: Vec<String>,
    /// The files whose change makes the build out of date, sorted.
    pub depends_on: Vec<PathBuf>,
    /// The environment variables whose change does, sorted.
    pub depends_on_env: Vec<String>,
}

/// What was made of a source, or of several.
#[derive(Debug)]
#[non_exhaustive]
pub struct Object {
    /// What it is called by: see [`Builder::source`].
    pub name: String,
    /// The compiled and linked object.
    pub object: PathBuf,
    /// The context structs that its sources name, sorted.
    pub structs: Vec<String>,
}

impl Builder {
    /// A builder without sources.
    pub fn new() -> Self {
        Self::default()
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
        let _kept = said::Keep::new();
        let mut of_clang = Vec::new();
        let result = self.generate_warning(&mut of_clang);
        let warnings = (!of_clang.is_empty()).then(|| of_clang.concat());
        result.map_err(|error| error.after(warnings.as_deref()))
    }

    /// Builds everything. `of_clang` gets clang's warnings as soon as there are any.
    fn generate_warning(self, of_clang: &mut Vec<String>) -> Result<Artifacts, Error> {
        let plan = self.plan()?;
        let out = OutDir::new(match &self.out_dir {
            Some(path) => path.clone(),
            None => env_path("OUT_DIR")?,
        });
        let _lock = out.lock()?;
        let target = match &self.target {
            Some(target) => target.clone(),
            None => std::env::var("TARGET").map_err(|_| Error::NotABuildScript("TARGET"))?,
        };
        let host = std::env::var("HOST").unwrap_or_else(|_| host().to_owned());

        for (_, source) in &plan.sources {
            read(source)?;
        }
        let arguments = Arguments::new(&self.clang_args, |name| std::env::var_os(name));

        let found = Targets::find(
            self.btf.as_deref(),
            &self.kernels,
            &self.modules,
            &self.users,
            &self.debug_roots,
            &target,
            &host,
        )?
        .with_formats(&self.formats)?;
        let kernels = found.kernels();
        let kernel = found.first();
        let mut warnings = Vec::new();
        of_target(kernels, &target)?;
        write_libbpf_headers(&out)?;
        let include = out.path("include");

        let clang_env = self.clang.is_none().then_some("CLANG");
        let clang = Clang::new(self.clang_path())?;
        let root = std::env::var_os("CARGO_MANIFEST_DIR")
            .map(PathBuf::from)
            .or_else(|| std::env::current_dir().ok())
            .unwrap_or_default();
        let arch = kernel.arch().or_else(|| Arch::from_target(&target));
        let order = kernel.byte_order();
        let system = system::folders(&clang, order, arch, &self.clang_args, &include);
        let options = Options {
            order,
            arch,
            include: &include,
            root: &root,
            include_dirs: &arguments.include_dirs,
            argument_files: &arguments.files,
            args: &self.clang_args,
            system: &system,
        };
        let scratch = out.scratch()?;
        let preprocessor = Preprocessor {
            clang: &clang,
            options: &options,
            sources: &plan.sources,
            scratch: scratch.path(),
        };
        let stand_in = Contexts::stand_in(kernels, self.relocatable)?;
        let mut preprocessed = preprocessor.run(&stand_in, &self.vmlinux.for_preprocessor()?)?;
        let scanned = preprocessed.scan(&plan.sources);
        let contexts = Contexts::resolve(kernels, self.relocatable, &scanned, &self.hooks)
            .map_err(|error| self.explain(kernels, error))?;
        let drifts = contexts.drift()?;
        // With other names alone, the structs of one kernel are right on all of them.
        let can_serve = self.relocatable || drifts.iter().all(Drift::is_in_names);
        if !drifts.is_empty() && (self.deny_drift || !can_serve) {
            return Err(Error::Drift {
                drifts,
                relocatable: can_serve,
            });
        }
        warnings.extend(drifts.iter().map(ToString::to_string));

        let ctx = contexts.all()?;
        let ctx_btf = out.write("ctx.btf", ctx.bytes())?;
        let header = render::header(&ctx)?;
        out.write("include/ctx.h", header.as_bytes())?;
        drop(ctx);
        preprocessor.finish(&mut preprocessed, &stand_in, &header)?;

        let compilation = Compilation {
            kernel,
            out: &out,
            contexts: &header,
            relocatable: self.relocatable,
            clang: &clang,
            options: &options,
            plan: &plan,
            scratch: scratch.path(),
        };
        let mut records: Vec<_> = plan
            .objects
            .iter()
            .map(|object| Record::read(&out, &object.name))
            .collect();
        let compiled = compilation
            .run(
                &self.vmlinux,
                &preprocessed,
                &scanned,
                &records,
                &mut warnings,
            )
            .map_err(|error| {
                let error = scan::explain(error, &scanned, kernel);
                self.explain(kernels, missing::explain(kernels, error))
            })?;
        of_clang.extend(compiled.iter().filter_map(|unit| unit.warnings.clone()));

        #[cfg(feature = "bindgen")]
        let bindgen_env = crate::bindings::environment(&target);
        let mut depends_on: BTreeSet<PathBuf> = found.paths().iter().cloned().collect();
        depends_on.extend(arguments.files.iter().cloned());
        let mut mismatches = Vec::new();
        let mut refused = Vec::new();
        let mut objects = Vec::new();
        for (unit, record) in compiled.into_iter().zip(&mut records) {
            let sources = unit.paths();
            let scanned = &scanned[unit.places.clone()];
            depends_on.extend(unit.depends_on);
            let object = check::read(&sources, &unit.object)?;
            let reads = Reads::new(&sources, &object, &unit.object, &options)?;
            let functions = reads.functions();
            let mut of_unit =
                check::mismatches(kernels, &sources, &object, functions, &unit.object)?;
            let found = reads.findings(kernels);
            of_unit.extend(found.mismatches);
            of_unit.sort_by(|a, b| a.program.cmp(&b.program));
            mismatches.extend(of_unit);
            refused.extend(found.refused);
            warnings.extend(found.warnings);
            if !self.relocatable {
                warnings.extend(check::relocated(&sources, &object));
            }
            let own_sections = &self.own_sections;
            warnings.extend(check::unknown_sections(&sources, &object, own_sections));
            warnings.extend(check::unlicensed(&sources, &unit.object)?);
            if !unit.is_reused {
                record.set_warnings(unit.inputs.and(unit.warnings.clone()));
                record.write(OBJECT, unit.inputs, &unit.object)?;
            }
            let said = unit.warnings.as_deref().unwrap_or_default();
            let remarks = scan::remarks(said, scanned, kernel);
            warnings.extend(unit.warnings);
            warnings.extend(remarks);
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
        depends_on.extend(found.deciding_formats());
        let absent = found.absent();
        depends_on.extend(absent.and_then(|path| absent::watch(&out, path)));

        let mut depends_on_env: BTreeSet<String> = found.env().iter().cloned().collect();
        depends_on_env.extend(clang_env.map(str::to_owned));
        depends_on_env.extend(arguments::ENVIRONMENT.map(str::to_owned));
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
    system::write_stand_ins(out)
}

/// Whether the BTF is of the target's architecture.
///
/// # Errors
/// [`Error::Architecture`] for the first that is of another.
fn of_target(kernels: &[KernelBtf], target: &str) -> Result<(), Error> {
    let Some(of_target) = Arch::from_target(target) else {
        return Ok(());
    };
    for kernel in kernels {
        let Some(arch) = kernel.arch() else {
            continue;
        };
        let machine = arch.machine(kernel.byte_order());
        // Of those with two byte orders, triples say which.
        let has_two = arch.machine(ByteOrder::Little) != arch.machine(ByteOrder::Big);
        let is_of_other_order = has_two && !target.starts_with(&format!("{machine}-"));
        if arch != of_target || is_of_other_order {
            return Err(Error::Architecture {
                origin: kernel.origin().clone(),
                arch,
                machine,
                target: target.to_owned(),
            });
        }
    }
    Ok(())
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
