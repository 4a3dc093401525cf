//! Hooks: where a program attaches, by SEC name and by struct name.

mod clone;
mod family;
mod multi;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

pub use self::family::Family;
pub use self::family::Generic;
use self::family::Naming;
pub use self::family::Passing;
pub use self::family::Prototypes;
pub use self::family::Returned;

use crate::Error;
use crate::error::nearest_sections;
use crate::ident::is_clone;
use crate::ident::is_identifier;
use crate::ident::original;
use crate::kernel::is_module_name;
use crate::syscall;

/// Where a program attaches: a family and a target in it.
///
/// It parses from a SEC name in any of its decorations (`?fentry.s/vfs_unlink`) and from a struct
/// name (`btf_fentry_vfs_unlink_ctx`), and is displayed as the plain SEC name
/// (`fentry/vfs_unlink`). Where libbpf accepts it, the target may name the module that it is in
/// (`fentry/nf_conntrack:nf_conntrack_in`), or with `vmlinux` that it is in none. That of a classic
/// tracepoint has two parts (`tp/sched/sched_switch`), and so has that of a `struct_ops` member, of which
/// SEC names say nothing (`struct_ops/tcp_congestion_ops/init`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hook {
    family: Family,
    kind: Kind,
    /// Where the target starts in the place: 0 without a module. It is compared first, so that a
    /// module's hooks stay together when they are sorted, behind those of the kernel itself.
    target_at: u16,
    /// What stands behind the slash, in one piece: errors carry hooks, and are to stay small. Of a
    /// generic hook, the whole name.
    place: Box<str>,
}

/// How much a hook says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    /// Which target it is.
    Named,
    /// Which target it is, but of two parts as a struct's name has them, with an underscore between: only
    /// a kernel tells one from the other.
    Joined,
    /// Not which target, or one that makes no difference to the context.
    Generic,
}

/// What stands for a trace event's category where nobody knows it. A star would end a C comment, with
/// the slash behind it.
pub(crate) const ANY_CATEGORY: &str = "?";

/// What stands for the kernel itself where a module's name would.
pub(crate) const VMLINUX: &str = "vmlinux";

impl Hook {
    /// A hook of a family. `target` is what stands behind the slash: a name, or `<module>:<name>`.
    ///
    /// # Errors
    /// [`Error::BadTarget`], where the name is no C identifier: no tracepoint or LSM hook is called so, and
    /// the struct's name is made of it. Functions may have dots in their names (`foo.isra.0`), as those
    /// have that a compiler has made of others. Families whose programs get something
    /// whatever they attach to take any target that libbpf does.
    pub fn new(family: Family, target: &str) -> Result<Self, Error> {
        let bad = || Error::BadTarget {
            family: family.name(),
            target: target.to_owned(),
        };
        let named = |at: usize| {
            let target_at = u16::try_from(at).map_err(|_| bad())?;
            Ok(Self {
                family,
                kind: Kind::Named,
                target_at,
                place: target.into(),
            })
        };
        let generic = || Self::generic(family, &format!("{family}/{target}"));
        match family.prototypes() {
            Prototypes::Event => match two_parts(target) || is_of_any_category(target) {
                true => named(0),
                false => Err(bad()),
            },
            // libbpf takes any name for a program's.
            Prototypes::StructOps if two_parts(target) => named(0),
            Prototypes::StructOps | Prototypes::None => Ok(generic()),
            Prototypes::User => match target.rsplit_once(':') {
                Some((binary, function)) if is_function(function) => named(binary.len() + 1),
                _ => Ok(generic()),
            },
            // A pattern, or a place within a function.
            _ if family.generic() == Generic::Registers && !is_function(target) => Ok(generic()),
            _ => {
                let (module, name) = match target.split_once(':') {
                    Some((module, name)) if family.names_modules() => (Some(module), name),
                    _ => (None, target),
                };
                let is_name = match family.prototypes() {
                    Prototypes::Function => is_function(name),
                    _ => is_identifier(name),
                };
                if !is_name || !module.is_none_or(is_module_name) {
                    return Err(bad());
                }
                named(module.map_or(0, |module| module.len() + 1))
            }
        }
    }

