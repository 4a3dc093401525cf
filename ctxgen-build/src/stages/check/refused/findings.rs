//! What verifiers make of what programs do with their contexts.

use std::collections::BTreeSet;

use ctxgen::KernelBtf;
use ctxgen::object::Program;
use ctxgen::object::accesses::Access;
use ctxgen::object::accesses::AccessKind;
use ctxgen::object::accesses::Extent;
use ctxgen::text::name;

use super::kernel::Modified;
use super::kind::Kind;
use super::outside::are_read_only;
use super::reads::Reads;
use super::reads::hook_of;
use super::rules::Severity;
use super::rules::Why;
use super::rules::judge;
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

impl Reads<'_> {
    /// What the verifiers of these kernels, which all have to load the object, do not take.
    pub(crate) fn findings(&self, kernels: &[KernelBtf]) -> Findings {
        let modified = Modified::of(kernels);
        let narrow = match kernels.iter().any(KernelBtf::refuses_narrow_pointers) {
            true => Severity::Error,
            false => Severity::Warning,
        };
        let mut refused = BTreeSet::new();
        let mut warnings = BTreeSet::new();
        let mut mismatches = Vec::new();
        for (program, found) in self.programs() {
            let Some(hook) = hook_of(program) else {
                continue;
            };
            let kind = Kind::of(&hook);
            if found.extent == Extent::NotExamined {
                warnings.insert(self.not_examined(program));
            }
            for access in &found.accesses {
                let order = self.object.btf().byte_order();
                let judged = judge(kind, access, order, modified);
                let is_of_registers = kind == Kind::Registers && are_read_only(&hook);
                let is_store =
                    is_of_registers && access.is_certain && access.kind == AccessKind::Store;
                let judged = judged.or(is_store.then_some((Severity::Error, Why::Store)));
                let is_narrow = judged.is_none() && self.is_narrow_pointer(program, kind, access);
                let judged = judged.or(is_narrow.then_some((narrow, Why::NarrowPointer)));
                if judged.is_none() {
                    refused.extend(self.refused_field(program, &hook, access));
                    refused.extend(self.behind_end(program, &hook, access, kernels));
                }
                if let Some((severity, why)) = judged {
                    let finding = self.refused(program, access, severity, why);
                    match severity {
                        Severity::Error => {
                            refused.insert(finding);
                        }
                        Severity::Warning => {
                            warnings.insert(finding.to_string());
                        }
                    }
                }
                refused.extend(self.passed_to_global(program, &hook, access));
            }
            let foreign = self.foreign(program, found, &hook, kernels);
            mismatches.extend(foreign.mismatch);
            mismatches.extend(self.other_record(program, found, &hook, kernels));
            warnings.extend(foreign.warning);
        }
        Findings {
            refused: refused.into_iter().collect(),
            mismatches,
            warnings: warnings.into_iter().collect(),
        }
    }

    /// Whether an access loads a part of a pointer from a slot with types.
    fn is_narrow_pointer(&self, program: &Program, kind: Kind, access: &Access) -> bool {
        const POINTER: u32 = 8;
        let is_load = access.kind == AccessKind::Load && access.is_certain;
        let is_typed = matches!(kind, Kind::Slots | Kind::LsmSlots);
        if !is_load || !is_typed || access.width >= POINTER || !access.base.is_unmodified() {
            return false;
        }
        // Of another declaration of the context, such as a flavour, CO-RE tells where the field is.
        let relocation = access
            .relocation
            .map(|place| &self.object.relocations()[place]);
        if relocation.is_some_and(|relocation| program.context != Some(relocation.type_id)) {
            return false;
        }
        let field = program
            .context
            .zip(u32::try_from(access.displacement).ok())
            .and_then(|(context, offset)| self.object.field_at(context, offset));
        let ty = field.and_then(|field| self.object.btf().resolve(field.type_id));
        ty.is_some_and(|ty| matches!(ty.kind(), ctxgen::btf::Kind::Ptr(_)))
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
