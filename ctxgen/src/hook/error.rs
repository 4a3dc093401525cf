//! Why a name is no hook's.

use super::Family;
use crate::text;
use crate::text::nearest::nearest;

/// Why a name is no hook's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HookError {
    /// A SEC name's section is none of libbpf's that ctxgen has contexts for.
    #[error(
        "`{}` is not of a hook family that ctxgen knows; a hook is written as libbpf's SEC() name{}",
        text::name(name),
        similar_sections(name)
    )]
    UnknownFamily {
        /// As it was given.
        name: String,
    },
    /// A SEC name without anything behind its section.
    #[error("`{}` names no target: write `{section}/<target>`", text::name(name))]
    NoTarget {
        /// As it was given.
        name: String,
        /// Its section.
        section: &'static str,
    },
    /// A hook's target that no kernel can have.
    #[error(
        "`{}` cannot be the target of a `{family}` hook: it is not a C identifier",
        text::name(target)
    )]
    BadTarget {
        /// The family.
        family: &'static str,
        /// What was given as its target.
        target: String,
    },
}

/// The sections that may be meant by a SEC name of none.
pub(super) fn nearest_sections(name: &str) -> Vec<String> {
    let plain = name.strip_prefix('?').unwrap_or(name);
    let prefix = plain.split('/').next().unwrap_or_default();
    let sections = || Family::all().flat_map(|family| family.sections().iter().copied());
    let mut similar = nearest(plain, sections());
    similar.extend(nearest(prefix, sections()));
    similar.dedup();
    similar
}

/// The sections that may be meant, or the families that there are.
fn similar_sections(name: &str) -> String {
    let similar = nearest_sections(name);
    match similar.is_empty() {
        false => format!(". Similar sections: {}", similar.join(", ")),
        true => {
            let (with, without): (Vec<Family>, Vec<Family>) =
                Family::all().partition(|family| family.has_targets());
            let name = |family: &Family| family.sections()[0];
            format!(
                ", with a target behind one of {}, or as one of libbpf's others, such as {}",
                with.iter().map(name).collect::<Vec<_>>().join(", "),
                without.iter().map(name).collect::<Vec<_>>().join(", ")
            )
        }
    }
}