    /// The hook of a family's programs that says nothing about what they attach to.
    fn generic(family: Family, name: &str) -> Self {
        Self {
            family,
            kind: Kind::Generic,
            target_at: 0,
            place: name.into(),
        }
    }

    /// The hook that a struct name stands for; `None` where it is no context struct's name.
    ///
    /// `btf_trace_<tp>_ctx` stands for `tp_btf/<tp>`; [`Hook::sharing_struct`] has the others.
    pub fn from_struct_name(name: &str) -> Option<Self> {
        Self::from_generated_name(name).or_else(|| Self::from_kernels_own(name))
    }

    fn from_generated_name(name: &str) -> Option<Self> {
        Family::all()
            .filter_map(|family| {
                let naming = family.naming();
                let target = name
                    .strip_prefix(naming.prefix)?
                    .strip_suffix(naming.suffix)?;
                let target = match clone::from_struct(target) {
                    Some(clone) if family.has_functions() => Cow::Owned(clone),
                    _ => Cow::Borrowed(without_tag_mark(target)),
                };
                let is_name = match &target {
                    Cow::Owned(_) => true,
                    Cow::Borrowed(target) => is_identifier(target),
                };
                let is_name = is_name && !naming.prefix.is_empty();
                is_name.then_some((naming.prefix.len(), family, target))
            })
            // Of `btf_lsm_` and `btf_lsm_cgroup_`, the longer one is meant; of equals the first.
            .reduce(|best, next| if next.0 > best.0 { next } else { best })
            .map(|(_, family, target)| {
                let (kind, place) = match family.has_two_parts() {
                    true => (Kind::Joined, unmarked(&target).into()),
                    false => (Kind::Named, target.into()),
                };
                Self {
                    family,
                    kind,
                    target_at: 0,
                    place,
                }
            })
    }

    fn from_kernels_own(name: &str) -> Option<Self> {
        let families = Family::all().filter(|family| family.generic_struct() == Some(name));
        families
            .flat_map(Self::generics)
            // What gets a struct of the kernel's own when it does not say more, and what always does.
            .next()
    }

    /// The hooks of a family that say nothing more than which program it is.
    fn generics(family: Family) -> impl Iterator<Item = Self> {
        let names = match family.prototypes() {
            Prototypes::None => family.sections(),
            _ => &family.sections()[..1],
        };
        names.iter().map(move |name| Self::generic(family, name))
    }

    /// Its family.
    pub fn family(&self) -> Family {
        self.family
    }

    /// The name behind the slash, without a module's or a binary's. Of a hook that says no more than the
    /// kind of program, the whole name.
    pub fn target(&self) -> &str {
        &self.place[self.target_at.into()..]
    }

    /// What of its target tells it from others: of a trace event, its name without the category, as far as
    /// they are told apart.
    pub(crate) fn own_name(&self) -> &str {
        let parts = self.parts();
        match (self.family.prototypes(), parts.first()) {
            (Prototypes::Event, Some((_, event))) => event,
            _ => self.target(),
        }
    }

    /// The module that it names, or `vmlinux`; `None` where it is looked for in the kernel first and
    /// then in its modules.
    pub fn module(&self) -> Option<&str> {
        let colon = usize::from(self.target_at).checked_sub(1)?;
        self.family.names_modules().then_some(&self.place[..colon])
    }

    /// The program or library in user space that it names.
    pub(crate) fn binary(&self) -> Option<&str> {
        let colon = usize::from(self.target_at).checked_sub(1)?;
        let names_binaries = self.family.prototypes() == Prototypes::User;
        names_binaries.then_some(&self.place[..colon])
    }

    /// Whether its programs get what all of the family do, whatever it attaches to.
    pub fn is_generic(&self) -> bool {
        self.kind == Kind::Generic
    }

    /// Whether it stands for all functions whose names match a pattern, each of which passes slots of its own.
    pub fn is_pattern(&self) -> bool {
        let passes_slots = self.family.passing() == Passing::Slots;
        self.is_generic() && passes_slots && self.family.prototypes() == Prototypes::Function
    }

