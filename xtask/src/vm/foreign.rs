//! Programs that others wrote, loaded one by one in virtual machines.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::error::Error;
use crate::vm;
use crate::vm::Arch;
use crate::vm::IMAGES;
use crate::vm::Job;
use crate::vm::Settings;
use crate::vm::families;
use crate::vm::run_all;
use crate::vm::samples;

/// The entry of a plan.
const ID: &str = "foreign";
/// Where the objects are in the machine.
const FOLDER: &str = "/foreign";
/// The entry that has values of programs whose hooks drift, and their object in the machine.
const DRIFT: &str = "drift";
const OBJECT: &str = "/drift.bpf.o";
/// The running kernel, as `field` takes it.
const RUNNING: &str = "running=/sys/kernel/btf/vmlinux";
/// How long they may take in all, in seconds: longer than any host needs.
const SECONDS: u32 = 6 * 3600;

/// What is held against kernels.
#[derive(Debug)]
pub(crate) struct Foreign<'a> {
    /// The workspace.
    pub(crate) root: &'a Path,
    /// Where everything is built.
    pub(crate) target: &'a Path,
    /// What has the objects in its folder `foreign`.
    pub(crate) objects: &'a Path,
    /// The object of `tests/field/drift.bpf.c`.
    pub(crate) drift: &'a Path,
}

/// The kernels, as `field` takes them: `NAME=BTF`, and where kernels were booted, what came of that.
#[derive(Debug, Default)]
pub(crate) struct Kernels {
    /// For `field judge`.
    pub(crate) objects: Vec<String>,
    /// For `field values`; empty where none was booted.
    pub(crate) values: Vec<String>,
}

impl Foreign<'_> {
    /// The kernels to hold objects against. With `boots`, each is asked to load them.
    ///
    /// # Errors
    /// Where a machine cannot be started.
    pub(crate) fn kernels(&self, boots: bool) -> Result<Kernels, Error> {
        let images = images(self.root);
        if images.is_empty() {
            println!("skipped: every kernel but the running one: there are none in {IMAGES}");
            return Ok(Kernels {
                objects: vec![RUNNING.to_owned()],
                values: Vec::new(),
            });
        }
        let folder = self.target.join("corpus/vm");
        let mut jobs = Vec::new();
        for image in images {
            jobs.push(job(image, &folder)?);
        }
        let argument = |job: &Job| format!("{}={}", job.name, job.kernel.display());
        if !boots {
            return Ok(Kernels {
                objects: jobs.iter().map(argument).collect(),
                values: Vec::new(),
            });
        }
        let files = self.files()?;
        for job in &mut jobs {
            job.files.clone_from(&files);
        }
        let settings = Settings::new(self.root, folder);
        let mut kernels = Kernels::default();
        for (job, outcome) in jobs.iter().zip(run_all(&jobs, &settings)?) {
            if !outcome.is_complete() {
                println!("{}: not all answers came", job.name);
            }
            let answers = &outcome.answers;
            let text = fs::read_to_string(answers).map_err(vm::Error::file("read", answers))?;
            for (id, kernels) in [(ID, &mut kernels.objects), (DRIFT, &mut kernels.values)] {
                let outcomes = answers.with_file_name(id);
                let (said, _) = families::outcomes(id, text.lines());
                let written = fs::write(&outcomes, said);
                written.map_err(vm::Error::file("write", &outcomes))?;
                kernels.push(format!("{},{}", argument(job), outcomes.display()));
            }
        }
        Ok(kernels)
    }

    /// What the machines get: the objects, and what loads them.
    fn files(&self) -> Result<Vec<(String, PathBuf)>, Error> {
        let samples = self.target.join("vm/samples");
        let mut files = samples::build_loader(self.root, Arch::X86_64, &samples)?;
        files.push((OBJECT.to_owned(), self.drift.to_owned()));
        let folder = self.objects.join(ID);
        let unreadable = || vm::Error::file("read", &folder);
        for entry in fs::read_dir(&folder).map_err(unreadable())? {
            let path = entry.map_err(unreadable())?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            files.push((format!("{FOLDER}/{ID}/{name}"), path.clone()));
        }
        files.sort();
        Ok(files)
    }
}

/// The kernels to hold objects against without loading these, as `field` takes them: the newest is the last.
pub(crate) fn btfs(root: &Path) -> Vec<String> {
    let images = images(root).into_iter();
    let mut all: Vec<String> = images
        .map(|image| {
            let name = image.file_name().unwrap_or_default().to_string_lossy();
            format!("{name}={}", image.display())
        })
        .collect();
    if all.is_empty() {
        all.push(RUNNING.to_owned());
    }
    all
}

/// The images of kernels that these machines run.
fn images(root: &Path) -> Vec<PathBuf> {
    let images = vm::cli::images(&root.join(IMAGES)).unwrap_or_default();
    // The one that was built with clang has too little in it for programs of others.
    let is_ours = |image: &PathBuf| {
        let name = image.file_name().unwrap_or_default().to_string_lossy();
        matches!(Arch::of_image(image), Ok(Arch::X86_64)) && !name.ends_with("-clang")
    };
    images.into_iter().filter(is_ours).collect()
}

fn job(image: PathBuf, folder: &Path) -> Result<Job, Error> {
    let name = image.file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    let plan = folder.join(&name).join("plan");
    let unwritable = || vm::Error::file("write", &plan);
    fs::create_dir_all(folder.join(&name)).map_err(unwritable())?;
    let loader = families::LOADER;
    let line = format!(
        "x {DRIFT} {SECONDS} /bin/{loader} --drift {OBJECT}\n\
         x {ID} {SECONDS} /bin/{loader} {FOLDER}\n"
    );
    fs::write(&plan, line).map_err(unwritable())?;
    Ok(Job {
        name,
        kernel: image,
        arch: Arch::X86_64,
        plan,
        files: Vec::new(),
    })
}
