//! The way through a build, stage by stage, in the order of the data: resolve, scan, headers, compile, check,
//! bind.

use std::path::Path;
use std::path::PathBuf;

use ctxgen::Arch;
use ctxgen::Drift;
use ctxgen::KernelBtf;
use ctxgen::render;

use super::artifacts::Artifacts;
use super::ready;
use super::ready::AllReady;
use super::settings::Builder;
use super::surroundings::host_triple;
use super::surroundings::package;
use super::tools::Machine;
use super::tools::Tools;
use crate::cache::Record;
use crate::cargo;
use crate::cargo::Inputs;
use crate::cargo::Steps;
use crate::clang::Options;
use crate::clang::response_file;
use crate::error::Error;
use crate::libbpf_log;
use crate::outdir::OutDir;
use crate::plan::Plan;
use crate::stages::bind::Products;
use crate::stages::bind::add_known;
use crate::stages::btf::Asked;
use crate::stages::btf::Targets;
use crate::stages::check;
use crate::stages::compile;
use crate::stages::compile::Compilation;
use crate::stages::compile::Unit;
use crate::stages::headers::Contexts;
use crate::stages::scan;
use crate::stages::scan::Preprocessed;
use crate::stages::scan::Preprocessor;
use crate::stages::scan::Scanned;

impl Builder {
    /// Builds everything, from a build script: cargo is told what the build depended on, and
    /// clang's warnings.
    ///
    /// Where `DOCS_RS` is set and clang, libclang or the kernel's BTF is missing, stand-ins are made
    /// instead, with which the crate's documentation can be built.
    ///
    /// # Errors
    /// [`Error`]; as the result of `main` it is printed so that one can read it.
    pub fn build(self) -> Result<(), Error> {
        let steps = Steps::default();
        let made = self.clone().generate_noting(&steps);
        cargo::tell_steps(&steps);
        match made {
            Ok(Artifacts {
                depends_on,
                depends_on_env,
                warnings,
                ..
            }) => cargo::tell(&depends_on, &depends_on_env, &warnings),
            Err(error) => self.stand_in(error)?,
        }
        Ok(())
    }

    /// Builds everything, and prints nothing for cargo.
    ///
    /// # Errors
    /// [`Error`].
    pub fn generate(self) -> Result<Artifacts, Error> {
        self.generate_noting(&Steps::default())
    }

    /// Builds everything; `steps` gets what that took.
    fn generate_noting(self, steps: &Steps) -> Result<Artifacts, Error> {
        if self.target_triple().is_none() {
            return Err(Error::NotABuildScript("TARGET"));
        }
        let out = self.output()?;
        self.make(&out, Wanted::Crate, steps)
    }

    /// Builds and checks objects, without skeletons and bindings: the folder gets `include/`, `ctx.btf` and
    /// `<name>.bpf.o`. It is for projects without Cargo, which generate C skeletons from the objects.
    ///
    /// The default target is that of the kernel's BTF.
    ///
    /// # Errors
    /// [`Error`].
    pub fn objects(self) -> Result<Artifacts, Error> {
        let out = self.output()?;
        self.make(&out, Wanted::Objects, &Steps::default())
    }

    /// Makes what is wanted of the sources; `steps` gets what that took.
    pub(super) fn make(
        &self,
        out: &OutDir,
        wanted: Wanted,
        steps: &Steps,
    ) -> Result<Artifacts, Error> {
        let _kept = libbpf_log::Keep::new();
        let mut of_clang = Vec::new();
        let result = self.make_warning(out, wanted, steps, &mut of_clang);
        let warnings = (!of_clang.is_empty()).then(|| of_clang.concat());
        result.map_err(|error| error.after(warnings.as_deref()))
    }

