//! What programs do only where user space says so.
//!
//! A `const volatile` variable and one of the kernel's configuration (`__kconfig`) have their values before a
//! program is verified, and the verifier does not follow a branch that they close. Which values that will be, an
//! object does not tell: those that it has are defaults.

use std::collections::BTreeSet;
use std::collections::HashSet;
use std::sync::Arc;

use super::hints::Hints;
use super::jumps::Jumps;
use super::used::GuardAt;
use super::walk::Budget;
use super::walk::walk;
use crate::object::Flow;
use crate::object::ObjectFile;
use crate::object::Relocation;
use crate::object::code::Place;
use crate::object::code::index_of;

/// How many branches of a program are tried.
const MAX_BRANCHES: usize = 48;
/// Of how many of them each is tried with each other one.
const MAX_PAIRED: usize = 10;

/// The branches of a program on such variables, with the variables' names.
pub(crate) fn branches(object: &ObjectFile, program: usize) -> Vec<(Place, Arc<str>)> {
    let variables = &object.variables;
    let code = &object.code;
    let entry = object.programs().get(program).and_then(|program| {
        let section = *code.numbers().get(&*program.section)?;
        let index = index_of(program.range.start)?;
        Some(Place { section, index })
    });
    let Some(entry) = entry.filter(|_| !variables.by_place.is_empty()) else {
        return Vec::new();
    };
    let hints = Hints {
        relocated: HashSet::new(),
        variables: variables.by_place.clone(),
        closed: HashSet::new(),
    };
    let budget = &mut Budget::of_object();
    let walked = walk(code, &Jumps::of(code), &hints, entry, budget);
    let guards = walked.guards.into_iter();
    guards
        .filter_map(|(at, asks)| match asks {
            GuardAt::Variable(number) => {
                let name = variables.names.get(number as usize)?;
                Some((at, Arc::clone(name)))
            }
            GuardAt::Relocation(_) => None,
        })
        .take(MAX_BRANCHES)
        .collect()
}

/// The variables that can keep a program from all of these instructions, by name, where relocations have these
/// answers: each alone, or two together where none does so alone.
pub(crate) fn closing(
    flow: &mut Flow<'_>,
    branches: &[(Place, Arc<str>)],
    program: usize,
    answer: impl Fn(&Relocation) -> Option<u32>,
    places: &[Place],
) -> BTreeSet<Arc<str>> {
    let mut names = BTreeSet::new();
    let mut keeps = |closed: &[(Place, bool)]| {
        let live = flow.live_without(program, &answer, closed);
        !places.iter().any(|place| live.has(*place))
    };
    const WAYS: [bool; 2] = [false, true];
    for (at, name) in branches {
        if !names.contains(name) && WAYS.into_iter().any(|way| keeps(&[(*at, way)])) {
            names.insert(Arc::clone(name));
        }
    }
    if !names.is_empty() {
        return names;
    }
    let some = &branches[..branches.len().min(MAX_PAIRED)];
    for (number, (first, name)) in some.iter().enumerate() {
        for (second, other) in &some[number + 1..] {
            let mut ways = WAYS.into_iter().flat_map(|a| WAYS.map(|b| (a, b)));
            if ways.any(|(a, b)| keeps(&[(*first, a), (*second, b)])) {
                names.extend([Arc::clone(name), Arc::clone(other)]);
            }
        }
    }
    names
}
