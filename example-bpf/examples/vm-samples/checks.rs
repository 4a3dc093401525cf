//! A line for each thing that is checked.

use std::fmt;

use serde_json::Value;

/// The checks of one sample.
#[derive(Debug)]
pub(crate) struct Checks {
    sample: String,
    failed: usize,
}

impl Checks {
    pub(crate) fn new(sample: &str) -> Self {
        Self {
            sample: sample.to_owned(),
            failed: 0,
        }
    }

    /// How many have failed so far.
    pub(crate) fn failed(&self) -> usize {
        self.failed
    }

    /// Says that it is not so that `what`.
    pub(crate) fn fail(&mut self, what: &str, came: impl fmt::Display) {
        self.failed += 1;
        println!("FAILED {}: {what}: {came}", self.sample);
    }

    /// It has to be so that `what`.
    pub(crate) fn that(&mut self, what: &str, is_so: bool, came: impl fmt::Display) {
        if is_so {
            println!("ok {}: {what}", self.sample);
        } else {
            self.fail(what, came);
        }
    }

    /// `came` has to be what was `expected`.
    pub(crate) fn equal<T>(&mut self, what: &str, expected: T, came: T)
    where
        T: PartialEq + fmt::Debug,
    {
        let difference = format!("expected {expected:?}, and {came:?} came");
        self.that(what, expected == came, difference);
    }

    /// The members of `expected` have to be in `came`.
    pub(crate) fn members(&mut self, what: &str, expected: &Value, came: &Value) {
        let members = expected.as_object();
        let is_so = members.is_some_and(|members| {
            members
                .iter()
                .all(|(name, value)| came.get(name) == Some(value))
        });
        self.that(&format!("{what} {expected}"), is_so, format!("{came} came"));
    }
}
