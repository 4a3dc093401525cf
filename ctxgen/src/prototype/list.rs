//! All hooks of a kernel.

use super::targets;
use crate::hook::Family;
use crate::hook::Hook;
use crate::kernel::KernelBtf;

/// All hooks of a family that `kernel` has, those that cannot be attached to included, sorted by
/// target.
///
/// Targets that are no C identifiers are left out: no SEC name reaches them. Of `fmod_ret`, the
/// functions are listed that are known to be open to it by their name.
pub fn hooks(kernel: &KernelBtf, family: Family) -> impl Iterator<Item = Hook> {
    targets(kernel, family)
        .into_iter()
        .filter_map(move |target| Hook::new(family, &target).ok())
}