    /// Whether its target has two parts that are not told apart, as it is from a struct's name.
    pub(crate) fn has_joined_parts(&self) -> bool {
        self.kind == Kind::Joined
    }

    /// The two parts of a target that has them, such as category and event, in all ways in which it can
    /// be taken apart: one for a SEC name, several for a struct's name.
    pub(crate) fn parts(&self) -> Vec<(&str, &str)> {
        match self.kind {
            Kind::Named => self.place.split_once('/').into_iter().collect(),
            Kind::Joined => {
                let underscores = self.place.match_indices('_');
                underscores
                    .map(|(at, _)| (&self.place[..at], &self.place[at + 1..]))
                    .filter(|(first, second)| is_identifier(first) && is_identifier(second))
                    .collect()
            }
            Kind::Generic => Vec::new(),
        }
    }

    /// The system calls that it may be about, by the names that they have in the kernel's source.
    pub(crate) fn calls(&self) -> Vec<&str> {
        match self.family.prototypes() {
            Prototypes::SystemCall if !self.is_generic() => vec![self.target()],
            Prototypes::Event => {
                let parts = self.parts().into_iter();
                parts
                    .filter_map(|(category, event)| syscall::of_event(category, event))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    /// The same with the two parts told apart.
    pub(crate) fn with_parts(&self, first: &str, second: &str) -> Self {
        Self {
            kind: Kind::Named,
            place: format!("{first}/{second}").into(),
            ..self.clone()
        }
    }

    /// Whether its context struct is ctxgen's, and not one that the kernel has itself.
    pub(crate) fn has_generated_struct(&self) -> bool {
        !self.is_generic() && self.family.prototypes() != Prototypes::Iterator
    }

    /// The name of its context struct. Empty where programs get no struct, or none that the hook tells.
    ///
    /// Where programs get registers whatever they attach to, it is `pt_regs`; some architectures call
    /// theirs otherwise.
    pub fn struct_name(&self) -> String {
        self.name_of_struct("")
    }

    /// The name that its context struct has in objects with relocatable contexts.
    ///
    /// It is another one than [`Hook::struct_name`] for targets that start with two underscores: CO-RE
    /// would take `btf_fentry___x64_sys_bpf_ctx` for a flavour of `btf_fentry`, as it would all others
    /// of these. That becomes `btf_fentry_0__x64_sys_bpf_ctx`, which no other target leads to, since
    /// no identifier starts with a digit. So is it with the second of two parts.
    pub fn relocatable_name(&self) -> String {
        let name = self.name_of_struct("");
        if !self.is_generic() && self.family.has_two_parts() {
            return marked(&name);
        }
        self.name_of_struct(
            match has_two_underscores(self.target()) && !self.is_of_clone() {
                true => TAG_MARK,
                false => "",
            },
        )
    }

    /// Whether it is a function that a compiler has made of another: one with dots in its name.
    pub(crate) fn is_of_clone(&self) -> bool {
        !self.is_generic() && self.family.has_functions() && is_clone(self.target())
    }

    fn name_of_struct(&self, mark: &str) -> String {
        if self.is_generic() {
            let name = self.family.generic_struct();
            return name.unwrap_or_default().to_owned();
        }
        let Naming { prefix, suffix } = self.family.naming();
        if self.is_of_clone() {
            return format!("{prefix}{}{suffix}", clone::in_struct(self.target()));
        }
        let target = self
            .target()
            .replace('/', "_")
            .replace(ANY_CATEGORY, "CATEGORY");
        format!("{prefix}{mark}{target}{suffix}")
    }

    /// This hook and those of other families that have the same context struct, in the order of
    /// the family table.
    pub fn sharing_struct(&self) -> impl Iterator<Item = Self> + '_ {
        let of_family = |family: Family| match self.is_generic() {
            true => self.generics_of(family),
            false => self.named_of(family).into_iter().collect(),
        };
        Family::all().flat_map(of_family)
    }
}

impl Hook {
    /// Those of a family that have the same context struct as this one, which says nothing of what it
    /// attaches to.
    fn generics_of(&self, family: Family) -> Vec<Self> {
        let own = family == self.family;
        let same_struct = family.generic_struct();
        match family.generic() == self.family.generic() {
            // It may name something all the same, such as a pattern.
            true if own && (family.has_targets() || same_struct.is_none()) => vec![self.clone()],
            true if same_struct.is_some() => Self::generics(family).collect(),
            _ => Vec::new(),
        }
    }

    /// The one of a family that has the same context struct as this one.
    fn named_of(&self, family: Family) -> Option<Self> {
        if family.naming() != self.family.naming() {
            return None;
        }
        Some(match family == self.family || family.names_modules() {
            true => Self {
                family,
                ..self.clone()
            },
            false => Self {
                family,
                target_at: 0,
                place: self.target().into(),
                ..self.clone()
            },
        })
    }
}

/// Whether a function can be called so.
fn is_function(name: &str) -> bool {
    is_identifier(name) || is_clone(name)
}

/// What keeps a struct name's last underscore from those that its target starts with.
const TAG_MARK: &str = "0";

/// A struct's name with a mark between the underscore that joins two parts and those that the second
/// starts with.
fn marked(name: &str) -> String {
    let bytes = name.as_bytes();
    let is_flavour = |at: usize| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        before.is_some_and(|byte| *byte != b'_') && bytes.get(at + 3).is_some_and(|b| *b != b'_')
    };
    match name.match_indices("___").find(|(at, _)| is_flavour(*at)) {
        Some((at, _)) => format!("{}_{TAG_MARK}{}", &name[..at], &name[at + 1..]),
        None => name.to_owned(),
    }
}

/// The two parts as they are without the mark.
fn unmarked(target: &str) -> String {
    let marked = format!("_{TAG_MARK}__");
    match target.find(&marked) {
        Some(at) if !target[at + marked.len()..].starts_with('_') => {
            target.replacen(&marked, "___", 1)
        }
        _ => target.to_owned(),
    }
}

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

/// Whether a target is an event of a category that nobody knows.
fn is_of_any_category(target: &str) -> bool {
    let parts = target.split_once('/');
    parts.is_some_and(|(category, event)| category == ANY_CATEGORY && is_identifier(event))
}

/// Whether a target is of two names with a slash between.
fn two_parts(target: &str) -> bool {
    let parts = target.split_once('/');
    parts.is_some_and(|(first, second)| is_identifier(first) && is_identifier(second))
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Named => f.pad(&format!("{}/{}", self.family, self.place)),
            Kind::Joined => f.pad(&format!("struct {}", self.struct_name())),
            Kind::Generic => f.pad(&self.place),
        }
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
    /// What stands behind the section prefix, slash included.
    rest: Box<str>,
    /// The hooks behind the slash, where there are several.
    listed: Box<[Hook]>,
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
        let (family, section, target) =
            Family::by_section(plain).ok_or_else(|| Error::UnknownFamily {
                name: name.to_owned(),
            })?;
        let target = target.filter(|target| !target.is_empty());
        let mut listed = Box::default();
        let hook = match (target, family.generic()) {
            (Some(target), _) if multi::is_multi(family, section) => {
                let hook;
                (hook, listed) = multi::parse(family, target)?;
                hook
            }
            (Some(target), _) => Hook::new(family, target)?,
            (None, Generic::Unknown) if family.prototypes() != Prototypes::StructOps => {
                return Err(Error::NoTarget {
                    name: name.to_owned(),
                    section,
                });
            }
            (None, _) => Hook::generic(
                family,
                match family.prototypes() {
                    Prototypes::None => section,
                    _ => family.name(),
                },
            ),
        };
        Ok(Self {
            hook,
            section,
            autoload,
            rest: plain[section.len()..].into(),
            listed,
        })
    }

    /// All hooks of a name that lists several, as `fentry.multi/vfs_read,vfs_write` does; empty of any other.
    /// [`SecName::hook`] is the first.
    pub fn listed(&self) -> &[Hook] {
        &self.listed
    }
}

