//! All hooks of a kernel.

use super::all;
use crate::hook::Family;
use crate::hook::Hook;
use crate::kernel::KernelBtf;

/// All hooks of a family that `kernel` and its modules have, those that cannot be attached to
/// included: the kernel's own, sorted by target, then module by module those that name their module.
///
/// Targets that are no C identifiers are left out: no SEC name reaches them. Of `fmod_ret`, the
/// functions are listed that are known to be open to it by their name.
pub fn hooks(kernel: &KernelBtf, family: Family) -> impl Iterator<Item = Hook> {
    all(kernel, family).into_iter()
}
