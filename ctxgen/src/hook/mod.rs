//! Hooks: where a program attaches, by SEC name and by struct name.

mod family;

use std::fmt;
use std::str::FromStr;

pub use self::family::Family;
pub use self::family::Prototypes;
pub use self::family::Returned;

use crate::Error;
use crate::ident::is_identifier;
use crate::kernel::is_module_name;

/// Where a program attaches: a family and a target in it.
///
/// It parses from a SEC name in any of its decorations (`?fentry.s/vfs_unlink`) and from a struct
/// name (`btf_fentry_vfs_unlink_ctx`), and is displayed as the plain SEC name
/// (`fentry/vfs_unlink`). Where libbpf accepts it, the target may name the module that it is in
/// (`fentry/nf_conntrack:nf_conntrack_in`), or with `vmlinux` that it is in none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hook {
    family: Family,
    /// Where the target starts in the place: 0 without a module. It is compared first, so that a
    /// module's hooks stay together when they are sorted, behind those of the kernel itself.
    target_at: u8,
    /// What stands behind the slash, in one piece: errors carry hooks, and are to stay small.
    place: Box<str>,
}

/// What stands for the kernel itself where a module's name would.
pub(crate) const VMLINUX: &str = "vmlinux";

impl Hook {
    /// A hook of a family. `target` is what stands behind the slash: a name, or `<module>:<name>`.
    ///
    /// # Errors
    /// [`Error::BadTarget`], where the name is no C identifier: no kernel function, tracepoint or
    /// LSM hook is called so, and the struct's name is made of it.
    pub fn new(family: Family, target: &str) -> Result<Self, Error> {
        let (module, name) = match target.split_once(':') {
            Some((module, name)) if family.names_modules() => (Some(module), name),
            _ => (None, target),
        };
        if !is_identifier(name) || !module.is_none_or(is_module_name) {
            return Err(Error::BadTarget {
                family: family.name(),
                target: target.to_owned(),
            });
        }
        Ok(Self {
            family,
            // No module's name is as long.
            target_at: module.map_or(0, |module| u8::try_from(module.len() + 1).unwrap_or(0)),
            place: target.into(),
        })
    }

    /// The hook that a struct name stands for; `None` where it is no context struct's name.
    ///
    /// `btf_trace_<tp>_ctx` stands for `tp_btf/<tp>`; [`Hook::sharing_struct`] has the others.
    pub fn from_struct_name(name: &str) -> Option<Self> {
        Family::all()
            .filter_map(|family| {
                let naming = family.naming();
                let target = name
                    .strip_prefix(naming.prefix)?
                    .strip_suffix(naming.suffix)?;
                let target = without_tag_mark(target);
                is_identifier(target).then_some((naming.prefix.len(), family, target))
            })
            // Of `btf_lsm_` and `btf_lsm_cgroup_`, the longer one is meant; of equals the first.
            .reduce(|best, next| if next.0 > best.0 { next } else { best })
            .map(|(_, family, target)| Self {
                family,
                target_at: 0,
                place: target.into(),
            })
    }

    /// Its family.
    pub fn family(&self) -> Family {
        self.family
    }

    /// The name behind the slash, without a module's.
    pub fn target(&self) -> &str {
        &self.place[self.target_at.into()..]
    }

    /// The module that it names, or `vmlinux`; `None` where it is looked for in the kernel first and
    /// then in its modules.
    pub fn module(&self) -> Option<&str> {
        let colon = usize::from(self.target_at).checked_sub(1)?;
        Some(&self.place[..colon])
    }

    /// Whether its context struct is ctxgen's, and not one that the kernel has itself.
    pub(crate) fn has_generated_struct(&self) -> bool {
        !matches!(self.family.prototypes(), Prototypes::Iterator)
    }

    /// The name of its context struct.
    pub fn struct_name(&self) -> String {
        let naming = self.family.naming();
        format!("{}{}{}", naming.prefix, self.target(), naming.suffix)
    }