impl SecName {
    /// The sections that may be meant by a name that is of none: those that are nearest, if any.
    pub fn nearest_sections(name: &str) -> Vec<String> {
        nearest_sections(name)
    }

    /// The plain SEC name of a hook.
    pub fn of_hook(hook: &Hook) -> Self {
        let name = hook.to_string();
        let sections = hook.family().sections();
        let own = sections.iter().find(|section| **section == name);
        let section = own.copied().unwrap_or(sections[0]);
        Self {
            rest: name.strip_prefix(section).unwrap_or_default().into(),
            hook: hook.clone(),
            section,
            autoload: true,
            listed: Box::default(),
        }
    }

    /// Whether a program of this name may take that struct, which is another than its hook's: one that is
    /// the same memory, or one of which nothing is known where the program says less than its hook does.
    ///
    /// Of what a program gets in slots, ctxgen knows all. What it gets in registers or in memory may be
    /// declared otherwise; but not as what another hook passes.
    pub fn may_take(&self, struct_name: &str) -> bool {
        let family = self.hook.family();
        if self
            .listed
            .iter()
            .any(|hook| hook.struct_name() == struct_name)
        {
            return true;
        }
        if family.also().contains(&struct_name) || self.of_return() == Some(struct_name.to_owned())
        {
            return true;
        }
        let of_struct = Hook::from_struct_name(struct_name);
        // A clone may have its original's arguments, and only its author knows.
        let is_original = |other: &Hook| {
            let mut sharing = other.sharing_struct();
            other.target() == original(self.hook.target())
                && sharing.any(|other| other.family() == family)
        };
        if family.passing() == Passing::Registers
            && self.hook.is_of_clone()
            && of_struct.as_ref().is_some_and(is_original)
        {
            return true;
        }
        let of_family = |other: &Hook| {
            let mut sharing = other.sharing_struct();
            other.has_generated_struct() && sharing.any(|other| other.family() == family)
        };
        match (family.generic(), family.passing()) {
            // What replaces a function gets what that gets, which may be any program's context.
            (Generic::Other(..), _) if family.has_targets() => true,
            // Of a pattern, which functions there are is known when it is attached.
            _ if self.hook.is_pattern() => false,
            _ if self.hook.is_generic() && of_struct.as_ref().is_some_and(of_family) => true,
            (Generic::Struct(_), Passing::Memory) | (_, Passing::Slots) => false,
            (_, Passing::Memory | Passing::Registers) => of_struct.is_none(),
        }
    }

