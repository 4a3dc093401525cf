//! `cargo xtask vm --samples`: the sample programs alone, and no fields.

use std::collections::BTreeMap;
use std::fs;

use crate::error::Error;
use crate::vm;
use crate::vm::Job;
use crate::vm::cli::complete;
use crate::vm::everything::Everything;
use crate::vm::run_all;
use crate::vm::samples;

impl Everything<'_> {
    /// Runs the samples on each kernel, and prints how many checks passed.
    pub(crate) fn run_samples(&self, jobs: &mut [Job]) -> Result<(), Error> {
        let portable = self.portable_samples(jobs)?;
        let mut run = BTreeMap::new();
        for job in &mut *jobs {
            let Some(files) = portable.get(&job.arch) else {
                continue;
            };
            let samples = samples::Run::of(&job.name, job.arch, files);
            let samples = samples.only_built(files);
            let folder = job.plan.parent().unwrap_or(&job.plan).to_owned();
            let write = || vm::Error::file("write", &job.plan);
            fs::create_dir_all(folder).map_err(write())?;
            fs::write(&job.plan, samples.plan_lines()).map_err(write())?;
            job.files.extend(files.iter().cloned());
            run.insert(job.name.clone(), samples);
        }
        let jobs: Vec<Job> = jobs
            .iter()
            .filter(|job| run.contains_key(&job.name))
            .cloned()
            .collect();
        let mut unfinished = Vec::new();
        println!("| kernel | sample | checks passed |\n| --- | --- | ---: |");
        for outcome in run_all(&jobs, self.settings)? {
            let answers = fs::read_to_string(&outcome.answers)
                .map_err(vm::Error::file("read", &outcome.answers))?;
            let report = run[&outcome.name].report(answers.lines());
            for (name, passed) in &report.passed {
                println!("| {} | {name} | {passed} |", outcome.name);
            }
            for line in &report.wrong {
                eprintln!("wrong on {}: sample {line}", outcome.name);
            }
            if !outcome.is_complete() || !report.wrong.is_empty() {
                unfinished.push(outcome.name);
            }
        }
        complete(unfinished)
    }
}
