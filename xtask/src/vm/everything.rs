//! Every field of every context, and all programs there are, on each kernel.
//!
//! Unless it has to be quick, the sample programs and those of all families are run too, where they can be.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::error::Error;
use crate::vm;
use crate::vm::Arch;
use crate::vm::Job;
use crate::vm::Settings;
use crate::vm::cli::complete;
use crate::vm::families;
use crate::vm::run_all;
use crate::vm::rust_samples;
use crate::vm::samples;
use crate::vm::verify;
use crate::vm::verify::Functions;
use crate::vm::verify::Verdict;
use crate::vm::verify::Verify;
use crate::workspace;

/// Files for a machine: where each belongs there, and where it is here.
type Files = Vec<(String, PathBuf)>;

/// What is asked, and how.
#[derive(Debug)]
pub(crate) struct Everything<'a> {
    /// The workspace.
    pub(crate) root: &'a Path,
    /// How the machines are run.
    pub(crate) settings: &'a Settings,
    /// The functions to ask about.
    pub(crate) functions: Functions,
    /// The BTF of the one kernel, where it is not the one in its image.
    pub(crate) btf: Option<&'a Path>,
    /// Whether the table goes to docs/verified.md.
    pub(crate) write: bool,
}

impl Everything<'_> {
    /// Asks about every field, and holds the answers against the layouts.
    pub(crate) fn run(&self, jobs: &mut [Job]) -> Result<(), Error> {
        let target = workspace::target_dir(self.root);
        let program = Verify::build(self.root, &target, self.functions)?;
        let portable = self.portable_samples(jobs)?;
        for job in &mut *jobs {
            self.prepare(&program, job, portable.get(&job.arch))?;
        }
        let mut verdicts = Vec::new();
        for (job, outcome) in jobs.iter().zip(run_all(jobs, self.settings)?) {
            let samples = portable.get(&job.arch);
            let samples = samples.map(|files| samples::Run::of(&job.name, job.arch, files));
            verdicts.push(program.compare(job, self.btf(job), &outcome, samples.as_ref())?);
        }
        self.publish(&verdicts)?;
        let failed = jobs
            .iter()
            .zip(&verdicts)
            .filter(|(_, verdict)| !verdict.passed());
        complete(failed.map(|(job, _)| job.name.clone()).collect())
    }

    fn btf<'j>(&'j self, job: &'j Job) -> &'j Path {
        self.btf.unwrap_or(&job.kernel)
    }

    fn samples(&self) -> PathBuf {
        self.settings.folder.join("samples")
    }

    /// The sample programs that are built once for an architecture, for each that has kernels here.
    pub(crate) fn portable_samples(&self, jobs: &[Job]) -> Result<BTreeMap<Arch, Files>, Error> {
        let mut portable = BTreeMap::new();
        if self.functions == Functions::None {
            return Ok(portable);
        }
        for arch in Arch::ALL {
            if !jobs.iter().any(|job| job.arch == arch) {
                continue;
            }
            match samples::can_build(arch) {
                Ok(()) => {
                    let mut built = samples::build_portable(self.root, arch, &self.samples())?;
                    match rust_samples::can_build(arch) {
                        Ok(()) => {
                            built.extend(rust_samples::build(self.root, arch, &self.samples())?);
                        }
                        Err(why) => {
                            println!("skipped: the sample programs in Rust on {arch}: {why}");
                        }
                    }
                    portable.insert(arch, built);
                }
                Err(why) => println!("skipped: the sample programs on {arch}: {why}"),
            }
        }
        Ok(portable)
    }

    /// Makes a kernel's plan, and what of it runs programs.
    fn prepare(
        &self,
        program: &Verify,
        job: &mut Job,
        portable: Option<&Files>,
    ) -> Result<(), Error> {
        if let Some(folder) = job.plan.parent() {
            fs::create_dir_all(folder).map_err(vm::Error::file("write to", folder))?;
        }
        program.plan(self.btf(job), &job.plan)?;
        let Some(portable) = portable else {
            return Ok(());
        };
        if let Some((sample, why)) = samples::left_out(&job.name) {
            println!(
                "skipped: the sample program {sample} on {}: {why}",
                job.name
            );
        }
        let fixed = samples::build_fixed(self.root, job.arch, self.btf(job), &self.samples())?;
        let families = self.settings.folder.join("families").join(&job.name);
        let families = program.build_families(job, self.btf(job), &families)?;
        let is_new = |to: &String| portable.iter().all(|(other, _)| other != to);
        job.files.extend(portable.iter().cloned());
        job.files
            .extend(fixed.into_iter().filter(|(to, _)| is_new(to)));
        job.files.extend(families);
        let unwritable = || vm::Error::file("write", &job.plan);
        let mut plan = fs::read_to_string(&job.plan).map_err(unwritable())?;
        plan.push_str(&samples::Run::of(&job.name, job.arch, portable).plan_lines());
        plan.push_str(&families::plan_lines());
        Ok(fs::write(&job.plan, plan).map_err(unwritable())?)
    }

    fn publish(&self, verdicts: &[Verdict]) -> Result<(), Error> {
        print!("{}", verify::table(verdicts));
        for verdict in verdicts {
            eprint!("{}", verdict.complaints());
        }
        if self.write {
            let page = verify::write(self.root, verdicts)?;
            println!("\nwritten to {}", page.display());
        }
        Ok(())
    }
}
