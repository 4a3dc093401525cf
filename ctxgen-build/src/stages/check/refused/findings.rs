//! What verifiers make of what programs do with their contexts.

use std::collections::BTreeSet;

use ctxgen::KernelBtf;
use ctxgen::object::Program;
use ctxgen::object::accesses::Extent;
use ctxgen::object::accesses::ProgramAccesses;
use ctxgen::reads::Reached;
use ctxgen::reads::reached;
use ctxgen::text::name;

use super::kernel::Modified;
use super::reads::Reads;
use super::reads::hook_of;
use super::rules::Severity;
use super::single::Single;
use crate::display::shown;
use crate::findings::Mismatch;
use crate::findings::Refused;

/// What was found in the object of a source.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// What is refused, sorted.
    pub(crate) refused: Vec<Refused>,
    /// Contexts that are declared as another kind of memory, and read as such.
    pub(crate) mismatches: Vec<Mismatch>,
    /// Remarks, sorted.
    pub(crate) warnings: Vec<String>,
}

/// What was found, each once.
#[derive(Default)]
struct Sorted {
    refused: BTreeSet<Refused>,
    warnings: BTreeSet<String>,
}

impl Sorted {
    fn add(&mut self, reached: Reached, severity: Severity, finding: Refused) {
        match (reached, severity) {
            (Reached::Never, _) => {}
            (Reached::Always, Severity::Error) => {
                self.refused.insert(finding);
            }
            (Reached::Always, Severity::Warning) => {
                self.warnings.insert(finding.to_string());
            }
            (Reached::If(variables), _) => {
                let condition = condition(&variables);
                self.warnings.insert(format!("{finding}{condition}"));
            }
        }
    }
}

impl Reads<'_> {
    /// What the verifiers of these kernels, which all have to load the object, do not take.
    pub(crate) fn findings(&self, kernels: &[KernelBtf]) -> Findings {
        let modified = Modified::of(kernels);
        let mut all = Sorted::default();
        let mut mismatches = Vec::new();
        for (program, found) in self.programs() {
            let Some(hook) = hook_of(program) else {
                continue;
            };
            if found.extent == Extent::NotExamined {
                all.warnings.insert(self.not_examined(program));
            }
            let single = Single::new(self, program, &hook, kernels, modified);
            let of_accesses = found.accesses.iter().flat_map(|access| {
                let at = (&*access.section, access.instruction_offset);
                let found = single.findings(access).into_iter();
                found.map(move |(severity, finding)| (at, severity, finding))
            });
            let returning = self.returning(program, found, kernels);
            for (at, severity, finding) in of_accesses.chain(returning) {
                all.add(self.reached(found, kernels, at), severity, finding);
            }
            for (reached, finding) in self.arguments(program, &hook, found, kernels) {
                all.add(reached, Severity::Error, finding);
            }
            let foreign = self.foreign(program, found, &hook, kernels);
            let record = self.other_record(program, found, &hook, kernels);
            for foreign in [foreign, record] {
                mismatches.extend(foreign.mismatch);
                all.warnings.extend(foreign.warning);
            }
        }
        Findings {
            refused: all.refused.into_iter().collect(),
            mismatches,
            warnings: all.warnings.into_iter().collect(),
        }
    }

    /// Whether the program gets to an instruction on any of these kernels.
    pub(super) fn reached(
        &self,
        found: &ProgramAccesses,
        kernels: &[KernelBtf],
        at: (&str, u32),
    ) -> Reached {
        let mut all = match kernels.is_empty() {
            true => Reached::Always,
            false => Reached::Never,
        };
        for kernel in kernels {
            match reached(self.object, kernel, found.program, at) {
                Reached::Never => {}
                Reached::Always => return Reached::Always,
                of_variables => all = of_variables,
            }
        }
        all
    }

    fn not_examined(&self, program: &Program) -> String {
        format!(
            "{}: program {}, SEC(\"{}\"), is too large to be followed: what it does with its context \
             was not examined",
            shown(&self.source_of(&program.name)),
            name(&program.name),
            name(&program.section)
        )
    }
}

/// On what it depends whether a program gets somewhere.
pub(super) fn condition(variables: &[String]) -> String {
    let variables: Vec<_> = variables.iter().map(|variable| name(variable)).collect();
    format!(
        "\nThat is so only where the variable {} has the program get there: it has its value before the program \
         is loaded.",
        variables.join(" or ")
    )
}
