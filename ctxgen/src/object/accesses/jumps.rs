//! Where jumps lead.

use crate::object::code::Code;
use crate::object::code::Place;
use crate::object::instruction::Instruction;
use crate::object::instruction::LEN;

/// The instructions of an object that others jump to.
#[derive(Debug)]
pub(super) struct Jumps(Vec<Vec<bool>>);

impl Jumps {
    pub(super) fn of(code: &Code) -> Self {
        let numbers = 0..u32::try_from(code.sections.len()).unwrap_or(u32::MAX);
        Self(numbers.map(|section| targets(code, section)).collect())
    }

    /// Whether an instruction jumps to a place.
    pub(super) fn lead_to(&self, place: Place) -> bool {
        let section = self.0.get(place.section as usize);
        section.is_some_and(|section| section.get(place.index as usize) == Some(&true))
    }
}

fn targets(code: &Code, section: u32) -> Vec<bool> {
    let len = code.sections[section as usize].code.len() / LEN;
    let mut targets = vec![false; len];
    for index in 0..u32::try_from(len).unwrap_or(u32::MAX) {
        let place = Place { section, index };
        let by = match code.at(place) {
            Some(Instruction::Jump { by } | Instruction::Branch { by, .. }) => by,
            _ => continue,
        };
        let to = place.moved(1 + i64::from(by));
        if let Some(target) = to.and_then(|to| targets.get_mut(to.index as usize)) {
            *target = true;
        }
    }
    targets
}
