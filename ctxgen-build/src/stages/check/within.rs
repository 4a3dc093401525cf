//! Probes that are set behind the start of a function (`kprobe/vfs_read+0x10`).
//!
//! Registers hold a function's arguments when it is entered. Behind its first instructions they may hold anything.

use ctxgen::Passing;
use ctxgen::SecName;
use ctxgen::object::Program;
use ctxgen::text::name;

use super::refused::Reads;
use crate::display::shown;

/// Remarks for programs on such probes that take the function's arguments.
pub(super) fn within_functions(reads: &Reads<'_>) -> Vec<String> {
    let object = reads.object();
    let remark = |program: &Program| {
        let sec = SecName::parse(&program.section).ok()?;
        let offset = sec.offset()?;
        let takes = object.context_hook(program.context?)?;
        (takes.family().passing() == Passing::Registers).then(|| {
            format!(
                "{}: program {}, SEC(\"{}\"): it is set {offset} bytes behind the start of the function, where \
                 registers need not hold the arguments that struct {} has. What they hold there, the function's \
                 instructions tell: take struct pt_regs",
                shown(&reads.source_of(&program.name)),
                name(&program.name),
                name(&program.section),
                name(&takes.struct_name())
            )
        })
    };
    object.programs().iter().filter_map(remark).collect()
}
