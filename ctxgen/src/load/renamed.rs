//! Arguments that the kernel has under other names than the object.

use std::collections::BTreeSet;
use std::fmt;

use super::sides::Sides;
use crate::kernel::Origin;
use crate::object::first_field;
use crate::prototype::pairing::KnownBy;

/// An argument that the kernel has under another name than the object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenamedArgument {
    /// The context struct.
    pub context: String,
    /// The object's field.
    pub field: String,
    /// What the kernel calls it.
    pub kernel: String,
    /// What tells that it is the same.
    pub by: KnownBy,
    origin: Origin,
}

impl fmt::Display for RenamedArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            context,
            field,
            kernel,
            by,
            origin,
        } = self;
        write!(
            f,
            "{field} of struct {context} is {kernel} in {origin}: {by}"
        )
    }
}

impl Sides<'_> {
    /// Those that programs access, by struct and field.
    pub(super) fn renamed(&self) -> Vec<RenamedArgument> {
        let relocations = self.object.relocations().iter();
        let fields: BTreeSet<(usize, &str)> = relocations
            .filter_map(|relocation| {
                let mut targets = self.targets.iter();
                let target = targets.position(|target| target.has(relocation.type_id))?;
                Some((target, first_field(&self.object.steps(relocation)?)?))
            })
            .collect();
        let renamed = fields.into_iter().filter_map(|(target, field)| {
            let target = &self.targets[target];
            let (argument, by) = target.renamed(field)?;
            let is_there = target.lack(self.object, self.kernel, field).is_none();
            is_there.then(|| RenamedArgument {
                context: target.hook.struct_name(),
                field: field.to_owned(),
                kernel: argument.name.clone(),
                by,
                origin: self.kernel.origin().clone(),
            })
        });
        renamed.collect()
    }
}
