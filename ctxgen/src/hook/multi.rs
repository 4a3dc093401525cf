//! Programs on several functions: `fentry.multi/<functions>`, of libbpf 1.8.
//!
//! Behind the slash is one function, several with commas between, or a pattern. With one, a program gets
//! that function's context. With several it may take the context of any of them whose arguments all the
//! others have too, at the same places and of the same types. With a pattern it gets bare slots.

use super::Family;
use super::Hook;
use super::error::HookError;

/// The most functions of a list that are looked at.
const MAX_LISTED: usize = 1024;

/// Whether a section prefix is of programs on several functions whose context is slots.
pub(super) fn is_multi(family: Family, section: &str) -> bool {
    family.passing() == super::Passing::Slots && section.split('.').any(|part| part == "multi")
}

/// The hook of what stands behind the slash, and all that are listed there, where these are several.
pub(super) fn parse(family: Family, target: &str) -> Result<(Hook, Box<[Hook]>), HookError> {
    if target.contains(['*', '?']) {
        return Ok((
            Hook::generic(family, &format!("{family}/{target}")),
            [].into(),
        ));
    }
    let names = target.split(',').map(str::trim).take(MAX_LISTED);
    let listed: Vec<Hook> = names
        .map(|name| Hook::new(family, name))
        .collect::<Result<_, _>>()?;
    let first = listed
        .first()
        .cloned()
        .ok_or_else(|| HookError::BadTarget {
            family: family.name(),
            target: target.to_owned(),
        })?;
    let listed = match listed.len() {
        1 => [].into(),
        _ => listed.into(),
    };
    Ok((first, listed))
}

#[cfg(test)]
mod tests {
    use crate::HookError;
    use crate::hook::SecName;

    #[test]
    fn one_several_and_patterns() {
        for (section, takes, listed) in [
            ("fentry.multi/vfs_read", "btf_fentry_vfs_read_ctx", 0),
            ("?fexit.multi.s/vfs_read", "btf_fexit_vfs_read_ctx", 0),
            (
                "fsession.multi/xfs:xfs_open",
                "btf_fsession_xfs_open_ctx",
                0,
            ),
            (
                "fentry.multi/vfs_read,vfs_write",
                "btf_fentry_vfs_read_ctx",
                2,
            ),
            ("fexit.multi/a,b,c", "btf_fexit_a_ctx", 3),
            ("fentry.multi/vfs_*", "", 0),
            ("fsession.multi.s/xfs:xfs_*", "", 0),
        ] {
            let sec = SecName::parse(section).unwrap();
            assert_eq!(sec.hook.struct_name(), takes, "{section}");
            assert_eq!(sec.listed().len(), listed, "{section}");
            assert_eq!(sec.hook.is_generic(), takes.is_empty(), "{section}");
            assert_eq!(sec.to_string(), section);
        }
        for section in [
            "fentry.multi/a,,b",
            "fentry.multi/a-b",
            "fentry/vfs_*",
            "fentry/a,b",
        ] {
            let error = SecName::parse(section).unwrap_err();
            assert!(
                matches!(error, HookError::BadTarget { .. }),
                "{section}: {error}"
            );
        }
    }

    #[test]
    fn what_may_be_taken() {
        for (section, takes, may) in [
            ("fentry.multi/a,b", "btf_fentry_b_ctx", true),
            ("fentry.multi/a,b", "btf_fentry_c_ctx", false),
            ("fentry.multi/a,b", "btf_fexit_b_ctx", false),
            ("fentry.multi/a", "btf_fentry_b_ctx", false),
            ("fentry.multi/a*", "btf_fentry_abc_ctx", false),
        ] {
            let sec = SecName::parse(section).unwrap();
            assert_eq!(sec.may_take(takes), may, "{section}, {takes}");
        }
    }
}
