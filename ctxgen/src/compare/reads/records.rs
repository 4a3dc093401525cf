//! Reads of a trace event's record through another event's struct.

use super::JudgedRead;
use super::Place;
use super::Value;
use super::Verdict;
use super::arguments::Passed;
use super::case::Judge;
use super::core;
use crate::btf::compat::essential_name;
use crate::object::Relocation;

/// The verdict on a relocated read where the struct is another event's, and this event's record has no such
/// field there; `None` of all others.
pub(super) fn other(
    judge: &Judge<'_>,
    relocation: &Relocation,
    passed: &Passed<'_>,
) -> Option<JudgedRead> {
    let object = judge.object.object();
    let ty = object.btf().get(relocation.type_id)?;
    if !relocation.kind.is_of_field() || !passed.is_other_record(essential_name(ty.name())) {
        return None;
    }
    let (name, offset) = core::member_at(object, judge.kernel, relocation)?;
    let found = passed.at(offset);
    let is_same = found.is_some_and(|place| {
        let argument = &passed.arguments[place];
        argument.offset == offset && argument.name.as_deref() == Some(&*name)
    });
    if is_same {
        return None;
    }
    Some(JudgedRead {
        place: Place::Byte(offset),
        width: None,
        meant: Some(Value {
            name: Some(core::named(object, relocation)),
            r#type: String::new(),
            is_returned: false,
        }),
        found: found.map(|place| passed.value(place)),
        verdict: match found {
            Some(_) => Verdict::AnotherValue,
            None => Verdict::Gone,
        },
        remarks: Vec::new(),
        line: None,
        read: None,
    })
}
