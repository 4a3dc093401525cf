//! Every field of every context, held against the verifiers of several kernels.
//!
//! What is asked, and what the answers have to be, is worked out by the program `verify` of the
//! package `ctxgen-tests`, which has the layouts; here it is run for each kernel, before and after
//! the kernel itself.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use crate::error::Error;
use crate::process;
use crate::vm;
use crate::vm::Job;
use crate::vm::families;
use crate::vm::fleet::Outcome;
use crate::vm::samples;
use crate::workspace;
use crate::workspace::SUITE;

/// The programs of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Functions {
    /// Tracepoints, LSM hooks and iterators only.
    None,
    /// Also the functions with unusual arguments, and a sample of the others.
    #[default]
    Sampled,
    /// All functions.
    Every,
}

impl Functions {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sampled => "sampled",
            Self::Every => "every",
        }
    }
}

/// The program that makes plans and compares answers.
#[derive(Debug)]
pub(crate) struct Verify {
    program: PathBuf,
    functions: Functions,
}

impl Verify {
    /// Builds it.
    pub(crate) fn build(root: &Path, target: &Path, functions: Functions) -> Result<Self, Error> {
        let mut cargo = workspace::cargo();
        cargo.args(["build", "--quiet", "--workspace", "--all-features"]);
        cargo.args(["--profile", SUITE]);
        process::run(cargo.current_dir(root))?;
        Ok(Self {
            program: target.join(SUITE).join("verify"),
            functions,
        })
    }

    fn command(&self, arguments: [&Path; 3]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments);
        command.args(["--functions", self.functions.name()]);
        command
    }

    /// Builds the programs of all families for a kernel's BTF, into a folder; where each belongs in the
    /// machine, and where it is here.
    pub(crate) fn build_families(
        &self,
        job: &Job,
        btf: &Path,
        folder: &Path,
    ) -> Result<Vec<(String, PathBuf)>, Error> {
        families::build(&self.families(), btf, &job.name, folder)
    }

    fn families(&self) -> PathBuf {
        self.program.with_file_name("families")
    }

    /// Writes the plan for a kernel's BTF, or for the kernel image that has it.
    pub(crate) fn plan(&self, btf: &Path, plan: &Path) -> Result<(), Error> {
        process::run(&mut self.command([Path::new("plan"), btf, plan]))
    }

    /// Holds a kernel's answers against its plan.
    pub(crate) fn compare(
        &self,
        job: &Job,
        btf: &Path,
        outcome: &Outcome,
        samples: Option<&samples::Run>,
    ) -> Result<Verdict, Error> {
        let mut command = self.command([Path::new("compare"), btf, &outcome.answers]);
        let output = command
            .output()
            .map_err(vm::Error::file("run", &self.program))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (samples, families) = match samples {
            None => (None, None),
            Some(samples) => {
                let answers = fs::read_to_string(&outcome.answers)
                    .map_err(vm::Error::file("read", &outcome.answers))?;
                let families =
                    families::report(&self.families(), &job.name, job.arch, answers.lines());
                (Some(samples.report(answers.lines())), Some(families?))
            }
        };
        Ok(Verdict {
            samples,
            families,
            kernel: outcome.name.clone(),
            complaint: String::from_utf8_lossy(&output.stderr).into_owned(),
            text,
            passed: output.status.success() && outcome.is_complete(),
        })
    }
}

/// What came of a kernel.
#[derive(Debug)]
pub(crate) struct Verdict {
    kernel: String,
    /// What `verify compare` printed: a kind, a tab, and what belongs to it.
    text: String,
    complaint: String,
    passed: bool,
    /// What the sample programs reported, where they were run.
    samples: Option<samples::Report>,
    /// What came of the programs of all families, where they were loaded.
    families: Option<families::Report>,
}

impl Verdict {
    pub(crate) fn passed(&self) -> bool {
        self.passed
            && self.samples.iter().all(|report| report.wrong.is_empty())
            && self.families.iter().all(|report| report.wrong.is_empty())
    }

    fn of_kind<'t>(&'t self, kind: &'t str) -> impl Iterator<Item = &'t str> {
        self.text
            .lines()
            .filter_map(move |line| line.strip_prefix(kind)?.strip_prefix('\t'))
    }

