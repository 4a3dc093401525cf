//! Values that were read from the context, on their way through a program.

use std::rc::Rc;

use crate::object::code::Place;

/// How many reads are told apart that a value may be from.
pub(super) const MANY_SITES: usize = 8;

/// Where a value is from: the instructions that may have read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// Sorted.
    pub(super) sites: Rc<[Place]>,
    /// What has become of it.
    pub(super) state: Change,
    /// Whether nothing else than a number can have come in on another way.
    pub(super) is_number: bool,
}

/// What has become of a value since it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// It is what it was, or its lower part.
    None,
    /// Something was added, as to a pointer.
    Added,
    /// A number was made of it.
    Calculated,
}

impl Origin {
    /// That of a value that was just read.
    pub(super) fn of(site: Place) -> Self {
        Self {
            sites: Rc::new([site]),
            state: Change::None,
            is_number: true,
        }
    }

    pub(super) fn sites(&self) -> &[Place] {
        &self.sites
    }

    pub(super) fn change(&self) -> Change {
        self.state
    }

    pub(super) fn is_number(&self) -> bool {
        self.is_number
    }

    /// Its lower part.
    pub(super) fn cut(&self) -> Self {
        Self {
            is_number: true,
            ..self.clone()
        }
    }

    /// What arithmetic has made of it.
    pub(super) fn calculated(&self) -> Self {
        Self {
            state: Change::Calculated,
            is_number: true,
            ..self.clone()
        }
    }
}