    /// `of_clang` gets clang's warnings as soon as there are any.
    fn make_warning(
        &self,
        out: &OutDir,
        wanted: Wanted,
        steps: &Steps,
        of_clang: &mut Vec<String>,
    ) -> Result<Artifacts, Error> {
        let inputs = &Inputs::new();
        let plan = Plan::new(&self.objects)?;
        let _lock = out.lock()?;
        let host = host_triple();
        let target = self.target_triple().unwrap_or_else(|| host.clone());
        for (_, source) in &plan.sources {
            inputs.file(source)?;
        }
        let targets = Targets::resolve(&self.asked(&target, &host), inputs)?;
        let kernel = targets.first();
        steps.add(format!("the kernel's BTF is {}", kernel.origin()));
        let machine = Machine {
            order: kernel.byte_order(),
            arch: kernel.arch().or_else(|| Arch::from_target(&target)),
        };
        let tools = self.tools(out, package(), machine, inputs)?;
        let scratch = out.scratch()?;
        let products = match wanted {
            Wanted::Crate => Some(
                Products::new(out, scratch.path(), &target, inputs)
                    .with_rustfmt(self.rustfmt.as_deref())
                    .with_reference(self.reference_obj),
            ),
            Wanted::Objects | Wanted::Headers => None,
        };
        let build = Build {
            builder: self,
            plan: &plan,
            ready: &ready::read(&plan, kernel.byte_order(), inputs)?,
            out,
            targets: &targets,
            tools: &tools,
            options: &tools.options(),
            products: products.as_ref(),
            scratch: scratch.path(),
            inputs,
            steps,
        };
        match wanted {
            Wanted::Headers => build.headers_alone(),
            Wanted::Crate | Wanted::Objects => build.run(of_clang),
        }
    }

    /// How the contexts differ among the kernels, as warnings.
    ///
    /// # Errors
    /// [`Error::Drift`], where that is an error.
    pub(super) fn drift(&self, contexts: &Contexts<'_>) -> Result<Vec<String>, Error> {
        let drifts = contexts.drift()?;
        // With other names alone, the structs of one kernel are right on all of them.
        let can_serve = self.relocatable || drifts.iter().all(Drift::is_in_names);
        if !drifts.is_empty() && (self.deny_drift || !can_serve) {
            return Err(Error::Drift {
                drifts,
                relocatable: can_serve,
            });
        }
        Ok(drifts.iter().map(ToString::to_string).collect())
    }

    /// What it asks for of kernels.
    pub(crate) fn asked<'a>(&'a self, target: &'a str, host: &'a str) -> Asked<'a> {
        Asked {
            is_target_said: self.target_triple().is_some(),
            btf: self.btf.as_deref(),
            kernels: &self.kernels,
            modules: &self.modules,
            users: &self.users,
            debug_roots: &self.debug_roots,
            formats: &self.formats,
            target,
            host,
        }
    }
}

/// How far a build goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    /// To what a crate includes.
    Crate,
    /// To objects.
    Objects,
    /// To headers, with which somebody else compiles.
    Headers,
}

/// What the stages of a build share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Build<'b> {
    pub(super) builder: &'b Builder,
    pub(super) plan: &'b Plan<'b>,
    pub(super) ready: &'b AllReady,
    pub(super) out: &'b OutDir,
    pub(super) targets: &'b Targets,
    pub(super) tools: &'b Tools<'b>,
    pub(super) options: &'b Options<'b>,
    /// Where Rust is to have them.
    pub(super) products: Option<&'b Products<'b>>,
    /// A folder that goes away.
    scratch: &'b Path,
    pub(super) inputs: &'b Inputs,
    pub(super) steps: &'b Steps,
}

/// The sources after the preprocessor.
#[derive(Debug)]
struct Sources {
    /// The text of `ctx.h` that they were preprocessed with.
    stand_in: String,
    preprocessed: Preprocessed,
    scanned: Vec<Scanned>,
}

