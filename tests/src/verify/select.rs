//! Which hooks are judged.

use ctxgen::Context;
use ctxgen::Family;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::Passing;
use ctxgen::Prototypes;
use ctxgen::Shape;
use ctxgen::layout::Access;
use ctxgen::layout::Field;
use ctxgen::layout::Pointee;
use ctxgen::prototype;

/// How many functions are judged besides those that are chosen for their arguments.
const SAMPLE: usize = 3_000;
/// How many are judged of a family whose contexts hold nothing that others do not: registers, and what
/// fexit passes as well. At least 2,000 are left without those that have several prototypes.
const FEW: usize = 2_100;

/// What is judged of a kernel's functions. Of tracepoints, LSM hooks and iterators, all are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// No functions.
    NoFunctions,
    /// The functions with arguments by value, more than five, narrow ones or pointers to something
    /// unusual, and a fixed sample of 3,000 others; of breakpoints and sessions, at least 2,000.
    Sampled,
    /// All functions.
    Every,
}

/// The hooks of a family that are judged, sorted.
pub(super) fn hooks(kernel: &KernelBtf, family: Family, selection: Selection) -> Vec<Hook> {
    let all: Vec<Hook> = prototype::hooks(kernel, family).collect();
    if family.prototypes() != Prototypes::Function {
        return all;
    }
    match selection {
        Selection::NoFunctions => Vec::new(),
        Selection::Every => all,
        Selection::Sampled
            if family.passing() == Passing::Registers || family.name() == "fsession" =>
        {
            let step = (all.len() / FEW).max(1);
            all.into_iter().step_by(step).collect()
        }
        Selection::Sampled => {
            let (mut chosen, others): (Vec<Hook>, Vec<Hook>) =
                all.into_iter().partition(|hook| is_unusual(kernel, hook));
            let step = others.len().div_ceil(SAMPLE).max(1);
            chosen.extend(others.into_iter().step_by(step));
            chosen.sort();
            chosen
        }
    }
}

fn is_unusual(kernel: &KernelBtf, hook: &Hook) -> bool {
    match Context::of_hook_alone(kernel, hook) {
        Ok(context) => match context.shape {
            Shape::Generated { layout, .. } => {
                layout.fields.len() > 5 || layout.fields.iter().any(is_unusual_field)
            }
            Shape::Kernel { .. } | Shape::Other { .. } => true,
        },
        Err(ctxgen::PrototypeError::Unsupported { .. }) => true,
        Err(_) => false,
    }
}

fn is_unusual_field(field: &Field) -> bool {
    match field.access {
        Access::ByValue | Access::UnionByValue | Access::Never(_) => true,
        Access::Pointer(pointee) => pointee != Pointee::Int,
        Access::Always | Access::NotAlwaysPointer | Access::Data(_) => field.size < 4,
    }
}
