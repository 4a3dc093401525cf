//! Which argument of one prototype is which of another's: the one place that decides it.
//!
//! An argument's name tells which it is, where the other prototype has one of that name. A name is no part
//! of the kernel's ABI, and changes by itself: `targ_ns` of `cap_capable` became `target_ns`. So what has
//! no namesake may be known by where it stands:
//!
//! - Prototypes with the same types in the same order are the same prototype, and the position tells,
//!   unless a name says otherwise: where one that both have stands elsewhere, two readings are possible.
//! - Where more is different, the position tells for arguments between the same neighbours, in a row with
//!   the same types, none of which any other argument without a namesake has.
//! - Arguments without names (`arg0`) are known by their type, if it is the only one of that type without
//!   a namesake on either side, and if none changes places with another then.

use std::collections::HashMap;
use std::fmt;

use crate::btf::Btf;
use crate::btf::TypeId;
use crate::btf::compat::Agreement;
use crate::btf::compat::agreement;

/// How many arguments without a namesake are looked at: no prototype has as many, but what is no
/// compiler's may.
const MAX_UNNAMED: usize = 64;

/// An argument as a prototype has it, or as a context struct does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Argument<'a> {
    /// What it is called, several where a struct has several names for it.
    pub(crate) names: Vec<&'a str>,
    /// Its types, several where a struct has several.
    pub(crate) types: Vec<TypeId>,
    /// Whether it is the returned value, which is known by its name alone.
    pub(crate) is_result: bool,
}

/// The arguments of a prototype or a context struct, in their order.
#[derive(Debug)]
pub(crate) struct Arguments<'a> {
    pub(crate) btf: &'a Btf<'a>,
    pub(crate) list: Vec<Argument<'a>>,
}

/// What an argument was known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum KnownBy {
    /// Its name.
    Name,
    /// Its name, which is another one of those that the struct has for it.
    Alias,
    /// Its position: the prototypes have the same types in the same order.
    Prototype,
    /// Its position between the same neighbours, since no other argument of its type comes into question.
    Neighbours,
    /// Its type, since it has no name on one of the sides, and no other of that type comes into question.
    Type,
}

impl fmt::Display for KnownBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "it has that name",
            Self::Alias => "the struct has both names for it",
            Self::Prototype => "the prototypes have the same types in the same order",
            Self::Neighbours => {
                "it is between the same arguments, and no other of its type is left"
            }
            Self::Type => "BTF has no name for it, and no other of its type is left",
        })
    }
}

/// An argument's counterpart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    /// Its place among the other side's arguments.
    pub(crate) place: usize,
    pub(crate) by: KnownBy,
}

impl Pair {
    /// The surer one of two that are for the same name; `None` where neither is.
    pub(crate) fn surer(self, other: Self) -> Option<Self> {
        if self.place == other.place {
            return Some(Self {
                by: self.by.min(other.by),
                ..self
            });
        }
        let is_named = |pair: &Self| pair.by == KnownBy::Name;
        match (is_named(&self), is_named(&other)) {
            (true, false) => Some(self),
            (false, true) => Some(other),
            _ => None,
        }
    }
}

/// The counterparts in `after` of the arguments in `before`; `None` where there is none that can be told.
pub(crate) fn pair(before: &Arguments<'_>, after: &Arguments<'_>) -> Vec<Option<Pair>> {
    let named = by_name(before, after);
    let mut pairs: Vec<Option<Pair>> = named
        .iter()
        .map(|place| {
            place.map(|place| Pair {
                place,
                by: KnownBy::Name,
            })
        })
        .collect();
    let sides = Sides::new(before, after, &named);
    let found = match sides.is_same_prototype() {
        true => sides.by_position(),
        false => {
            let mut found = sides.by_neighbours();
            found.extend(sides.by_type());
            found
        }
    };
    for (old, pair) in found {
        pairs[old].get_or_insert(pair);
    }
    pairs
}

/// Whether an argument's name is only its number, as where BTF has none.
pub(crate) fn is_numbered(name: &str) -> bool {
    let number = name.strip_prefix("arg");
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

fn by_name(before: &Arguments<'_>, after: &Arguments<'_>) -> Vec<Option<usize>> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (place, argument) in after.list.iter().enumerate() {
        for name in &argument.names {
            places.entry(name).or_insert(place);
        }
    }
    let place = |old: &Argument<'_>| {
        let mut places = old.names.iter().filter_map(|name| places.get(name));
        places.next().copied()
    };
    before.list.iter().map(place).collect()
}

/// Both sides without the returned values.
struct Sides<'a> {
    before: &'a Arguments<'a>,
    after: &'a Arguments<'a>,
    /// Places of the arguments, each with that of its namesake among `new`.
    old: Vec<(usize, Option<usize>)>,
    /// Places of the arguments, each with that of its namesake among `old`.
    new: Vec<(usize, Option<usize>)>,
}

