//! The way through a build, stage by stage, in the order of the data: resolve, preprocess and scan, headers,
//! compile, check, products, artifacts.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::Arch;
use ctxgen::Drift;
use ctxgen::KernelBtf;
use ctxgen::render;

use super::Artifacts;
use super::Builder;
use super::Object;
use super::Plan;
use super::tools::Machine;
use super::tools::Tools;
use crate::absent;
use crate::aliased::aliased;
use crate::arguments;
use crate::check;
use crate::check::Mismatch;
use crate::clang::Options;
use crate::compile::Unit;
use crate::contexts::Contexts;
use crate::error::Error;
use crate::missing;
use crate::module::module;
use crate::outdir::OutDir;
use crate::outdir::read;
use crate::preprocess::Preprocessed;
use crate::preprocess::Preprocessor;
use crate::record::OBJECT;
use crate::record::Record;
use crate::refused::Reads;
use crate::refused::Refused;
use crate::scan;
use crate::scan::Scanned;
use crate::skeleton;
use crate::targets::Targets;
use crate::vmlinux::Compilation;
use crate::vmlinux::Vmlinux;

impl Builder {
    /// Builds everything. `of_clang` gets clang's warnings as soon as there are any.
    pub(super) fn generate_warning(self, of_clang: &mut Vec<String>) -> Result<Artifacts, Error> {
        let plan = self.plan()?;
        let out = self.output()?;
        let _lock = out.lock()?;
        let target = match &self.target {
            Some(target) => target.clone(),
            None => std::env::var("TARGET").map_err(|_| Error::NotABuildScript("TARGET"))?,
        };
        for (_, source) in &plan.sources {
            read(source)?;
        }
        let targets = self.targets(&target)?;
        let root = std::env::var_os("CARGO_MANIFEST_DIR")
            .map(PathBuf::from)
            .or_else(|| std::env::current_dir().ok())
            .unwrap_or_default();
        let kernel = targets.first();
        let machine = Machine {
            order: kernel.byte_order(),
            arch: kernel.arch().or_else(|| Arch::from_target(&target)),
        };
        let tools = self.tools(&out, root, machine)?;
        let scratch = out.scratch()?;
        let build = Build {
            builder: &self,
            plan: &plan,
            out: &out,
            targets: &targets,
            tools: &tools,
            options: &tools.options(),
            #[cfg(feature = "bindgen")]
            bindgen_env: &crate::bindings::environment(&target),
            #[cfg(not(feature = "bindgen"))]
            bindgen_env: &[],
            scratch: scratch.path(),
        };
        build.run(of_clang)
    }

    /// The output folder.
    pub(super) fn output(&self) -> Result<OutDir, Error> {
        let path = match &self.out_dir {
            Some(path) => Some(path.clone()),
            None => std::env::var_os("OUT_DIR").map(PathBuf::from),
        };
        let path = path.ok_or(Error::NotABuildScript("OUT_DIR"))?;
        Ok(OutDir::new(path))
    }

    /// The kernels that the build is for.
    fn targets(&self, target: &str) -> Result<Targets, Error> {
        let targets = Targets::find(
            self.btf.as_deref(),
            &self.kernels,
            &self.modules,
            &self.users,
            &self.debug_roots,
            target,
            &host_triple(),
        )?
        .with_formats(&self.formats)?;
        targets.check_architecture(target)?;
        Ok(targets)
    }
}

/// The triple of the machine that builds, as far as it matters here where cargo does not say.
pub(super) fn host_triple() -> String {
    std::env::var("HOST").unwrap_or_else(|_| std::env::consts::ARCH.to_owned())
}

/// What the stages of a build share.
#[derive(Clone, Copy, Debug)]
struct Build<'b> {
    builder: &'b Builder,
    plan: &'b Plan<'b>,
    out: &'b OutDir,
    targets: &'b Targets,
    tools: &'b Tools<'b>,
    options: &'b Options<'b>,
    /// The variables that bindgen reads.
    bindgen_env: &'b [String],
    /// A folder that goes away.
    scratch: &'b Path,
}

/// The sources after the preprocessor.
#[derive(Debug)]
struct Sources {
    /// The text of `ctx.h` that they were preprocessed with.
    stand_in: String,
    preprocessed: Preprocessed,
    scanned: Vec<Scanned>,
}

/// What was made of the objects, and found in them.
#[derive(Debug, Default)]
struct Made {
    objects: Vec<Object>,
    warnings: Vec<String>,
    mismatches: Vec<Mismatch>,
    refused: Vec<Refused>,
    depends_on: BTreeSet<PathBuf>,
}

