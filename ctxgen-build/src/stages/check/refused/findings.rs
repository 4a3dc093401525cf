//! What verifiers make of what programs do with their contexts.

use std::cell::LazyCell;
use std::collections::BTreeSet;

use ctxgen::Context;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::Shape;
use ctxgen::object::Program;
use ctxgen::object::accesses::Access;
use ctxgen::object::accesses::AccessKind;
use ctxgen::object::accesses::Extent;
use ctxgen::object::accesses::ProgramAccesses;
use ctxgen::reads::Reached;
use ctxgen::reads::reached;
use ctxgen::text::name;

use super::kernel::Modified;
use super::kind::Kind;
use super::nullable::offsets;
use super::outside::Ends;
use super::outside::are_read_only;
use super::reads::Reads;
use super::reads::hook_of;
use super::reads::is_pointer;
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
            let ends = LazyCell::new(|| Ends::of(&hook, kernels));
            let nullable = LazyCell::new(|| offsets(&hook, kernels));
            let mut certain = Vec::new();
            for access in &found.accesses {
                let order = self.object.btf().byte_order();
                let judged = judge(kind, access, order, modified);
                let is_of_registers = kind == Kind::Registers && are_read_only(&hook);
                let is_store =
                    is_of_registers && access.is_certain && access.kind == AccessKind::Store;
                let judged = judged.or(is_store.then_some((Severity::Error, Why::Store)));
                let is_narrow =
                    judged.is_none() && self.is_narrow_pointer(program, &hook, access, kernels);
                let judged = judged.or(is_narrow.then_some((narrow, Why::NarrowPointer)));
                if judged.is_none() {
                    let of_field = self.refused_field(program, &hook, access);
                    let behind = self.behind_end(program, access, &ends);
                    let unchecked = self.unchecked(program, &hook, access, &nullable);
                    let number = self.followed_number(program, &hook, access);
                    let both = of_field.into_iter().chain(behind);
                    let both = both.chain(unchecked).chain(number);
                    certain.extend(both.map(|finding| (access, finding)));
                }
                if let Some((severity, why)) = judged {
                    let finding = self.refused(program, access, severity, why);
                    match severity {
                        Severity::Error => certain.push((access, finding)),
                        Severity::Warning => {
                            warnings.insert(finding.to_string());
                        }
                    }
                }
                let to_global = self.passed_to_global(program, &hook, access);
                certain.extend(to_global.map(|finding| (access, finding)));
            }
            let of_accesses = certain.into_iter().map(|(access, finding)| {
                let at = (&*access.section, access.instruction_offset);
                (at, Severity::Error, finding)
            });
            let returning = self.returning(program, found, kernels);
            let arguments = self.arguments(program, &hook, found, kernels);
            let arguments = arguments
                .into_iter()
                .map(|(at, finding)| (at, Severity::Error, finding));
            for (at, severity, finding) in of_accesses.chain(returning).chain(arguments) {
                match (self.reached(found, kernels, at), severity) {
                    (Reached::Never, _) => {}
                    (Reached::Always, Severity::Error) => {
                        refused.insert(finding);
                    }
                    (Reached::Always, Severity::Warning) => {
                        warnings.insert(finding.to_string());
                    }
                    (Reached::If(variables), _) => {
                        warnings.insert(format!("{finding}{}", condition(&variables)));
                    }
                }
            }
            let foreign = self.foreign(program, found, &hook, kernels);
            mismatches.extend(foreign.mismatch);
            let record = self.other_record(program, found, &hook, kernels);
            mismatches.extend(record.mismatch);
            warnings.extend(foreign.warning.into_iter().chain(record.warning));
        }
        Findings {
            refused: refused.into_iter().collect(),
            mismatches,
            warnings: warnings.into_iter().collect(),
        }
    }

    /// Whether an access loads a part of a pointer from a slot with types.
    fn is_narrow_pointer(
        &self,
        program: &Program,
        hook: &Hook,
        access: &Access,
        kernels: &[KernelBtf],
    ) -> bool {
        const POINTER: u32 = 8;
        let is_load = access.kind == AccessKind::Load && access.is_certain;
        let is_typed = matches!(Kind::of(hook), Kind::Slots | Kind::LsmSlots);
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
        let Ok(offset) = u32::try_from(access.displacement) else {
            return false;
        };
        let Some(context) = program.context else {
            // Slots that are declared as such: the kernel knows what is in them.
            let mut kernels = kernels.iter();
            return kernels.any(|kernel| has_pointer_at(kernel, hook, offset));
        };
        let field = self.object.field_at(context, offset);
        field.is_some_and(|field| is_pointer(self.object.btf(), field.type_id))
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

/// Whether a kernel has a pointer in the slot at an offset of a hook's context.
fn has_pointer_at(kernel: &KernelBtf, hook: &Hook, offset: u32) -> bool {
    let context = Context::of_hook_alone(kernel, hook);
    let Ok(Shape::Generated { layout, .. }) = context.map(|context| context.shape) else {
        return false;
    };
    let mut fields = layout.fields.iter();
    let field = fields.find(|field| field.offset == offset);
    field.is_some_and(|field| is_pointer(kernel.btf(), field.type_id))
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
