//! How a hook's prototype differs from kernel to kernel.

mod changes;
mod missing;

use std::fmt;

pub use self::changes::Change;
pub use self::changes::Move;
pub use self::changes::Place;
pub(crate) use self::changes::Slot;
pub(crate) use self::changes::Slots;
pub(crate) use self::changes::changes;
pub(crate) use self::changes::removed;
pub use self::missing::MissingField;
pub use self::missing::NoResult;
use crate::Context;
use crate::compare::CompareError;
use crate::hook::Hook;
use crate::hook::Prototypes;
use crate::kernel::KernelBtf;
use crate::kernel::labels;
use crate::prototype::PrototypeError;

/// A hook whose prototype is not the same on all kernels.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drift {
    /// Its struct's name.
    pub struct_name: String,
    /// The hooks whose programs get the struct.
    pub hooks: Vec<Hook>,
    /// From kernel to kernel, in their order.
    pub steps: Vec<Step>,
}

/// What changes from one kernel to another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Step {
    /// The one kernel's short name; see [`labels`].
    pub from: String,
    /// The other one's.
    pub to: String,
    /// What is different there, at least one thing.
    pub changes: Vec<Change>,
}

impl Drift {
    /// How the context that a struct name stands for differs among these kernels; `None` where it
    /// does not, or where none of them has it.
    ///
    /// Each kernel is held against the one before it that has the hook.
    ///
    /// # Errors
    /// [`CompareError::Declaration`], where a type or a name cannot be written in C.
    pub fn of(kernels: &[KernelBtf], hook: &Hook) -> Result<Option<Self>, CompareError> {
        // What programs get whatever they attach to is kept as it is, and functions in user space are
        // none of a kernel's.
        if hook.is_generic() || hook.family().prototypes() == Prototypes::User {
            return Ok(None);
        }
        let contexts: Vec<Result<Context, PrototypeError>> = kernels
            .iter()
            .map(|kernel| Context::find_struct(kernel, hook))
            .collect();
        let labels = labels(kernels);
        let mut hooks = Vec::new();
        let mut steps = Vec::new();
        let mut before: Option<(usize, Slots<'_>)> = None;
        for (index, (kernel, context)) in kernels.iter().zip(&contexts).enumerate() {
            let step = |from: usize, changes: Vec<Change>| Step {
                from: labels[from].clone(),
                to: labels[index].clone(),
                changes,
            };
            match context {
                Ok(context) => {
                    for hook in &context.hooks {
                        if !hooks.contains(hook) {
                            hooks.push(hook.clone());
                        }
                    }
                    let slots = Slots::of_context(kernel, context);
                    let found = match &before {
                        Some((_, before)) => changes(before, &slots)?,
                        None => Vec::new(),
                    };
                    match &before {
                        Some((from, _)) if !found.is_empty() => steps.push(step(*from, found)),
                        None if index > 0 => steps.push(step(index - 1, vec![Change::Appears])),
                        _ => {}
                    }
                    before = Some((index, slots));
                }
                Err(error) => {
                    if let Some((from, _)) = &before {
                        let why = absence(error);
                        steps.push(step(*from, vec![Change::Absent { why }]));
                    }
                }
            }
        }
        if before.is_none() || steps.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            struct_name: hook.struct_name(),
            hooks,
            steps,
        }))
    }
}

impl Drift {
    /// Whether a struct that is right on one of the kernels is so on all of them, whatever the arguments are
    /// called: nothing but names is different.
    pub fn is_in_names(&self) -> bool {
        let mut changes = self.steps.iter().flat_map(|step| &step.changes);
        changes.all(|change| matches!(change, Change::Renamed { .. }))
    }
}

/// Why a kernel has no such context, without the names that the report has already.
pub(crate) fn absence(error: &PrototypeError) -> String {
    match error {
        PrototypeError::UnknownHook { .. } => "the kernel does not have it".to_owned(),
        PrototypeError::Unsupported { reason, .. } => reason.to_string(),
        error => error.to_string(),
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hooks: Vec<_> = self.hooks.iter().map(ToString::to_string).collect();
        write!(
            f,
            "{} ({}) is not the same on all kernels:",
            hooks.join(", "),
            self.struct_name
        )?;
        for Step { from, to, changes } in &self.steps {
            write!(f, "\n  from {from} to {to}:")?;
            for change in changes {
                write!(f, "\n    {change}")?;
            }
        }
        Ok(())
    }
}