impl Build<'_> {
    fn run(&self, of_clang: &mut Vec<String>) -> Result<Artifacts, Error> {
        let mut made = Made::default();
        let mut sources = self.preprocess()?;
        let contexts = self.resolve(&sources.scanned)?;
        made.warnings = self.drift(&contexts)?;
        let (ctx_btf, header) = self.headers(&contexts, &mut sources)?;
        let objects = self.plan.objects.iter();
        let mut records: Vec<_> = objects
            .map(|object| Record::read(self.out, &object.name))
            .collect();
        let units = self.compile(&header, &sources, &records, &mut made.warnings)?;
        of_clang.extend(units.iter().filter_map(|unit| unit.warnings.clone()));
        for (unit, record) in units.into_iter().zip(&mut records) {
            let scanned = &sources.scanned[unit.places.clone()];
            self.check(&unit, &mut made)?;
            self.products(unit, record, (&contexts, scanned), &mut made)?;
        }
        made.verdict()?;
        Ok(self.artifacts(ctx_btf, made))
    }

    fn kernels(&self) -> &[KernelBtf] {
        self.targets.kernels()
    }

    fn preprocessor(&self) -> Preprocessor<'_> {
        let sources = &self.plan.sources;
        self.tools.preprocessor(self.options, sources, self.scratch)
    }

    /// Preprocesses the sources without contexts, and looks for those that they name.
    fn preprocess(&self) -> Result<Sources, Error> {
        let stand_in = Contexts::stand_in(self.kernels(), self.builder.relocatable)?;
        let vmlinux = self.builder.vmlinux.for_preprocessor()?;
        let preprocessed = self.preprocessor().run(&stand_in, &vmlinux)?;
        Ok(Sources {
            stand_in,
            scanned: preprocessed.scan(&self.plan.sources),
            preprocessed,
        })
    }

    /// Finds the contexts in the kernels' BTF.
    fn resolve(&self, scanned: &[Scanned]) -> Result<Contexts<'_>, Error> {
        let Builder {
            relocatable, hooks, ..
        } = self.builder;
        Contexts::resolve(self.kernels(), *relocatable, scanned, hooks)
            .map_err(|error| self.builder.explain(self.kernels(), error))
    }

    /// How the contexts differ among the kernels, as warnings.
    ///
    /// # Errors
    /// [`Error::Drift`], where that is an error.
    fn drift(&self, contexts: &Contexts<'_>) -> Result<Vec<String>, Error> {
        let drifts = contexts.drift()?;
        // With other names alone, the structs of one kernel are right on all of them.
        let can_serve = self.builder.relocatable || drifts.iter().all(Drift::is_in_names);
        if !drifts.is_empty() && (self.builder.deny_drift || !can_serve) {
            return Err(Error::Drift {
                drifts,
                relocatable: can_serve,
            });
        }
        Ok(drifts.iter().map(ToString::to_string).collect())
    }

    /// Writes the contexts as BTF and as `ctx.h`, which the sources get in place of the stand-in. The path of
    /// the one, and the text of the other.
    fn headers(
        &self,
        contexts: &Contexts<'_>,
        sources: &mut Sources,
    ) -> Result<(PathBuf, String), Error> {
        let ctx = contexts.all()?;
        let ctx_btf = self.out.write("ctx.btf", ctx.bytes())?;
        let header = render::header(&ctx)?;
        self.out.write("include/ctx.h", header.as_bytes())?;
        self.preprocessor()
            .finish(&mut sources.preprocessed, &sources.stand_in, &header)?;
        Ok((ctx_btf, header))
    }

    /// Compiles and links the objects, as far as the records do not have them.
    fn compile<'a>(
        &'a self,
        header: &'a str,
        sources: &Sources,
        records: &[Record<'_>],
        warnings: &mut Vec<String>,
    ) -> Result<Vec<Unit<'a>>, Error> {
        let Sources {
            preprocessed,
            scanned,
            ..
        } = sources;
        let kernel = self.targets.first();
        let compilation = Compilation {
            kernel,
            out: self.out,
            contexts: header,
            relocatable: self.builder.relocatable,
            clang: &self.tools.clang,
            options: self.options,
            plan: self.plan,
            scratch: self.scratch,
        };
        let vmlinux = &self.builder.vmlinux;
        let units = compilation.run(vmlinux, preprocessed, scanned, records, warnings);
        units.map_err(|error| {
            let error = scan::explain(error, scanned, kernel);
            let error = missing::explain(self.kernels(), error);
            self.builder.explain(self.kernels(), error)
        })
    }

    /// Holds what the programs of an object do against their hooks.
    fn check(&self, unit: &Unit<'_>, made: &mut Made) -> Result<(), Error> {
        let sources = unit.paths();
        let object = check::read(&sources, &unit.object)?;
        let reads = Reads::new(&sources, &object, &unit.object, self.options)?;
        let kernels = self.kernels();
        let mut mismatches = check::mismatches(kernels, &sources, &reads, &unit.object)?;
        let found = reads.findings(kernels);
        mismatches.extend(found.mismatches);
        let unhooked = check::unhooked(kernels, &reads, &mismatches);
        mismatches.extend(unhooked.mismatches);
        made.warnings.extend(unhooked.warnings);
        mismatches.sort_by(|a, b| a.program.cmp(&b.program));
        made.mismatches.extend(mismatches);
        made.refused.extend(found.refused);
        made.warnings.extend(found.warnings);
        if !self.builder.relocatable {
            made.warnings.extend(check::relocated(&reads));
        }
        made.warnings.extend(aliased(kernels, &sources, &object));
        let own_sections = &self.builder.own_sections;
        let unknown = check::unknown_sections(&reads, own_sections);
        made.warnings.extend(unknown);
        let unlicensed = check::unlicensed(&sources, &reads, &unit.object)?;
        made.warnings.extend(unlicensed);
        Ok(())
    }

    /// Writes an object and what is made of it: its skeleton, its bindings, and the module with both.
    fn products(
        &self,
        unit: Unit<'_>,
        record: &mut Record<'_>,
        (contexts, scanned): (&Contexts<'_>, &[Scanned]),
        made: &mut Made,
    ) -> Result<(), Error> {
        if !unit.is_reused {
            record.set_warnings(unit.inputs.and(unit.warnings.clone()));
            record.write(OBJECT, unit.inputs, &unit.object)?;
        }
        let stderr = unit.warnings.as_deref().unwrap_or_default();
        let remarks = scan::remarks(stderr, scanned, self.targets.first());
        made.warnings.extend(unit.warnings);
        made.warnings.extend(remarks);
        made.depends_on.extend(unit.depends_on);
        let object = self.out.path(&format!("{}.bpf.o", unit.name));
        skeleton::generate(record, self.scratch, unit.name, &object, &unit.object)?;
        let used = contexts.of(scanned)?;
        let structs = used.structs().iter();
        made.objects.push(Object {
            name: unit.name.to_owned(),
            object,
            structs: structs
                .map(|used| used.context.struct_name.clone())
                .collect(),
        });
        #[cfg(feature = "bindgen")]
        crate::bindings::generate(record, &used, unit.name, self.bindgen_env)?;
        record.finish()?;
        let module = module(unit.name, cfg!(feature = "bindgen"));
        self.out
            .write(&format!("{}.rs", unit.name), module.as_bytes())?;
        Ok(())
    }

    /// What was made, and what it depended on.
    fn artifacts(&self, ctx_btf: PathBuf, made: Made) -> Artifacts {
        let mut depends_on = made.depends_on;
        depends_on.extend(self.targets.paths().iter().cloned());
        depends_on.extend(self.tools.arguments.files.iter().cloned());
        if let Vmlinux::Provided(path) = &self.builder.vmlinux {
            depends_on.insert(path.clone());
        }
        depends_on.extend(self.targets.deciding_formats());
        let absent = self.targets.absent();
        depends_on.extend(absent.and_then(|path| absent::watch(self.out, path)));

        let mut depends_on_env: BTreeSet<String> = self.targets.env().iter().cloned().collect();
        depends_on_env.extend(self.builder.clang_env().map(str::to_owned));
        depends_on_env.extend(arguments::ENVIRONMENT.map(str::to_owned));
        depends_on_env.extend(self.bindgen_env.iter().cloned());
        Artifacts {
            include: self.tools.include().to_owned(),
            ctx_btf,
            objects: made.objects,
            warnings: made.warnings,
            depends_on: depends_on.into_iter().collect(),
            depends_on_env: depends_on_env.into_iter().collect(),
        }
    }
}

impl Made {
    /// Whether the programs are right.
    ///
    /// # Errors
    /// [`Error::Mismatch`] and [`Error::Refused`].
    fn verdict(&mut self) -> Result<(), Error> {
        let mismatches = std::mem::take(&mut self.mismatches);
        if !mismatches.is_empty() {
            return Err(Error::Mismatch(mismatches));
        }
        let refused = std::mem::take(&mut self.refused);
        if !refused.is_empty() {
            return Err(Error::Refused(refused));
        }
        Ok(())
    }
}