impl<'a> Sides<'a> {
    fn new(before: &'a Arguments<'a>, after: &'a Arguments<'a>, named: &[Option<usize>]) -> Self {
        let arguments = |side: &Arguments<'_>| -> Vec<usize> {
            let places = 0..side.list.len();
            places
                .filter(|place| !side.list[*place].is_result)
                .collect()
        };
        let (old, new) = (arguments(before), arguments(after));
        let mut of_new = vec![None; new.len()];
        let mut of_old = Vec::new();
        for (at, place) in old.iter().enumerate() {
            let namesake = named[*place].and_then(|place| new.binary_search(&place).ok());
            if let Some(namesake) = namesake {
                of_new[namesake].get_or_insert(at);
            }
            of_old.push((*place, namesake));
        }
        Self {
            before,
            after,
            old: of_old,
            new: new.into_iter().zip(of_new).collect(),
        }
    }

    /// Whether the value of one is the other's.
    fn is_alike(&self, old: usize, new: usize) -> bool {
        let (old, new) = (
            &self.before.list[self.old[old].0],
            &self.after.list[self.new[new].0],
        );
        let same = |old: TypeId, new: TypeId| {
            agreement((self.before.btf, old), (self.after.btf, new)) == Agreement::Same
        };
        let mut olds = old.types.iter();
        olds.any(|old| new.types.iter().any(|new| same(*old, *new)))
    }

    fn is_same_prototype(&self) -> bool {
        let is_elsewhere = |(at, (_, namesake)): (usize, &(usize, Option<usize>))| {
            namesake.is_some_and(|namesake| namesake != at)
        };
        self.old.len() == self.new.len()
            && !self.old.iter().enumerate().any(is_elsewhere)
            && (0..self.old.len()).all(|at| self.is_alike(at, at))
    }

    fn by_position(&self) -> Vec<(usize, Pair)> {
        (0..self.old.len())
            .map(|at| self.pair(at, at, KnownBy::Prototype))
            .collect()
    }

    fn pair(&self, old: usize, new: usize, by: KnownBy) -> (usize, Pair) {
        let place = self.new[new].0;
        (self.old[old].0, Pair { place, by })
    }

    /// The places of what has no namesake.
    fn strangers(of: &[(usize, Option<usize>)]) -> Vec<usize> {
        let places = 0..of.len();
        places.filter(|at| of[*at].1.is_none()).collect()
    }

    /// Pairs without namesakes of which none is like another argument without one.
    fn only_pairs(&self) -> Vec<(usize, usize)> {
        let (old, new) = (Self::strangers(&self.old), Self::strangers(&self.new));
        if old.len() > MAX_UNNAMED || new.len() > MAX_UNNAMED {
            return Vec::new();
        }
        let only = |mut alike: Vec<usize>| match alike.len() {
            1 => alike.pop(),
            _ => None,
        };
        let of_old = |at: usize| {
            let alike = new.iter().filter(|new| self.is_alike(at, **new));
            only(alike.copied().collect())
        };
        let of_new = |at: usize| {
            let alike = old.iter().filter(|old| self.is_alike(**old, at));
            only(alike.copied().collect())
        };
        let pairs = old.iter().filter_map(|at| Some((*at, of_old(*at)?)));
        pairs
            .filter(|(old, new)| of_new(*new) == Some(*old))
            .collect()
    }

    /// Rows without namesakes between the same neighbours.
    fn by_neighbours(&self) -> Vec<(usize, Pair)> {
        let only = self.only_pairs();
        let mut found = Vec::new();
        let mut start = 0;
        while start < self.old.len() {
            let is_stranger = |of: &[(usize, Option<usize>)], at: usize| {
                of.get(at).is_some_and(|(_, namesake)| namesake.is_none())
            };
            let Some(len) = (0..).find(|len| !is_stranger(&self.old, start + len)) else {
                break;
            };
            // The neighbours before and behind, of which the ends are some too.
            let first = match start.checked_sub(1) {
                None => Some(0),
                Some(before) => self.old[before].1.map(|namesake| namesake + 1),
            };
            let end = match self.old.get(start + len) {
                None => Some(self.new.len()),
                Some((_, namesake)) => *namesake,
            };
            if let Some(first) = first
                && end == Some(first + len)
            {
                let row = (0..len).map(|at| (start + at, first + at));
                if row.clone().all(|pair| only.contains(&pair)) {
                    found.extend(row.map(|(old, new)| self.pair(old, new, KnownBy::Neighbours)));
                }
            }
            start += len + 1;
        }
        found
    }

    /// Arguments that have no name on one of the sides.
    fn by_type(&self) -> Vec<(usize, Pair)> {
        let is_unnamed = |argument: &Argument<'_>| argument.names.iter().all(|n| is_numbered(n));
        let mut pairs = self.only_pairs();
        pairs.retain(|(old, new)| {
            is_unnamed(&self.before.list[self.old[*old].0])
                != is_unnamed(&self.after.list[self.new[*new].0])
        });
        let of_names = self.old.iter().enumerate();
        let of_names = of_names.filter_map(|(at, (_, namesake))| Some((at, (*namesake)?)));
        let mut order: Vec<(usize, usize)> = of_names.chain(pairs.iter().copied()).collect();
        order.sort_unstable();
        if order.windows(2).any(|two| two[0].1 >= two[1].1) {
            return Vec::new();
        }
        let pairs = pairs.into_iter();
        pairs
            .map(|(old, new)| self.pair(old, new, KnownBy::Type))
            .collect()
    }
}

#[cfg(test)]
mod tests;
