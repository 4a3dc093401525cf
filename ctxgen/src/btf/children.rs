//! What a type refers to: the one way in which walks over types go on.

use super::Btf;
use super::TYPE_WORDS;
use super::TypeId;
use super::type_layout::Role;
use super::type_layout::Shape;

/// A type that another one refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Child {
    pub(crate) id: TypeId,
    /// What it is to the other.
    pub(crate) role: Role,
}

/// The children of a type, in the order of its words.
#[derive(Clone, Debug)]
pub(crate) struct Children<'a> {
    btf: &'a Btf<'a>,
    words: &'a [u32],
    refers: Option<Role>,
    ids: &'static [(usize, Role)],
    record: usize,
    /// Where the next record starts, and which of its ids is next.
    at: usize,
    number: usize,
}

impl<'a> Children<'a> {
    /// Those of a type of that kind with these words.
    pub(super) fn new(btf: &'a Btf<'_>, kind: u32, words: &'a [u32]) -> Self {
        let shape = Shape::of_kind(kind);
        Self {
            btf,
            words,
            refers: shape.and_then(|shape| shape.refers),
            ids: shape.map_or(&[], |shape| shape.ids),
            record: shape.map_or(0, |shape| shape.record),
            at: TYPE_WORDS,
            number: 0,
        }
    }
}

impl Iterator for Children<'_> {
    type Item = Child;

    fn next(&mut self) -> Option<Child> {
        if let Some(role) = self.refers.take() {
            let id = TypeId(self.words[2]);
            return Some(Child { id, role });
        }
        loop {
            let &(column, role) = self.ids.get(self.number)?;
            let id = TypeId(*self.words.get(self.at + column)?);
            self.number += 1;
            if self.number == self.ids.len() {
                self.number = 0;
                self.at += self.record;
            }
            // A member of an unknown kind is none.
            if role != Role::Member || !self.btf.has_unknown() || self.btf.unknown_behind(id) == 0 {
                return Some(Child { id, role });
            }
        }
    }
}
