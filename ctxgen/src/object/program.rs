//! The programs of an object.

use std::ops::Range;
use std::sync::Arc;

use crate::btf::TypeId;
use crate::hook::Hook;
use crate::hook::Prototypes;
use crate::hook::SecName;

/// A program of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Program {
    /// The function's name.
    pub name: String,
    /// The SEC name, as it stands in the source.
    pub section: Arc<str>,
    /// The struct or union, in the object's BTF, that the first argument points to. Where that claims nothing
    /// about the context (no argument, `void *`, an array of slots), it is the context struct of the program's
    /// hook that its relocations are against; `None` where there is no such one.
    pub context: Option<TypeId>,
    /// Whether it is such a one.
    pub(super) is_claimed: bool,
    /// The members of `struct_ops` that the object's variables have it for, sorted.
    pub implements: Vec<Hook>,
    /// Where in its section it is, in bytes.
    pub(super) range: Range<u64>,
}

impl Program {
    /// The context struct through which it makes an access that has a relocation, or has none. What a program with an
    /// untyped argument accesses without one are slots, whatever struct it reads elsewhere.
    pub fn context_of(&self, is_relocated: bool) -> Option<TypeId> {
        self.context.filter(|_| is_relocated || !self.is_claimed)
    }

    /// Whether its section lets it take that struct, which is another than its hook's: see
    /// [`SecName::may_take`].
    pub(crate) fn may_take(&self, struct_name: &str) -> bool {
        let sec = SecName::parse(&self.section);
        self.implements.is_empty() && sec.is_ok_and(|sec| sec.may_take(struct_name))
    }

    /// Where it attaches, as far as the object says: the hook of its section, or those that it lists, or of a
    /// `struct_ops` program the members that it is assigned to. Several have the same context, as far as the
    /// program takes one.
    pub fn hooks(&self) -> Vec<Hook> {
        if !self.implements.is_empty() {
            return self.implements.clone();
        }
        let of_section = match SecName::parse(&self.section) {
            Ok(sec) if !sec.listed().is_empty() => return sec.listed().to_vec(),
            sec => sec.ok().map(|sec| sec.hook),
        };
        // Of such programs, the section may say any name.
        let says_nothing =
            |hook: &Hook| hook.is_generic() && hook.family().prototypes() == Prototypes::StructOps;
        of_section
            .into_iter()
            .filter(|hook| !says_nothing(hook))
            .collect()
    }
}