impl Build<'_> {
    fn run(&self, of_clang: &mut Vec<String>) -> Result<Artifacts, Error> {
        let mut sources = self.scan()?;
        let contexts = self.resolve(&sources.scanned)?;
        let mut findings = check::Findings::default();
        findings.warnings.extend(self.builder.drift(&contexts)?);
        let (ctx_btf, header) = self.headers(&contexts, &mut sources)?;
        findings.warnings.extend(self.write_for_editors()?);
        let objects = self.plan.objects.iter();
        let mut records: Vec<_> = objects
            .map(|object| Record::read(self.out, &object.name))
            .collect();
        let units = self.compile(&header, &sources, &records, &mut findings.warnings)?;
        let units = self.with_ready(units, &records);
        of_clang.extend(units.iter().filter_map(|unit| unit.warnings.clone()));
        let mut made = Vec::new();
        for (mut unit, record) in units.into_iter().zip(&mut records) {
            let ready = self.ready.get(unit.name);
            let scanned = match ready {
                Some(ready) => std::slice::from_ref(&ready.scanned),
                None => &sources.scanned[unit.places.clone()],
            };
            let Unit {
                paths,
                object,
                compiled,
                ..
            } = &unit;
            let is_told = check::check(
                self.rules(ready.is_some()),
                paths,
                object,
                compiled,
                &mut findings,
            )?;
            // A ready-made object has its own debug information.
            if !is_told || ready.is_some() {
                unit.compiled.clear();
            }
            findings.warnings.extend(self.clang_said(&unit, scanned));
            made.push(self.bind(&unit, record, &contexts, scanned)?);
        }
        findings.verdict(self.builder.deny_prototypes)?;
        if self.products.is_some() {
            let names = self.plan.objects.iter().map(|object| &*object.name);
            add_known(self.out, names)?;
        }
        self.write_skeletons()?;
        Ok(self.artifacts(ctx_btf, made, findings.warnings))
    }

    /// Writes the headers, and for each source what to compile it with.
    fn headers_alone(&self) -> Result<Artifacts, Error> {
        let mut sources = self.scan()?;
        let contexts = self.resolve(&sources.scanned)?;
        let warnings = self.builder.drift(&contexts)?;
        let (ctx_btf, header) = self.headers(&contexts, &mut sources)?;
        let Sources {
            preprocessed,
            scanned,
            ..
        } = &sources;
        let compilation = self.compilation(&header);
        let macros = compilation.headers(&self.builder.vmlinux, preprocessed, scanned)?;
        let mut all = Vec::new();
        for ((name, _), macros) in self.plan.sources.iter().zip(&macros) {
            let arguments = self.tools.clang.arguments(macros, self.options);
            self.out
                .write(&format!("include/{name}.args"), &response_file(&arguments))?;
            all.push(arguments);
        }
        Ok(Artifacts {
            arguments: all,
            ..self.artifacts(ctx_btf, Vec::new(), warnings)
        })
    }

    fn kernels(&self) -> &[KernelBtf] {
        self.targets.kernels()
    }

    fn preprocessor(&self) -> Preprocessor<'_> {
        let sources = &self.plan.sources;
        self.tools
            .preprocessor(self.options, sources, self.scratch, self.inputs)
    }

    /// Preprocesses the sources without contexts, and looks for those that they name.
    fn scan(&self) -> Result<Sources, Error> {
        let stand_in = Contexts::stand_in(self.kernels(), self.builder.relocatable)?;
        let vmlinux = self.builder.vmlinux.for_preprocessor(self.inputs)?;
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
        let ready = self.ready.values().map(|ready| &ready.scanned);
        let all = scanned.iter().chain(ready);
        Contexts::resolve(self.kernels(), *relocatable, all, hooks)
            .map_err(|error| self.builder.explain(self.kernels(), error))
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
        let compilation = self.compilation(header);
        let vmlinux = &self.builder.vmlinux;
        let units = compilation.run(vmlinux, preprocessed, scanned, records, warnings);
        units.map_err(|error| {
            let error = scan::explain(error, scanned, kernel);
            let error = compile::explain(self.kernels(), error);
            self.builder.explain(self.kernels(), error)
        })
    }

    /// The units of all objects in order, of which these are those with sources.
    fn with_ready<'a>(&'a self, units: Vec<Unit<'a>>, records: &[Record<'_>]) -> Vec<Unit<'a>> {
        let mut units = units.into_iter();
        let objects = self.plan.objects.iter().zip(records);
        objects
            .filter_map(|(object, record)| match self.ready.get(&object.name) {
                Some(ready) => Some(Unit::ready(object, &ready.bytes, record)),
                None => units.next(),
            })
            .collect()
    }

    /// `header` is the text of `ctx.h`.
    fn compilation<'a>(&'a self, header: &'a str) -> Compilation<'a> {
        Compilation {
            kernel: self.targets.first(),
            out: self.out,
            contexts: header,
            relocatable: self.builder.relocatable,
            clang: &self.tools.clang,
            options: self.options,
            plan: self.plan,
            scratch: self.scratch,
            inputs: self.inputs,
            steps: self.steps,
        }
    }

    /// What objects are held against.
    fn rules(&self, is_ready: bool) -> check::Rules<'_> {
        check::Rules {
            kernels: self.kernels(),
            options: self.options,
            is_ready,
            relocatable: self.builder.relocatable,
            own_sections: &self.builder.own_sections,
        }
    }

    /// clang's warnings about an object's sources, and what there is to say of them.
    fn clang_said(&self, unit: &Unit<'_>, scanned: &[Scanned]) -> Vec<String> {
        let stderr = unit.warnings.as_deref().unwrap_or_default();
        let remarks = scan::remarks(stderr, scanned, self.targets.first());
        unit.warnings.iter().cloned().chain(remarks).collect()
    }
}
