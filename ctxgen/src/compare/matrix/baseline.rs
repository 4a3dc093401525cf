//! Findings that are known, and which of the others fail.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::Column;
use super::Finding;
use super::Matrix;
use super::Status;
use super::version::Version;

/// The findings of a run, which are no news in the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Baseline {
    /// The version of the form: [`Baseline::VERSION`].
    pub version: u32,
    /// The kernels of the run.
    pub kernels: Vec<BaselineKernel>,
    /// What was found.
    pub findings: Vec<BaselineFinding>,
}

/// A kernel of a baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct BaselineKernel {
    /// Its label.
    pub label: String,
    /// Its architecture, where it is known.
    pub arch: Option<String>,
}

/// A finding of a baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct BaselineFinding {
    /// What tells it from others: [`Finding::fingerprint`].
    pub fingerprint: String,
    /// The status. This and what follows, but for the kernels, is for people.
    pub status: Status,
    /// The object.
    pub object: String,
    /// The program.
    pub program: String,
    /// What of it.
    pub what: String,
    /// The labels of the kernels on which it was found.
    pub kernels: BTreeSet<String>,
}

impl Baseline {
    /// The version of the form.
    pub const VERSION: u32 = 1;

    /// All that a matrix has found.
    pub fn of(matrix: &Matrix) -> Self {
        let label = |place: &usize| matrix.kernels[*place].label.clone();
        let kernel = |column: &Column| BaselineKernel {
            label: column.label.clone(),
            arch: column.arch.clone(),
        };
        let mut findings = Vec::new();
        for object in &matrix.objects {
            for program in &object.programs {
                for row in &program.rows {
                    findings.extend(row.findings.iter().map(|finding| BaselineFinding {
                        fingerprint: finding.fingerprint.clone(),
                        status: finding.status,
                        object: object.name.clone(),
                        program: program.name.clone(),
                        what: row.what.clone(),
                        kernels: finding.kernels.iter().map(label).collect(),
                    }));
                }
            }
        }
        Self {
            version: Self::VERSION,
            kernels: matrix.kernels.iter().map(kernel).collect(),
            findings,
        }
    }

    /// For each kernel of a matrix, what it is called here: by its own label or that of an equal one, or,
    /// where it is new, that of the kernel before it of the same architecture.
    fn labels(&self, columns: &[Column]) -> Vec<Option<&str>> {
        let known: BTreeSet<&str> = self.kernels.iter().map(|of| &*of.label).collect();
        let mut of_arch: BTreeMap<Option<&str>, Vec<(Option<Version>, &str)>> = BTreeMap::new();
        for kernel in &self.kernels {
            let all = of_arch.entry(kernel.arch.as_deref()).or_default();
            all.push((Version::of(&kernel.label), &kernel.label));
        }
        for all in of_arch.values_mut() {
            all.sort();
        }
        let label = |column: &Column| {
            let mut own = std::iter::once(&column.label).chain(&column.equal);
            if let Some(own) = own.find_map(|label| known.get(&**label)) {
                return Some(*own);
            }
            let all = of_arch.get(&column.arch.as_deref())?;
            let version = (Version::of(&column.label), &*column.label);
            let before = all.partition_point(|of| (&of.0, of.1) <= (&version.0, version.1));
            before.checked_sub(1).map(|place| all[place].1)
        };
        columns.iter().map(label).collect()
    }
}

impl Matrix {
    /// Marks the findings that make a run fail: those with one of these statuses that a baseline does not
    /// have, on at least one kernel. Says how many there are.
    pub fn fail_on(&mut self, statuses: &[Status], baseline: Option<&Baseline>) -> usize {
        let labels = baseline.map(|baseline| baseline.labels(&self.kernels));
        let labels = labels.unwrap_or_default();
        let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for finding in baseline.iter().flat_map(|baseline| &baseline.findings) {
            let of = known.entry(&finding.fingerprint).or_default();
            of.extend(finding.kernels.iter().map(String::as_str));
        }
        let mut count = 0;
        for finding in self.findings_mut() {
            let of = known.get(&*finding.fingerprint);
            let is_known = |place: &&usize| {
                let label = labels.get(**place).copied().flatten();
                label.is_some_and(|label| of.is_some_and(|of| of.contains(label)))
            };
            finding.known = finding.kernels.iter().filter(is_known).copied().collect();
            let is_new = finding.known.len() < finding.kernels.len();
            finding.fails = is_new && statuses.contains(&finding.status);
            count += usize::from(finding.fails);
        }
        count
    }

    fn findings_mut(&mut self) -> impl Iterator<Item = &mut Finding> {
        let programs = self
            .objects
            .iter_mut()
            .flat_map(|object| &mut object.programs);
        let rows = programs.flat_map(|program| &mut program.rows);
        rows.flat_map(|row| &mut row.findings)
    }
}