    /// The name that its context struct has in objects with relocatable contexts.
    ///
    /// It is another one than [`Hook::struct_name`] for targets that start with two underscores: CO-RE
    /// would take `btf_fentry___x64_sys_bpf_ctx` for a flavour of `btf_fentry`, as it would all others
    /// of these. That becomes `btf_fentry_0__x64_sys_bpf_ctx`, which no other target leads to, since
    /// no identifier starts with a digit.
    pub fn relocatable_name(&self) -> String {
        let naming = self.family.naming();
        let mark = match has_two_underscores(self.target()) {
            true => TAG_MARK,
            false => "",
        };
        format!("{}{mark}{}{}", naming.prefix, self.target(), naming.suffix)
    }

    /// This hook and those of other families that have the same context struct, in the order of
    /// the family table.
    pub fn sharing_struct(&self) -> impl Iterator<Item = Self> + '_ {
        Family::all()
            .filter(|family| family.naming() == self.family.naming())
            .map(|family| match family.names_modules() {
                true => Self {
                    family,
                    ..self.clone()
                },
                false => Self {
                    family,
                    target_at: 0,
                    place: self.target().into(),
                },
            })
    }
}

/// What keeps a struct name's last underscore from those that its target starts with.
const TAG_MARK: &str = "0";

fn has_two_underscores(target: &str) -> bool {
    target.starts_with("__") && !target.starts_with("___")
}

/// A struct name's part for the target, as it is without the mark.
fn without_tag_mark(target: &str) -> &str {
    let unmarked = target.strip_prefix(TAG_MARK);
    unmarked
        .filter(|target| has_two_underscores(target))
        .unwrap_or(target)
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.family, self.place))
    }
}

impl FromStr for Hook {
    type Err = Error;

    /// From a SEC name, or from a struct name.
    fn from_str(name: &str) -> Result<Self, Error> {
        match Self::from_struct_name(name) {
            Some(hook) => Ok(hook),
            None => SecName::parse(name).map(|sec| sec.hook),
        }
    }
}

/// A SEC name as it stands in a program, decorations included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecName {
    /// Where it attaches.
    pub hook: Hook,
    /// libbpf's section prefix, without `?`: `fentry.s`.
    pub section: &'static str,
    /// Whether libbpf loads the program by itself: false with a leading `?`.
    pub autoload: bool,
}

impl SecName {
    /// Takes a SEC name apart.
    ///
    /// # Errors
    /// [`Error::UnknownFamily`], [`Error::NoTarget`] or [`Error::BadTarget`].
    pub fn parse(name: &str) -> Result<Self, Error> {
        let (autoload, plain) = match name.strip_prefix('?') {
            Some(plain) => (false, plain),
            None => (true, name),
        };
        let (prefix, target) = match plain.split_once('/') {
            Some((prefix, target)) => (prefix, Some(target)),
            None => (plain, None),
        };
        let (family, section) = Family::by_section(prefix).ok_or_else(|| Error::UnknownFamily {
            name: name.to_owned(),
        })?;
        let target = target.filter(|target| !target.is_empty());
        let target = target.ok_or_else(|| Error::NoTarget {
            name: name.to_owned(),
            section,
        })?;
        Ok(Self {
            hook: Hook::new(family, target)?,
            section,
            autoload,
        })
    }
}

