//! How what is meant fits what a kernel has.

use crate::btf::compat::essential_name;
use crate::object::meant::Meaning;
use crate::object::meant::PointsTo;
use crate::object::reads::Spot;
use crate::prototype::pairing::pair;

use super::Remark;
use super::Unknown;
use super::Verdict;
use super::arguments::Passed;
use super::fits::Fit;
use super::fits::fit;
use super::spot;
use super::spot::Here;

/// What leads to a verdict.
pub(super) struct Decision<'d> {
    pub(super) passed: &'d Passed<'d>,
    /// The place of the kernel's argument.
    pub(super) found: Option<usize>,
    /// What the program's use of it says.
    pub(super) used: Option<Meaning>,
    /// Why it is not known, where the author does not say what it is.
    pub(super) untold: Unknown,
    pub(super) remarks: Vec<Remark>,
}

impl Decision<'_> {
    /// By what the author says.
    pub(super) fn plain(&mut self, here: Option<&Here>) -> Verdict {
        let passed = self.passed;
        let Some(found) = self.found.map(|place| &passed.arguments[place]) else {
            return Verdict::Gone;
        };
        let Some(here) = here else {
            return self.by_use();
        };
        let is_named = is_same_name(here.name.as_deref(), found.name.as_deref());
        if here.is_result != found.is_result && !is_named {
            if here.is_result {
                return match passed.result() {
                    Some(place) => self.moved(place),
                    None => Verdict::AnotherValue,
                };
            }
            if let Some(place) = self.elsewhere(here) {
                return self.moved(place);
            }
            if here.is_followed {
                return Verdict::AnotherValue;
            }
        }
        let both = here.name.is_some() && found.name.is_some() && !here.is_result;
        if both
            && !is_named
            && let Some(place) = self.elsewhere(here)
        {
            return self.moved(place);
        }
        // What is there is another of the arguments that the author has declared.
        let of_another =
            |other: &String| is_telling(other) && is_same_name(Some(other), found.name.as_deref());
        if both && !is_named && here.others.iter().any(of_another) {
            return Verdict::AnotherValue;
        }
        let fits = fit(&here.meaning, &found.meaning, passed.kernel);
        if both && !is_named {
            self.remarks.push(Remark::OtherName);
        }
        match fits {
            Fit::Same => Verdict::Same,
            Fit::StartsWith => {
                self.remarks.push(Remark::StartsWith);
                Verdict::Same
            }
            Fit::OtherSize if both && !is_named => unknown(Unknown::Ambiguous),
            Fit::OtherSize => Verdict::Same,
            Fit::Loose => self.loosely(both && !is_named),
            Fit::No if both && !is_named => Verdict::AnotherValue,
            Fit::No => Verdict::OtherType,
            Fit::Unsure => unknown(Unknown::Ambiguous),
            Fit::NoSuchStruct(tag) => unknown(Unknown::NoSuchStruct(tag)),
        }
    }

    /// Where the author's type says nothing, what the program does with the value may.
    fn loosely(&self, is_other: bool) -> Verdict {
        let (Some(used), Some(place)) = (&self.used, self.found) else {
            return Verdict::Same;
        };
        let found = &self.passed.arguments[place].meaning;
        match (fit(used, found, self.passed.kernel), found) {
            (Fit::No, Meaning::Number { .. }) if is_other => Verdict::AnotherValue,
            (Fit::No, Meaning::Number { .. }) => Verdict::OtherType,
            (Fit::No, _) if is_other => unknown(Unknown::Ambiguous),
            _ => Verdict::Same,
        }
    }

    fn by_use(&self) -> Verdict {
        let (Some(used), Some(place)) = (&self.used, self.found) else {
            return unknown(self.untold.clone());
        };
        let found = &self.passed.arguments[place].meaning;
        match (fit(used, found, self.passed.kernel), found) {
            (Fit::Same | Fit::StartsWith, Meaning::Pointer(PointsTo::Tag(_))) => Verdict::Same,
            (Fit::No, Meaning::Number { .. }) => Verdict::OtherType,
            _ => unknown(self.untold.clone()),
        }
    }

    /// By what the kernel has that the program was built for.
    pub(super) fn between(
        &mut self,
        before: &Passed<'_>,
        spot: Spot,
        here: Option<&Here>,
    ) -> Verdict {
        let old = spot::offset(spot, before).and_then(|offset| before.at(offset));
        let (Some(old), Some(from), Some(to)) = (old, before.to_pair(), self.passed.to_pair())
        else {
            return self.plain(here);
        };
        let pairs = pair(&from, &to);
        let argument = &before.arguments[old];
        let paired = pairs.get(old).copied().flatten();
        let Some(found) = self.found else {
            return match paired {
                Some(pair) => self.moved(pair.place),
                None => Verdict::Gone,
            };
        };
        let new = &self.passed.arguments[found];
        let fits = fit(&argument.meaning, &new.meaning, self.passed.kernel);
        match paired {
            Some(pair) if pair.place != found => self.moved(pair.place),
            Some(_) => match fits {
                Fit::No => Verdict::OtherType,
                Fit::Unsure => unknown(Unknown::Ambiguous),
                Fit::NoSuchStruct(tag) => unknown(Unknown::NoSuchStruct(tag)),
                _ => Verdict::Same,
            },
            None => {
                let is_of_another = pairs.iter().flatten().any(|pair| pair.place == found);
                let is_other = is_of_another || argument.is_result != new.is_result;
                match fits {
                    _ if is_other => Verdict::AnotherValue,
                    Fit::No => Verdict::AnotherValue,
                    _ => unknown(Unknown::Ambiguous),
                }
            }
        }
    }

    /// Another argument of the kernel's that has the name that is meant, and that can be read so.
    fn elsewhere(&self, here: &Here) -> Option<usize> {
        let name = here.name.as_deref().filter(|name| is_telling(name))?;
        let mut arguments = self.passed.arguments.iter();
        let place = arguments.position(|argument| {
            !argument.is_result && is_same_name(Some(name), argument.name.as_deref())
        })?;
        let found = &self.passed.arguments[place].meaning;
        let fits = fit(&here.meaning, found, self.passed.kernel);
        let is_right = !matches!(fits, Fit::No | Fit::Unsure | Fit::NoSuchStruct(_));
        (is_right && Some(place) != self.found).then_some(place)
    }

    fn moved(&self, place: usize) -> Verdict {
        let argument = &self.passed.arguments[place];
        let offset = Some(argument.offset);
        Verdict::Moved {
            to: spot::place(Spot::Bytes(argument.offset), offset, self.passed),
        }
    }
}

/// Whether two names are the same, but for what C has its own use for.
fn is_same_name(one: Option<&str>, other: Option<&str>) -> bool {
    let (Some(one), Some(other)) = (one, other) else {
        return false;
    };
    let plain = |name: &str| essential_name(name).trim_matches('_').to_owned();
    one == other || plain(one) == plain(other) && !plain(one).is_empty()
}

/// Whether a name tells one argument from another.
fn is_telling(name: &str) -> bool {
    let name = name.trim_matches('_');
    let is_numbered = |prefix: &str| {
        let rest = name.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    name.len() > 1
        && !["arg", "parm", "param", "p", "a", "x"]
            .iter()
            .any(|prefix| is_numbered(prefix))
        && !["unused", "dummy", "ignored"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

pub(super) fn unknown(why: Unknown) -> Verdict {
    Verdict::NotKnown { why }
}
