//! Functions in user space of another program than the one whose prototypes are known.
//!
//! A context struct is called by its function alone, and so its fields are those of the function of that name in
//! a program that was given. The section may name another file.

use ctxgen::Context;
use ctxgen::KernelBtf;
use ctxgen::Prototypes;
use ctxgen::SecName;
use ctxgen::Shape;
use ctxgen::object::Program;
use ctxgen::text::name;

use super::refused::Reads;
use crate::display::shown;

/// Remarks for programs that take the context of another program's function.
pub(super) fn other_programs(kernels: &[KernelBtf], reads: &Reads<'_>) -> Vec<String> {
    let object = reads.object();
    let remark = |program: &Program| {
        let sec = SecName::parse(&program.section).ok()?;
        let hook = sec.hook;
        let takes = object.context_hook(program.context?)?;
        let is_of_function = hook.family().prototypes() == Prototypes::User && !hook.is_generic();
        if !is_of_function || takes.struct_name() != hook.struct_name() {
            return None;
        }
        let binary = hook.binary()?;
        let is_other = |kernel: &KernelBtf| {
            let context = Context::of_hook_alone(kernel, &hook);
            matches!(
                context.map(|context| context.shape),
                Ok(Shape::Kernel { .. })
            )
        };
        kernels.iter().all(is_other).then(|| {
            format!(
                "{}: program {}, SEC(\"{}\"): none of the programs that were given is called {}, and the fields \
                 of struct {} are those of a function {} in another one: give that program, too \
                 (Builder::user), or take struct pt_regs",
                shown(&reads.source_of(&program.name)),
                name(&program.name),
                name(&program.section),
                name(binary.rsplit('/').next().unwrap_or(binary)),
                name(&takes.struct_name()),
                name(hook.target())
            )
        })
    };
    object.programs().iter().filter_map(remark).collect()
}
