//! An object and the kernels that its programs are held against.

use std::cell::Cell;

use super::spot::Registers;
use crate::kernel::KernelBtf;
use crate::object::Need;
use crate::object::Place;
use crate::object::reads::Examined;

pub(super) struct Judge<'j> {
    pub(super) object: &'j Examined,
    pub(super) kernel: &'j KernelBtf,
    pub(super) built_for: Option<&'j KernelBtf>,
    pub(super) registers: Option<Registers>,
    /// Whether the object's programs of breakpoints are for another architecture than the kernel's.
    pub(super) is_foreign: bool,
    /// Whether they are for another than that of the kernel that the object was built for, as is said.
    pub(super) is_built_for_foreign: bool,
    /// What instructions anywhere in the object need, and the kernel lacks.
    pub(super) lacking: Vec<(Place, Need)>,
    /// How often a program may still be followed again.
    pub(super) tries: Cell<usize>,
}

impl Judge<'_> {
    /// Whether a program may be followed once more.
    pub(super) fn may_try(&self) -> bool {
        let left = self.tries.get().checked_sub(1);
        self.tries.set(left.unwrap_or(0));
        left.is_some()
    }
}