impl fmt::Display for SecName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let optional = if self.autoload { "" } else { "?" };
        write!(f, "{optional}{}/{}", self.section, self.hook.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_prefix_and_back() {
        for family in Family::all() {
            for section in family.sections() {
                for optional in ["", "?"] {
                    let name = format!("{optional}{section}/some_target");
                    let sec = SecName::parse(&name).unwrap();
                    assert_eq!(sec.hook.family(), family);
                    assert_eq!(sec.hook.target(), "some_target");
                    assert_eq!(sec.autoload, optional.is_empty());
                    assert_eq!(sec.to_string(), name);
                    assert_eq!(name.parse::<Hook>().unwrap(), sec.hook);
                }
            }
            assert_eq!(
                Hook::new(family, "x").unwrap().to_string(),
                format!("{family}/x")
            );
        }
    }

    #[test]
    fn struct_names_and_back() {
        for (name, hook) in [
            ("btf_trace_sched_switch_ctx", "tp_btf/sched_switch"),
            ("btf_fentry_vfs_unlink_ctx", "fentry/vfs_unlink"),
            ("btf_fexit_vfs_unlink_ctx", "fexit/vfs_unlink"),
            ("btf_fmod_ret_f_ctx", "fmod_ret/f"),
            ("btf_lsm_file_mprotect_ctx", "lsm/file_mprotect"),
            ("btf_lsm_cgroup_socket_bind_ctx", "lsm_cgroup/socket_bind"),
            ("bpf_iter__task", "iter/task"),
        ] {
            let parsed = Hook::from_struct_name(name).unwrap();
            assert_eq!(parsed.to_string(), hook);
            assert_eq!(parsed.struct_name(), name);
            assert_eq!(name.parse::<Hook>().unwrap(), hook.parse().unwrap());
        }
        for name in [
            "task_struct",
            "btf_trace_ctx",
            "btf_lsm__ctx_",
            "bpf_iter__",
        ] {
            assert_eq!(Hook::from_struct_name(name), None, "{name}");
        }
    }

    #[test]
    fn modules() {
        for name in [
            "fentry/nf_conntrack:nf_conntrack_in",
            "?fexit.s/8021q:vlan_dev_open",
            "fmod_ret/vmlinux:vfs_unlink",
            "tp_btf/xfs:xfs_attr_list_sf",
        ] {
            let sec = SecName::parse(name).unwrap();
            assert_eq!(sec.to_string(), name);
            let (_, place) = name.split_once('/').unwrap();
            let (module, target) = place.split_once(':').unwrap();
            assert_eq!(sec.hook.module(), Some(module));
            assert_eq!(sec.hook.target(), target);
            assert_eq!(
                sec.hook.struct_name(),
                Hook::new(sec.hook.family(), target).unwrap().struct_name()
            );
            assert_eq!(sec.hook.to_string().parse::<Hook>().unwrap(), sec.hook);
        }
        let hook: Hook = "tp_btf/xfs:xfs_attr_list_sf".parse().unwrap();
        let sharing: Vec<_> = hook.sharing_struct().map(|h| h.to_string()).collect();
        assert_eq!(
            sharing,
            ["tp_btf/xfs:xfs_attr_list_sf", "raw_tp/xfs_attr_list_sf"]
        );
        for name in [
            "fentry/:x",
            "fentry/m:",
            "fentry/a:b:c",
            "fentry/a-b:c",
            "raw_tp/m:x",
            "lsm/m:x",
            &format!("fentry/{}:x", "m".repeat(300)),
        ] {
            let error = name.parse::<Hook>().unwrap_err();
            assert!(matches!(error, Error::BadTarget { .. }), "{name}: {error}");
        }
    }

    #[test]
    fn relocatable_names_have_no_flavour() {
        for (hook, name) in [
            ("fentry/vfs_unlink", "btf_fentry_vfs_unlink_ctx"),
            ("fentry/_copy", "btf_fentry__copy_ctx"),
            ("fexit/__x64_sys_bpf", "btf_fexit_0__x64_sys_bpf_ctx"),
            ("fentry/___sys_recvmsg", "btf_fentry____sys_recvmsg_ctx"),
            ("fentry/____sys_recvmsg", "btf_fentry_____sys_recvmsg_ctx"),
        ] {
            let hook: Hook = hook.parse().unwrap();
            assert_eq!(hook.relocatable_name(), name);
            assert_eq!(crate::essential_name(name), name);
            assert_eq!(Hook::from_struct_name(name), Some(hook.clone()));
            assert_eq!(Hook::from_struct_name(&hook.struct_name()), Some(hook));
        }
        assert_eq!(Hook::from_struct_name("btf_fentry_0_x_ctx"), None);
    }

    #[test]
    fn tracepoints_share_their_struct() {
        let hook: Hook = "raw_tracepoint/sched_switch".parse().unwrap();
        let sharing: Vec<_> = hook.sharing_struct().map(|h| h.to_string()).collect();
        assert_eq!(sharing, ["tp_btf/sched_switch", "raw_tp/sched_switch"]);
    }

    #[test]
    fn what_is_no_hook_says_why() {
        for (name, says) in [
            ("fentry", "names no target"),
            ("fentry/", "names no target"),
            ("lsm/a-b", "not a C identifier"),
            ("bogus/x", "no hook family"),
            ("", "no hook family"),
        ] {
            let error = name.parse::<Hook>().unwrap_err().to_string();
            assert!(error.contains(says), "{name}: {error}");
        }
    }
}
