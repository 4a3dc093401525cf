//! What is known of a program's instructions before they are followed.

use std::collections::HashMap;
use std::collections::HashSet;

use crate::object::code::Place;

/// What is known of a program's instructions before they are followed.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    /// Those that CO-RE relocates.
    pub(crate) relocated: HashSet<Place>,
    /// Those that take the address of a variable whose value is known before the program is verified: the
    /// variable's number.
    pub(crate) variables: HashMap<Place, u32>,
    /// Branches, and the ways that are not taken there: with true, the jump; with false, the way on.
    pub(crate) closed: HashSet<(Place, bool)>,
}

impl Hints {
    pub(super) fn is_closed(&self, branch: Place, jumps: bool) -> bool {
        self.closed.contains(&(branch, jumps))
    }
}
