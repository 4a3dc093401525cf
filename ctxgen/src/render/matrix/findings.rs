//! The findings of a matrix in one list.

use std::cmp::Reverse;

use crate::matrix::Finding;
use crate::matrix::Matrix;
use crate::matrix::Object;
use crate::matrix::Program;
use crate::matrix::Row;

use super::words::Level;

/// A finding, and what it is of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed<'m> {
    pub(super) object: &'m Object,
    pub(super) program: &'m Program,
    pub(super) row: &'m Row,
    pub(super) finding: &'m Finding,
}

impl Listed<'_> {
    /// How loud it is.
    pub(super) fn level(&self) -> Level {
        Level::of(self.finding)
    }

    /// Whether a baseline has it for all of its kernels.
    pub(super) fn is_known(&self) -> bool {
        self.finding.known == self.finding.kernels
    }

    /// What was found, as one sentence with the kernels.
    pub(super) fn sentence(&self) -> String {
        let Finding {
            ranges, sentence, ..
        } = self.finding;
        let Program { name, section, .. } = self.program;
        let what = &self.row.what;
        let known = match self.is_known() {
            true => "; the baseline has it",
            false => "",
        };
        format!("{name} ({section}), {what}: {sentence} [{ranges}]{known}")
    }
}

/// All findings: what makes the command fail first, then the worst first, then as they are in the matrix.
pub(super) fn findings(matrix: &Matrix) -> Vec<Listed<'_>> {
    let mut all = Vec::new();
    for object in &matrix.objects {
        for program in &object.programs {
            for row in &program.rows {
                all.extend(row.findings.iter().map(|finding| Listed {
                    object,
                    program,
                    row,
                    finding,
                }));
            }
        }
    }
    // The order is stable.
    all.sort_by_key(|listed| (listed.level(), Reverse(listed.finding.status)));
    all
}
