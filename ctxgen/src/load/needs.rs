//! What an object needs of a kernel: what its hooks come to, and what its relocations are against.

use std::collections::BTreeSet;

use super::kept::Part;
use super::roots::Roots;
use crate::Context;
use crate::btf::TypeId;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::kernel::Touched;
use crate::object::ObjectFile;
use crate::object::Program;
use crate::sorted::set;

/// What an object needs of a kernel.
pub(super) struct Needs {
    /// What is looked up for hooks.
    pub(super) touched: Touched,
    /// What the object's other relocations are against.
    pub(super) roots: Vec<(TypeId, Part)>,
    /// Whether a hook or a type is not there.
    pub(super) is_lacking: bool,
    /// The names that the kernel has nothing of, where it lacks something.
    pub(super) lacking: BTreeSet<String>,
}

impl Needs {
    pub(super) fn of(object: &ObjectFile, kernel: &KernelBtf, wanted: &Roots) -> Self {
        let hooks = hooks(object);
        let (is_lacking_hook, touched) = kernel.touched_by(|| {
            let absent = hooks.iter().filter(|hook| !has(kernel, hook));
            absent.count() > 0
        });
        let mut lacking = BTreeSet::new();
        let mut roots = Vec::new();
        for (name, found, part) in wanted.candidates(kernel) {
            if found.is_empty() {
                lacking.insert(name.to_owned());
            }
            roots.extend(found.into_iter().map(|id| (id, part)));
        }
        if is_lacking_hook {
            let is_there = |name: &str| {
                let mut kinds = Named::ALL.into_iter();
                kinds.any(|named| kernel.candidates(named, name).next().is_some())
            };
            let asked = touched.asked.iter().filter(|name| !is_there(name));
            lacking.extend(asked.cloned());
        }
        Self {
            touched,
            roots,
            is_lacking: is_lacking_hook || !lacking.is_empty(),
            lacking,
        }
    }
}

/// Whether a kernel has a hook, as a program's section and as a context's struct say it.
fn has(kernel: &KernelBtf, hook: &Hook) -> bool {
    let as_section = Context::find_hook(kernel, hook).is_ok();
    Context::find_struct(kernel, hook).is_ok() && as_section
}

/// The hooks that programs are for, and those whose contexts are relocated.
fn hooks(object: &ObjectFile) -> Vec<Hook> {
    let of_programs = object.programs().iter().flat_map(Program::hooks);
    let of_contexts = object
        .relocated_contexts()
        .into_iter()
        .filter_map(|id| object.context_hook(id));
    set(of_programs.chain(of_contexts).collect())
}
