//! What is kept of a kernel's types, and how much of each.

use std::collections::BTreeMap;

use crate::btf::Btf;
use crate::btf::BtfWriter;
use crate::btf::Kind;
use crate::btf::Role;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::btf::copy;
use crate::btf::copy::ids;

/// How much of a type is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Of a struct or union, kind, name and size.
    Outside,
    /// Of a struct or union, the members whose names are wanted.
    Members,
    /// All of it.
    Whole,
}

/// The types that are kept.
pub(super) struct Kept<'k> {
    btf: &'k Btf<'k>,
    /// The names of members that are wanted, sorted.
    members: Vec<String>,
    pub(super) parts: BTreeMap<TypeId, Part>,
}

impl<'k> Kept<'k> {
    /// Nothing yet. `members` are sorted.
    pub(super) fn new(btf: &'k Btf<'k>, members: Vec<String>) -> Self {
        Self {
            btf,
            members,
            parts: BTreeMap::new(),
        }
    }

    /// Keeps a type, and what it needs.
    pub(super) fn reach(&mut self, id: TypeId, part: Part) {
        let mut queue = vec![(id, part)];
        while let Some((id, part)) = queue.pop() {
            let Some(ty) = self.btf.get(id).filter(|_| id != TypeId::VOID) else {
                continue;
            };
            // What has no name is told by what is in it.
            let part = match ty.name_offset() == 0 && ty.is_composite() {
                true => Part::Whole,
                false => part,
            };
            if self.parts.get(&id).is_some_and(|known| *known >= part) {
                continue;
            }
            self.parts.insert(id, part);
            let below = part_below(&ty, part);
            let words = self.reduced(&ty, part).words(&ty);
            queue.extend(ids(&words).map(|id| (id, below)));
        }
    }

    /// What is copied of a type of which so much is needed.
    fn reduced(&self, ty: &Type<'_>, part: Part) -> copy::Part {
        let (Kind::Struct(composite) | Kind::Union(composite)) = ty.kind() else {
            return copy::Part::Whole;
        };
        match part {
            Part::Whole => return copy::Part::Whole,
            Part::Outside => return copy::Part::HOLLOW,
            Part::Members => {}
        }
        let is_wanted = |name: &str| {
            let of_members = |known: &String| (**known).cmp(name);
            name.is_empty() || self.members.binary_search_by(of_members).is_ok()
        };
        let mut places = Vec::new();
        let mut last = None;
        for (place, member) in composite.members().enumerate() {
            if is_wanted(member.name) {
                places.push(place);
                last = Some(member);
            }
        }
        // An array without length may be indexed if it is the last member, and only then.
        let true_last = composite.members().len().saturating_sub(1);
        if let Some(last) = last
            && places.last() != Some(&true_last)
            && is_array_without_length(ty.btf(), last.type_id)
        {
            places.push(true_last);
        }
        copy::Part::Members(places)
    }

    /// Copies the types from an id on, which get the ids from the writer's next one on. Those before keep
    /// their ids.
    pub(super) fn copy(&self, writer: &mut BtfWriter, from: TypeId) {
        let kept: Vec<TypeId> = self.parts.range(from..).map(|(id, _)| *id).collect();
        let first = writer.next_id().0;
        let new_id = |id: TypeId| match id < from {
            true => id,
            false => {
                let place = kept.binary_search(&id);
                place.map_or(TypeId::VOID, |place| TypeId(first + place as u32))
            }
        };
        for (id, part) in self.parts.range(from..) {
            if let Some(ty) = self.btf.get(*id) {
                let part = self.reduced(&ty, *part);
                writer.copy(&ty, &part, |_, child| Some(new_id(child.id)));
            }
        }
    }
}

fn is_array_without_length(btf: &Btf<'_>, id: TypeId) -> bool {
    let array = btf.resolve(id).map(|ty| ty.kind());
    matches!(array, Some(Kind::Array { len: 0, .. }))
}

/// How much of what a type refers to is needed, where so much is of the type.
fn part_below(ty: &Type<'_>, part: Part) -> Part {
    match ty.children().next().map(|child| child.role) {
        Some(Role::Pointee | Role::Tagged) => Part::Outside,
        // Behind a pointer, what is in an array is told by what is in it (`crate::btf::compat`).
        Some(Role::Element) if part == Part::Outside => Part::Whole,
        _ => part,
    }
}
