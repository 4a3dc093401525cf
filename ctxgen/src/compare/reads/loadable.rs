//! What a kernel's verifier does not let a program load from a slot with types.
//!
//! The rules are those of `btf_ctx_access` in `kernel/bpf/btf.c`, whose list of pointers has grown. Between
//! the last release that is known to refuse one and the first that is known to take it, nothing is said.

use crate::layout::Access;
use crate::layout::Pointee;

/// A release, major and minor number.
type Release = (u32, u32);

/// Whether the verifier of a release refuses to load such a field; `None` where that is not known.
pub(super) fn is_refused(access: Access, release: Option<Release>) -> Option<bool> {
    let (refused, taken) = match access {
        Access::Always | Access::Data(_) | Access::NotAlwaysPointer => return Some(false),
        Access::Never(_) => return Some(true),
        Access::Pointer(Pointee::Function) => ((6, 18), (7, 2)),
        Access::Pointer(Pointee::Opaque | Pointee::Pointer) => ((6, 12), (6, 18)),
        Access::Pointer(Pointee::Int) => ((5, 10), (6, 1)),
        Access::ByValue => ((5, 19), (6, 0)),
        Access::UnionByValue => ((6, 17), (6, 18)),
    };
    let release = release?;
    match (release <= refused, release >= taken) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_release() {
        let pointer = Access::Pointer(Pointee::Pointer);
        for (access, release, refused) in [
            (Access::Always, None, Some(false)),
            (pointer, None, None),
            (pointer, Some((5, 10)), Some(true)),
            (pointer, Some((6, 12)), Some(true)),
            (pointer, Some((6, 15)), None),
            (pointer, Some((7, 2)), Some(false)),
            (Access::Pointer(Pointee::Int), Some((6, 1)), Some(false)),
            (
                Access::Pointer(Pointee::Function),
                Some((6, 18)),
                Some(true),
            ),
        ] {
            assert_eq!(
                is_refused(access, release),
                refused,
                "{access:?} {release:?}"
            );
        }
    }
}
