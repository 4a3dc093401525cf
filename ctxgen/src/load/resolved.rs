//! What an object comes to on a kernel.

use std::collections::BTreeSet;

use super::program;
use super::program::AbsentHook;
use super::roots::Roots;
use super::sides::Sides;
use crate::btf::TypeId;
use crate::compare::targets::TargetError;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::kernel::Touched;
use crate::object::ObjectFile;

use super::kept::Part;

/// An object on a kernel, and what of the kernel that takes.
pub(super) struct Resolved<'s> {
    pub(super) sides: Sides<'s>,
    /// The programs that cannot be attached.
    pub(super) absent: Vec<AbsentHook>,
    /// What was looked up for hooks.
    pub(super) touched: Touched,
    /// What the object's other relocations are against.
    pub(super) roots: Vec<(TypeId, Part)>,
    /// Whether a hook or a type is not there.
    pub(super) is_lacking: bool,
    /// The names that the kernel has nothing of, where it lacks something.
    pub(super) lacking: BTreeSet<String>,
}

impl<'s> Resolved<'s> {
    pub(super) fn new(
        object: &'s ObjectFile,
        kernel: &'s KernelBtf,
        wanted: &Roots,
    ) -> Result<Self, TargetError> {
        let resolve = || {
            let sides = Sides::new(object, kernel)?;
            Ok::<_, TargetError>((sides, program::absent(object, kernel)))
        };
        let (resolved, touched) = kernel.touched_by(resolve);
        let (sides, absent) = resolved?;
        let mut lacking = BTreeSet::new();
        let mut roots = Vec::new();
        for (name, found, part) in wanted.candidates(kernel) {
            if found.is_empty() {
                lacking.insert(name.to_owned());
            }
            roots.extend(found.into_iter().map(|id| (id, part)));
        }
        let mut targets = sides.targets.iter();
        let lacks_hook = !absent.is_empty() || targets.any(|target| target.context.is_err());
        if lacks_hook {
            let is_there = |name: &str| {
                let mut kinds = Named::ALL.into_iter();
                kinds.any(|named| kernel.candidates(named, name).next().is_some())
            };
            let asked = touched.asked.iter().filter(|name| !is_there(name));
            lacking.extend(asked.cloned());
        }
        Ok(Self {
            sides,
            absent,
            touched,
            roots,
            is_lacking: lacks_hook || !lacking.is_empty(),
            lacking,
        })
    }
}
