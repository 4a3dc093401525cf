//! Contexts for BPF programs in Rust: a builder of its own, since nothing of a C program's build is needed.

mod attributes;
mod held;
mod linking;
mod source;

use std::path::Path;
use std::path::PathBuf;

use ctxgen::ByteOrder;
use ctxgen::KernelBtf;
use ctxgen::render::rust_programs::RustOptions;
use ctxgen::render::rust_programs::rust_programs;

use self::held::mismatches;
use self::linking::Flags;
use self::linking::check_debug_info;
use self::linking::check_llvm;
use self::linking::link;
use self::source::Sources;
use crate::Builder;
use crate::builder::host_triple;
use crate::cargo;
use crate::cargo::Inputs;
use crate::cargo::Steps;
use crate::cargo::of_cargo;
use crate::error::Error;
use crate::stages::btf::Targets;
use crate::stages::headers::Contexts;
use crate::stages::scan::Scanned;

/// Contexts for BPF programs that are written in Rust.
///
/// ```no_run
/// // build.rs of the crate with the programs
/// fn main() -> Result<(), ctxgen_build::Error> {
///     ctxgen_build::RustPrograms::new()
///         .source("src/main.rs")
///         .kernel("btf/5.10.btf")
///         .kernel("btf/7.2.btf")
///         .build()
/// }
/// ```
///
/// It finds the contexts that the sources name (`btf_trace_sched_switch_ctx`), and leaves in `OUT_DIR`:
///
/// | file | what it is |
/// | --- | --- |
/// | `ctx.rs` | a module `ctx` with the contexts' types: `include!(concat!(env!("OUT_DIR"), "/ctx.rs"));` |
/// | `ctx.ll` | the functions that their getters call, in LLVM IR, for bpf-linker |
/// | `ctx.btf` | the contexts as a split BTF on top of the first kernel's |
///
/// Where cargo builds for a BPF target, bpf-linker is given `ctx.ll`, and `--btf` if nothing else does so.
/// Each access is relocated when the program is loaded, by `ctxgen::Loader`: one object serves all kernels.
/// A getter of what a kernel lacks, or has with another type, returns an `Option`.
///
/// A program with one of aya's attributes (`#[fentry(function = "vfs_unlink")]`) is held against the
/// contexts that it names. Where the sources name `aya_ebpf`, contexts are made from its types:
/// `btf_fentry_vfs_unlink_ctx::from(&context)`.
#[derive(Clone, Debug, Default)]
#[must_use = "it does nothing until `build` or `generate`"]
pub struct RustPrograms {
    sources: Vec<PathBuf>,
    /// Whose kernels, hooks and places it has.
    builder: Builder,
    aya: Option<bool>,
}

/// What was made, and what it depended on.
#[derive(Debug)]
#[non_exhaustive]
pub struct RustArtifacts {
    /// The module in Rust.
    pub rust: PathBuf,
    /// The module in LLVM IR.
    pub ir: PathBuf,
    /// The contexts as a split BTF on top of the first kernel's.
    pub ctx_btf: PathBuf,
    /// The linker's arguments; none where the build is for no BPF target.
    pub link_args: Vec<String>,
    /// What is worth a look.
    pub warnings: Vec<String>,
    /// The files that the build depends on, sorted.
    pub depends_on: Vec<PathBuf>,
    /// The environment variables that the build depends on, sorted.
    pub depends_on_env: Vec<String>,
}

impl RustPrograms {
    /// Without sources.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a source, relative to the package's folder: the root of a crate, whose modules are read too.
    pub fn source(mut self, path: impl AsRef<Path>) -> Self {
        self.sources.push(path.as_ref().to_owned());
        self
    }

    /// Adds a hook whose context is needed although no source names it. `hook` is its SEC name or struct name.
    pub fn hook(self, hook: impl Into<String>) -> Self {
        self.with(|builder| builder.hook(hook))
    }

    /// Adds a target kernel by its BTF, as [`Builder::kernel`]. Without one, the kernel is looked for as for
    /// C programs.
    pub fn kernel(self, path: impl AsRef<Path>) -> Self {
        self.with(|builder| builder.kernel(path))
    }

    /// Adds a module of the target kernel, as [`Builder::module_file`].
    pub fn module_file(self, path: impl AsRef<Path>) -> Self {
        self.with(|builder| builder.module_file(path))
    }

    /// Adds a program in user space, as [`Builder::user`].
    pub fn user(self, path: impl AsRef<Path>) -> Self {
        self.with(|builder| builder.user(path))
    }

    /// Adds what tracefs says of trace events, as [`Builder::formats`].
    pub fn formats(self, path: impl AsRef<Path>) -> Self {
        self.with(|builder| builder.formats(path))
    }

    /// Writes to this folder instead of cargo's `OUT_DIR`.
    pub fn out_dir(self, path: impl AsRef<Path>) -> Self {
        self.with(|builder| builder.out_dir(path))
    }

    /// Has the kernels be of this target triple's architecture. Without it, that is what aya-build says
    /// (`bpf_target_arch`), or that of the kernels that are named, or of this machine.
    pub fn target(self, triple: impl Into<String>) -> Self {
        self.with(|builder| builder.target(triple))
    }