    /// What disagrees, and what else is not as it should be.
    pub(crate) fn complaints(&self) -> String {
        let mut text = self.complaint.clone();
        for kind in ["wrong", "trouble"] {
            for line in self.of_kind(kind) {
                let _ = writeln!(
                    text,
                    "{kind} on {}: {}",
                    self.kernel,
                    line.replace('\t', "; ")
                );
            }
        }
        if let Some(report) = &self.samples {
            for line in &report.wrong {
                let _ = writeln!(text, "wrong on {}: sample {line}", self.kernel);
            }
        }
        if let Some(report) = &self.families {
            for line in &report.wrong {
                let _ = writeln!(text, "wrong on {}: program {line}", self.kernel);
            }
        }
        text
    }
}

const HEAD: &str = "\
| kernel | family | hooks | fields | confirmed | refused as predicted | outside BTF | wrong |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
";

/// The verdicts as a table, and below it what `outside BTF` consists of.
pub(crate) fn table(verdicts: &[Verdict]) -> String {
    let mut text = HEAD.to_owned();
    for verdict in verdicts {
        for row in verdict.of_kind("row") {
            let cells: Vec<&str> = row.split('\t').collect();
            let _ = writeln!(text, "| {} | {} |", verdict.kernel, cells.join(" | "));
        }
    }
    text.push_str(
        "\n| kernel | outside BTF because | loads and programs |\n| --- | --- | ---: |\n",
    );
    for verdict in verdicts {
        for line in verdict.of_kind("outside") {
            if let Some((count, why)) = line.split_once('\t') {
                let _ = writeln!(text, "| {} | {why} | {count} |", verdict.kernel);
            }
        }
    }
    text.push_str("\n| kernel | values read right | values wrong |\n| --- | ---: | ---: |\n");
    for verdict in verdicts {
        for line in verdict.of_kind("values") {
            let _ = writeln!(
                text,
                "| {} | {} |",
                verdict.kernel,
                line.replace('\t', " | ")
            );
        }
    }
    if verdicts.iter().any(|verdict| verdict.samples.is_some()) {
        text.push_str("\n| kernel | sample | checks passed |\n| --- | --- | ---: |\n");
    }
    for verdict in verdicts {
        for (name, passed) in verdict.samples.iter().flat_map(|report| &report.passed) {
            let _ = writeln!(text, "| {} | {name} | {passed} |", verdict.kernel);
        }
    }
    if verdicts.iter().any(|verdict| verdict.families.is_some()) {
        text.push_str("\n| kernel | programs of all families | |\n| --- | --- | ---: |\n");
    }
    for verdict in verdicts {
        for (count, what) in verdict.families.iter().flat_map(|report| &report.counts) {
            let _ = writeln!(text, "| {} | {what} | {count} |", verdict.kernel);
        }
    }
    text
}

/// The page that keeps the table.
pub(crate) fn page(verdicts: &[Verdict]) -> String {
    format!("{}\n{}", include_str!("verified.md"), table(verdicts))
}

/// Writes the page into the project.
pub(crate) fn write(root: &Path, verdicts: &[Verdict]) -> Result<PathBuf, Error> {
    let path = root.join("docs/verified.md");
    let unwritable = || vm::Error::file("write", &path);
    fs::create_dir_all(root.join("docs")).map_err(unwritable())?;
    fs::write(&path, page(verdicts)).map_err(unwritable())?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_a_table() {
        let verdict = Verdict {
            kernel: "6.1".to_owned(),
            text: "row\tlsm\t1\t2\t3\t4\t5\t6\noutside\t5\toff\nwrong\tlsm/x +8\ta\tb\n".to_owned(),
            complaint: String::new(),
            passed: false,
            samples: None,
            families: None,
        };
        assert_eq!(verdict.complaints(), "wrong on 6.1: lsm/x +8; a; b\n");
        let table = table(&[verdict]);
        assert!(
            table.contains("| 6.1 | lsm | 1 | 2 | 3 | 4 | 5 | 6 |\n"),
            "{table}"
        );
        assert!(table.contains("| 6.1 | off | 5 |\n"), "{table}");
    }
}
