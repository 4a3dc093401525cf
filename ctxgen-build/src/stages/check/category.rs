//! Trace events in categories that no kernel is known to have.

use ctxgen::KernelBtf;
use ctxgen::object::Program;
use ctxgen::prototype::unknown_category;
use ctxgen::text::name;

use super::refused::Reads;
use crate::display::shown;

/// Remarks for programs on events whose category is most likely a slip. The kernel looks for the event in it when
/// the program is attached, and BTF does not tell.
pub(super) fn unknown_categories(kernels: &[KernelBtf], reads: &Reads<'_>) -> Vec<String> {
    let remark = |program: &Program| {
        let hook = program.hooks().into_iter().next()?;
        let mut all = kernels.iter().map(|kernel| unknown_category(kernel, &hook));
        let similar = all.next()??;
        if !all.all(|other| other.is_some()) {
            return None;
        }
        let category = hook.target().split('/').next().unwrap_or_default();
        let similar = match similar.is_empty() {
            true => String::new(),
            false => format!(" (similar: {})", similar.join(", ")),
        };
        Some(format!(
            "{}: program {}, SEC(\"{}\"): that the event is in a category {} is not verified: BTF has no \
             categories, and none of Linux 5.10 to 7.3 is called so{similar}. The kernel's \
             /sys/kernel/tracing/events tells (Builder::formats)",
            shown(&reads.source_of(&program.name)),
            name(&program.name),
            name(&program.section),
            name(category)
        ))
    };
    let programs = reads.object().programs().iter();
    programs.filter_map(remark).collect()
}
