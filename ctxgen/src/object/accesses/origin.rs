//! Values that were read from the context, on their way through a program.

use std::rc::Rc;

use super::value::Value;
use crate::object::code::Place;

/// How many reads are told apart that a value may be from.
const MANY: usize = 8;

/// Where a value is from: the instructions that may have read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// Sorted.
    sites: Rc<[Place]>,
    /// What has become of it.
    state: Change,
    /// Whether nothing else than a number can have come in on another way.
    is_number: bool,
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

    /// Where both values may come together; `None` where neither is from the context, or one may be the
    /// context itself.
    pub(super) fn joined(one: &Value, other: &Value) -> Option<Self> {
        let is_plain = |value: &Value| matches!(value, Value::Number(_) | Value::Field(..));
        Some(match (one, other) {
            (Value::Read(one), Value::Read(other)) => {
                let mut sites = [&*one.sites, &*other.sites].concat();
                sites.sort_unstable();
                sites.dedup();
                sites.truncate(MANY);
                Self {
                    sites: sites.into(),
                    state: one.state.max(other.state),
                    is_number: one.is_number && other.is_number,
                }
            }
            (Value::Read(origin), value) | (value, Value::Read(origin)) if is_plain(value) => {
                origin.clone()
            }
            (Value::Read(origin), Value::Other) | (Value::Other, Value::Read(origin)) => Self {
                is_number: false,
                ..origin.clone()
            },
            _ => return None,
        })
    }

    /// With something added.
    pub(super) fn moved(one: &Value, other: &Value) -> Option<Self> {
        let (origin, by) = match (one, other) {
            (Value::Read(_), Value::Read(_)) => return None,
            (Value::Read(origin), by) | (by, Value::Read(origin)) => (origin, by),
            _ => return None,
        };
        if by.context().is_some() || matches!(by, Value::Stack { .. }) {
            return None;
        }
        Some(Self {
            state: origin.state.max(Change::Added),
            ..origin.clone()
        })
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
