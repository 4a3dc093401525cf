//! The table of hook families.
//!
//! A family is added by a row here. What the columns stand for is written in the steps that read
//! them: [`Prototypes`] in `prototype`, [`Returned`] and [`Passing`] in `layout`.

mod columns;
mod table;

use std::fmt;

pub use self::columns::Generic;
pub(crate) use self::columns::Naming;
pub use self::columns::Passing;
pub use self::columns::Prototypes;
pub use self::columns::Returned;
use self::table::ROWS;
use self::table::Row;

/// A kind of hook: the part of a SEC name before the slash, with variants such as `.s` folded.
#[derive(Clone, Copy)]
pub struct Family(&'static Row);

impl Family {
    /// All families, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(Self)
    }

    /// The family of this name: `fentry`, not `fentry.s`.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::all().find(|family| family.0.name == name)
    }

    /// The family of a SEC name without `?`, the table's own copy of the section prefix, and what is
    /// behind its slash: `fentry.s/x` gives `fentry`, `fentry.s` and `x`.
    ///
    /// As libbpf matches them (`sec_def_matches` of `libbpf.c`): a prefix with a target behind it
    /// has a slash between, and what takes none has to be there to the letter.
    pub(crate) fn by_section(name: &str) -> Option<(Self, &'static str, Option<&str>)> {
        Self::all().find_map(|family| {
            family.0.sections.iter().find_map(|section| {
                let target = match name.strip_prefix(section)? {
                    "" => None,
                    rest if family.has_targets() => Some(rest.strip_prefix('/')?),
                    _ => return None,
                };
                Some((family, *section, target))
            })
        })
    }

    /// Its name. Of those that take targets, it is also the canonical section prefix of its hooks.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// libbpf's section prefixes for it.
    pub fn sections(self) -> &'static [&'static str] {
        self.0.sections
    }

    /// Where the prototypes of its hooks come from.
    pub fn prototypes(self) -> Prototypes {
        self.0.prototypes
    }

    /// What its programs get their arguments in.
    pub fn passing(self) -> Passing {
        self.0.passing
    }

    /// When the returned value can be read.
    pub fn returned(self) -> Returned {
        self.0.returned
    }

    /// What its programs get that say nothing of what they attach to.
    pub fn generic(self) -> Generic {
        self.0.generic
    }

    /// The struct of the kernel's own that such programs get. Registers are called `pt_regs` here.
    pub(crate) fn generic_struct(self) -> Option<&'static str> {
        match self.0.generic {
            Generic::Struct(name) => Some(name),
            Generic::Registers => Some("pt_regs"),
            Generic::Unknown | Generic::Other(..) => None,
        }
    }

    /// Whether what such programs get is laid out in the same way by all kernels.
    pub(crate) fn is_uapi(self) -> bool {
        self.0.is_uapi
    }

    /// Whether its SEC names have something behind a slash that tells what they attach to.
    pub fn has_targets(self) -> bool {
        self.0.prototypes != Prototypes::None || self.0.any_target
    }

    /// Whether its targets are two names: category and event, ops type and member.
    pub(crate) fn has_two_parts(self) -> bool {
        matches!(self.0.prototypes, Prototypes::Event | Prototypes::StructOps)
    }

    /// Whether its targets are functions.
    pub(crate) fn has_functions(self) -> bool {
        matches!(self.0.prototypes, Prototypes::Function | Prototypes::User)
    }

    /// Whether its hooks may name a module.
    pub(crate) fn names_modules(self) -> bool {
        self.0.modules
    }

    pub(crate) fn naming(self) -> Naming {
        self.0.naming
    }

    /// Structs of the kernel's own that its programs may also take, since they are the same memory.
    pub(crate) fn also(self) -> &'static [&'static str] {
        self.0.also
    }
}

impl PartialEq for Family {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Family {}

impl std::hash::Hash for Family {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl PartialOrd for Family {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Family {
    /// In the order of the table.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let place = |family: &Self| ROWS.iter().position(|row| std::ptr::eq(row, family.0));
        place(self).cmp(&place(other))
    }
}

impl fmt::Debug for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Family").field(&self.0.name).finish()
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.name)
    }
}
