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

/// What objects need of a kernel.
pub(super) struct Needs {
    /// What is looked up for hooks.
    pub(super) touched: Touched,
    /// What the object's other relocations are against.
    pub(super) roots: Vec<(TypeId, Part)>,
    /// What modules may have.
    pub(super) lacking: Lacking,
}

/// What a kernel lacks without its modules.
#[derive(Debug, Default)]
pub(super) struct Lacking {
    /// Names that were looked for, and of which it has nothing.
    pub(super) names: BTreeSet<String>,
    /// The modules that hooks name.
    pub(super) modules: BTreeSet<String>,
}

impl Lacking {
    pub(super) fn is_nothing(&self) -> bool {
        self.names.is_empty() && self.modules.is_empty()
    }
}

impl Needs {
    pub(super) fn of(objects: &[ObjectFile], kernel: &KernelBtf, wanted: &Roots) -> Self {
        let hooks = set(objects.iter().flat_map(hooks).collect());
        let (absent, touched) = kernel.touched_by(|| {
            let absent = hooks.iter().filter(|hook| !has(kernel, hook));
            absent.collect::<Vec<_>>()
        });
        let mut lacking = Lacking::default();
        let mut roots = Vec::new();
        for (name, found, part) in wanted.candidates(kernel) {
            if found.is_empty() {
                lacking.names.insert(name.to_owned());
            }
            roots.extend(found.into_iter().map(|id| (id, part)));
        }
        let named = absent.iter().filter_map(|hook| hook.module());
        lacking.modules.extend(named.map(str::to_owned));
        if !absent.is_empty() {
            let is_there = |name: &str| {
                let mut kinds = Named::ALL.into_iter();
                kinds.any(|named| kernel.candidates(named, name).next().is_some())
            };
            let asked = touched.asked.iter().filter(|name| !is_there(name));
            lacking.names.extend(asked.cloned());
        }
        Self {
            touched,
            roots,
            lacking,
        }
    }
}

/// Whether a kernel has a hook, as a program's section and as a context's struct say it.
fn has(kernel: &KernelBtf, hook: &Hook) -> bool {
    Context::find_struct(kernel, hook).is_ok() && Context::find_hook(kernel, hook).is_ok()
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
