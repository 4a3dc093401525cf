//! Where a program attaches.

use std::borrow::Cow;
use std::fmt;

use super::clone;
use super::error::HookError;
use super::family::Family;
use super::family::Generic;
use super::family::Naming;
use super::family::Passing;
use super::family::Prototypes;
use super::marks::TAG_MARK;
use super::marks::has_two_underscores;
use super::marks::marked;
use super::marks::unmarked;
use super::marks::without_tag_mark;
use crate::text::ident::is_clone;
use crate::text::ident::is_identifier;
use crate::text::ident::is_module_name;
use crate::text::name;

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
    pub(super) family: Family,
    pub(super) kind: Kind,
    /// Where the target starts in the place: 0 without a module. It is compared first, so that a
    /// module's hooks stay together when they are sorted, behind those of the kernel itself.
    pub(super) target_at: u16,
    /// What stands behind the slash, in one piece: errors carry hooks, and are to stay small. Of a
    /// generic hook, the whole name.
    pub(super) place: Box<str>,
}

/// How much a hook says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
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
    /// [`HookError::BadTarget`], where the name is no C identifier: no tracepoint or LSM hook is called so, and
    /// the struct's name is made of it. Functions may have dots in their names (`foo.isra.0`), as those
    /// have that a compiler has made of others. Families whose programs get something
    /// whatever they attach to take any target that libbpf does.
    pub fn new(family: Family, target: &str) -> Result<Self, HookError> {
        let bad = || HookError::BadTarget {
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
    pub(super) fn generic(family: Family, name: &str) -> Self {
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
    pub fn binary(&self) -> Option<&str> {
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
        let target = self.target();
        if !target.contains(['/', '?']) {
            return [prefix, mark, target, suffix].concat();
        }
        let target = target.replace('/', "_").replace(ANY_CATEGORY, "CATEGORY");
        [prefix, mark, &target, suffix].concat()
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

/// Whether a target is an event of an unknown category.
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
            // Nearly always.
            Kind::Named if f.width().is_none() && f.precision().is_none() => {
                f.write_str(self.family.name())?;
                f.write_str("/")?;
                f.write_str(&name(&self.place))
            }
            Kind::Named => f.pad(&name(&format!("{}/{}", self.family, self.place))),
            Kind::Joined => f.pad(&format!("struct {}", self.struct_name())),
            Kind::Generic => f.pad(&name(&self.place)),
        }
    }
}
