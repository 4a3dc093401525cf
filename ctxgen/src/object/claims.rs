//! The contexts of programs whose argument says nothing of them: what aya's macros make of a program takes
//! `void *`, and so do C programs that cast it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::aliases::context_hook;
use super::program::Program;
use crate::btf::Btf;
use crate::btf::TypeId;
use crate::hook::Hook;
use crate::hook::SecName;

/// By a program's number, the context struct of its hook that its relocations are against. These are given by
/// their programs and root types.
pub(super) fn claimed(
    btf: &Btf<'_>,
    programs: &[Program],
    relocations: impl Iterator<Item = (usize, TypeId)>,
) -> BTreeMap<usize, TypeId> {
    let mut names = BTreeMap::new();
    let mut takers = BTreeMap::new();
    let mut judged = BTreeSet::new();
    let mut claims = BTreeMap::new();
    for (place, id) in relocations {
        let program = &programs[place];
        if program.context.is_some() || claims.contains_key(&place) || !judged.insert((place, id)) {
            continue;
        }
        let name = names.entry(id).or_insert_with(|| {
            let hook = context_hook(btf, id);
            hook.map(|hook| hook.struct_name())
        });
        let takes = takers.entry(place).or_insert_with(|| Taker {
            hooks: program.hooks().iter().map(Hook::struct_name).collect(),
            section: SecName::parse(&program.section)
                .ok()
                .filter(|_| program.implements.is_empty()),
        });
        if name.as_ref().is_some_and(|name| takes.may_take(name)) {
            claims.insert(place, id);
        }
    }
    claims
}

/// What a program may take.
struct Taker {
    hooks: BTreeSet<String>,
    section: Option<SecName>,
}

impl Taker {
    fn may_take(&self, name: &str) -> bool {
        let by_section = |section: &SecName| section.may_take(name);
        self.hooks.contains(name) || self.section.as_ref().is_some_and(by_section)
    }
}