    /// Has contexts be made from the types of `aya_ebpf::programs`, or not. Without it, they are where the
    /// sources name `aya_ebpf`.
    pub fn aya(mut self, aya: bool) -> Self {
        self.aya = Some(aya);
        self
    }

    fn with(mut self, change: impl FnOnce(Builder) -> Builder) -> Self {
        self.builder = change(self.builder);
        self
    }

    /// Makes everything, from a build script: cargo is told what it depended on, and what the linker gets.
    ///
    /// # Errors
    /// [`Error`]; as the result of `main` it is printed so that one can read it.
    pub fn build(self) -> Result<(), Error> {
        let steps = Steps::default();
        let made = self.make(&steps);
        cargo::tell_steps(&steps);
        let made = made?;
        cargo::tell(&made.depends_on, &made.depends_on_env, &made.warnings);
        cargo::tell_linker(&made.link_args);
        Ok(())
    }

    /// Makes everything, and leaves it to the caller to tell cargo.
    ///
    /// # Errors
    /// [`Error`].
    pub fn generate(self) -> Result<RustArtifacts, Error> {
        self.make(&Steps::default())
    }

    fn make(&self, steps: &Steps) -> Result<RustArtifacts, Error> {
        if self.sources.is_empty() {
            return Err(Error::NoRustSources);
        }
        let inputs = &Inputs::new();
        let out = self.builder.output()?;
        let _lock = out.lock()?;
        let mut sources = Sources::default();
        for source in &self.sources {
            sources.add(source, inputs)?;
        }
        let sources = sources.finish();
        let targets = self.targets(inputs)?;
        steps.add(format!("the kernel's BTF is {}", targets.first().origin()));
        let kernels = targets.kernels();
        let mismatches = mismatches(kernels, &sources.programs);
        if !mismatches.is_empty() {
            return Err(Error::Mismatch(mismatches));
        }
        let scanned = [Scanned::of_contexts(&self.sources[0], &sources.contexts)];
        let contexts = Contexts::resolve(kernels, true, &scanned, self.builder.hooks())?;
        // The types of the getters say it in the code; a warning in each build would not help.
        for drift in contexts.drift()? {
            steps.add(drift.to_string());
        }
        let mut warnings = Vec::new();
        let ctx = contexts.all()?;
        let options = RustOptions::default()
            .aya(self.aya.unwrap_or(sources.names_aya))
            .names(sources.called);
        let made = rust_programs(&ctx, &options)?;
        let ctx_btf = out.write("ctx.btf", ctx.bytes())?;
        let rust = out.write("ctx.rs", made.rust.as_bytes())?;
        let ir = out.write("ctx.ll", made.ir.as_bytes())?;
        let mut link_args = Vec::new();
        if is_bpf() {
            warnings.extend(check_llvm()?);
            let flags = Flags::of_build();
            check_debug_info(&flags)?;
            link_args = link(&ir.to_string_lossy(), &flags);
        }
        let mut depends_on = inputs.files();
        depends_on.extend(targets.deciding_formats());
        depends_on.sort();
        Ok(RustArtifacts {
            rust,
            ir,
            ctx_btf,
            link_args,
            warnings,
            depends_on,
            depends_on_env: inputs.variables(),
        })
    }

    /// The kernels, of the architecture that the programs are for.
    fn targets(&self, inputs: &Inputs) -> Result<Targets, Error> {
        let host = host_triple();
        let said = self.builder.own_target().or_else(kernels_triple);
        let target = said.as_deref().unwrap_or(&host);
        let mut asked = self.builder.asked(target, &host);
        asked.is_target_said = said.is_some();
        let targets = Targets::resolve(&asked, inputs)?;
        let kernel = targets.first();
        match of_cargo("CARGO_CFG_TARGET_ENDIAN").filter(|_| is_bpf()) {
            Some(order) if order != order_of(kernel) => Err(Error::BpfByteOrder {
                origin: kernel.origin().clone(),
                order: order_of(kernel),
            }),
            _ => Ok(targets),
        }
    }
}

/// Whether cargo builds for a BPF target.
fn is_bpf() -> bool {
    of_cargo("CARGO_CFG_TARGET_ARCH").is_some_and(|arch| arch == "bpf")
}

fn order_of(kernel: &KernelBtf) -> &'static str {
    match kernel.byte_order() {
        ByteOrder::Little => "little",
        ByteOrder::Big => "big",
    }
}

/// The triple of kernels that aya-build builds for, or of the crate's own target where that is no BPF.
fn kernels_triple() -> Option<String> {
    if !is_bpf() {
        return of_cargo("TARGET")?.into_string().ok();
    }
    let arch = of_cargo("CARGO_CFG_BPF_TARGET_ARCH")?.into_string().ok()?;
    let is_little = of_cargo("CARGO_CFG_TARGET_ENDIAN").is_some_and(|order| order == "little");
    let arch = match &*arch {
        "powerpc64" if is_little => "powerpc64le",
        arch => arch,
    };
    Some(format!("{arch}-unknown-linux-gnu"))
}
