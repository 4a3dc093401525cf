//! The hooks that may have been meant by one that is not there.

use super::PrototypeError;
use super::event::similar;
use super::function;
use super::list::all;
use super::list::nearest_of;
use super::struct_ops;
use crate::hook::Hook;
use crate::hook::Prototypes;
use crate::kernel::KernelBtf;
use crate::text::ident::original;

/// Those of a family's hooks that are on functions made of the same one as that of this hook.
fn clones(all: &[Hook], hook: &Hook) -> Vec<String> {
    let own = original(hook.target());
    all.iter()
        .filter(|other| hook.family().has_functions() && original(other.target()) == own)
        .map(ToString::to_string)
        .collect()
}

/// The error with the nearest names that there are, for a person to choose from.
pub(crate) fn with_nearest(kernel: &KernelBtf, error: PrototypeError) -> PrototypeError {
    match error {
        PrototypeError::UnknownHook {
            hook,
            origin,
            tried,
            ..
        } => {
            let meant = match hook.family().prototypes() {
                Prototypes::Function => function::behind_alias(kernel, &hook),
                _ => None,
            };
            let nearest = match (meant, hook.family().prototypes()) {
                (Some(meant), _) => vec![meant.to_string()],
                (None, Prototypes::StructOps) => struct_ops::nearest_hooks(kernel, &hook),
                (None, Prototypes::Event) => similar::nearest_hooks(kernel, &hook),
                (None, _) => {
                    let all = all(kernel, hook.family());
                    match clones(&all, &hook) {
                        clones if clones.is_empty() => nearest_of(&all, hook.own_name()),
                        clones => clones,
                    }
                }
            };
            PrototypeError::UnknownHook {
                hook,
                origin,
                tried,
                nearest,
            }
        }
        error => error,
    }
}