    /// The struct that a program gets when the function returns, if it is called then too.
    fn of_return(&self) -> Option<String> {
        let is_session = self.section.split('.').any(|part| part == "session");
        let family = match self.hook.family().name() {
            "kprobe" => "kretprobe",
            "uprobe" => "uretprobe",
            _ => return None,
        };
        let family = Family::by_name(family).filter(|_| is_session && !self.hook.is_generic())?;
        let hook = Hook {
            family,
            ..self.hook.clone()
        };
        Some(hook.struct_name())
    }
}

impl fmt::Display for SecName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let optional = if self.autoload { "" } else { "?" };
        write!(f, "{optional}{}{}", self.section, self.rest)
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
                    let target = match family.prototypes() {
                        _ if !family.has_targets() => "",
                        Prototypes::Event | Prototypes::StructOps => "some/target",
                        Prototypes::User => "/bin/sh:some_target",
                        _ => "some_target",
                    };
                    let slash = if target.is_empty() { "" } else { "/" };
                    let name = format!("{optional}{section}{slash}{target}");
                    let sec = SecName::parse(&name).unwrap();
                    assert_eq!(sec.hook.family(), family);
                    assert_eq!(sec.autoload, optional.is_empty());
                    assert_eq!(sec.to_string(), name);
                    assert_eq!(name.parse::<Hook>().unwrap(), sec.hook);
                    let is_generic = family.prototypes() == Prototypes::None;
                    assert_eq!(sec.hook.is_generic(), is_generic, "{name}");
                    let plain = sec.hook.to_string();
                    assert_eq!(plain.parse::<Hook>().unwrap(), sec.hook, "{plain}");
                }
            }
        }
    }

    #[test]
    fn what_a_target_makes_no_difference_to() {
        for (name, takes) in [
            ("kprobe", "pt_regs"),
            ("kprobe.multi/tcp_*", "pt_regs"),
            ("kprobe/do_idle+0x10", "pt_regs"),
            ("kprobe/f.isra.0+0x10", "pt_regs"),
            ("kprobe/f..isra", "pt_regs"),
            ("kretprobe.multi/f.isra.*", "pt_regs"),
            ("uprobe//bin/sh:main+4", "pt_regs"),
            ("usdt//bin/sh:provider:name", "pt_regs"),
            ("raw_tp", "bpf_raw_tracepoint_args"),
            ("xdp.frags/cpumap", "xdp_md"),
            ("cgroup/connect_unix", "bpf_sock_addr"),
            ("syscall", ""),
            ("freplace/f", ""),
            ("struct_ops/any", ""),
        ] {
            let hook: Hook = name.parse().unwrap();
            assert!(hook.is_generic(), "{name}");
            assert_eq!(hook.struct_name(), takes, "{name}");
            assert!(hook.sharing_struct().any(|other| other == hook), "{name}");
        }
        let hook: Hook = "__sk_buff".parse().unwrap();
        let sharing: Vec<_> = hook.sharing_struct().map(|h| h.to_string()).collect();
        for name in [
            "tc",
            "tcx/egress",
            "cgroup/skb",
            "lwt_xmit",
            "flow_dissector",
        ] {
            assert!(sharing.iter().any(|other| other == name), "{sharing:?}");
        }
    }

    #[test]
    fn targets_of_two_parts() {
        let hook: Hook = "tracepoint/sched/sched_switch".parse().unwrap();
        assert_eq!(hook.to_string(), "tp/sched/sched_switch");
        assert_eq!(hook.struct_name(), "btf_tp_sched_sched_switch_ctx");
        assert_eq!(hook.parts(), [("sched", "sched_switch")]);
        let joined = Hook::from_struct_name("btf_tp_sched_sched_switch_ctx").unwrap();
        assert_eq!(joined.struct_name(), hook.struct_name());
        let parts = joined.parts();
        assert_eq!(
            parts,
            [("sched", "sched_switch"), ("sched_sched", "switch")]
        );
        assert_eq!(joined.with_parts("sched", "sched_switch"), hook);
        let hook: Hook = "struct_ops/tcp_congestion_ops/init".parse().unwrap();
        assert_eq!(
            hook.struct_name(),
            "btf_struct_ops_tcp_congestion_ops_init_ctx"
        );
        for name in ["tp/sched_switch", "tp/sched/", "tp//x", "tp/a/b/c"] {
            let error = name.parse::<Hook>().unwrap_err();
            assert!(matches!(error, Error::BadTarget { .. }), "{name}: {error}");
        }
    }

    #[test]
    fn what_a_program_may_take_besides() {
        for (section, takes, may) in [
            ("kprobe/vfs_unlink", "pt_regs", true),
            ("kprobe/vfs_unlink", "user_pt_regs", true),
            ("kprobe/vfs_unlink", "btf_fentry_vfs_unlink_ctx", false),
            ("kprobe/vfs_unlink", "btf_kretprobe_vfs_unlink_ctx", false),
            ("kprobe/f.isra.0", "pt_regs", true),
            ("kprobe/f.isra.0", "btf_kprobe_f_ctx", true),
            ("kprobe/f.isra.0", "btf_kprobe_g_ctx", false),
            ("fentry/f.isra.0", "btf_fentry_f_ctx", false),
            ("kprobe.session/f", "btf_kretprobe_f_ctx", true),
            ("kprobe.session/f", "btf_kretprobe_g_ctx", false),
            ("kprobe", "btf_kprobe_vfs_unlink_ctx", true),
            ("kprobe.multi/vfs_*", "btf_kprobe_vfs_unlink_ctx", true),
            (
                "tp/sched/sched_switch",
                "trace_event_raw_sched_switch",
                true,
            ),
            ("tp/sched/sched_switch", "btf_trace_sched_switch_ctx", false),
            ("raw_tp/sched_switch", "bpf_raw_tracepoint_args", true),
            ("raw_tp", "btf_trace_sched_switch_ctx", true),
            ("tp_btf/sched_switch", "bpf_raw_tracepoint_args", true),
            ("xdp", "bpf_raw_tracepoint_args", false),
            ("perf_event", "pt_regs", true),
            ("xdp", "__sk_buff", false),
            ("xdp", "mine", false),
            ("syscall", "mine", true),
            ("syscall", "xdp_md", false),
            ("freplace/f", "mine", true),
            ("freplace/f", "xdp_md", true),
            ("freplace/f", "btf_fentry_vfs_unlink_ctx", true),
            ("lsm/file_open", "mine", false),
        ] {
            let sec = SecName::parse(section).unwrap();
            assert_eq!(sec.may_take(takes), may, "{section}, {takes}");
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
        let hook: Hook = "tp/btrfs/__extent_writepage".parse().unwrap();
        let name = "btf_tp_btrfs_0__extent_writepage_ctx";
        assert_eq!(hook.relocatable_name(), name);
        assert_eq!(crate::essential_name(name), name);
        let joined = Hook::from_struct_name(&hook.struct_name()).unwrap();
        assert_eq!(Hook::from_struct_name(name), Some(joined.clone()));
        assert_eq!(joined.relocatable_name(), name);
        let parts = joined.parts();
        assert!(
            parts.contains(&("btrfs", "__extent_writepage")),
            "{parts:?}"
        );
    }

    #[test]
    fn functions_with_dots() {
        for (name, takes) in [
            ("fentry/f.isra.0", "btf_fentry_1f_0isra_00_ctx"),
            ("fexit/m:f.part.0.cold", "btf_fexit_1f_0part_00_0cold_ctx"),
            ("kprobe/f.llvm.123", "btf_kprobe_1f_0llvm_0123_ctx"),
            (
                "kretprobe/__f.__uniq.1",
                "btf_kretprobe_1__f_0__uniq_01_ctx",
            ),
            (
                "uprobe//bin/sh:f.constprop.0",
                "btf_uprobe_1f_0constprop_00_ctx",
            ),
            ("fentry/f_0_1.a_0", "btf_fentry_1f_10_11_0a_10_ctx"),
        ] {
            let sec = SecName::parse(name).unwrap();
            assert!(!sec.hook.is_generic());
            assert_eq!(sec.hook.struct_name(), takes);
            assert_eq!(sec.hook.relocatable_name(), takes);
            assert_eq!(crate::essential_name(takes), takes);
            let of_struct = Hook::from_struct_name(takes).unwrap();
            assert_eq!(of_struct.target(), sec.hook.target());
            assert_eq!(of_struct.struct_name(), takes);
            assert!(of_struct.to_string().parse::<Hook>().is_ok());
            assert_eq!(sec.hook.to_string().parse::<Hook>().unwrap(), sec.hook);
        }
        for name in [
            "btf_fentry_1f_ctx",
            "btf_fentry_1f_2_ctx",
            "btf_fentry_1_0f_ctx",
            "btf_fentry_1f_1x_0y_ctx",
            "btf_fentry_1f_0_ctx",
            "btf_trace_1f_0isra_00_ctx",
        ] {
            assert_eq!(Hook::from_struct_name(name), None, "{name}");
        }
        // No other function's struct is called so.
        let hook: Hook = "fentry/f_0isra_00".parse().unwrap();
        assert_eq!(hook.struct_name(), "btf_fentry_f_0isra_00_ctx");
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
            ("fentry/f.", "not a C identifier"),
            ("tp_btf/f.isra.0", "not a C identifier"),
            ("lsm/a-b", "not a C identifier"),
            ("bogus/x", "no hook family"),
            ("", "no hook family"),
        ] {
            let error = name.parse::<Hook>().unwrap_err().to_string();
            assert!(error.contains(says), "{name}: {error}");
        }
    }
}
