//! SEC names, decorations included.

use std::fmt;
use std::str::FromStr;

use super::Family;
use super::Generic;
use super::Hook;
use super::Passing;
use super::Prototypes;
use super::error::HookError;
use super::error::nearest_sections;
use super::multi;
use crate::text::ident::original;

/// A SEC name as it stands in a program, decorations included.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// [`HookError::UnknownFamily`], [`HookError::NoTarget`] or [`HookError::BadTarget`].
    pub fn parse(name: &str) -> Result<Self, HookError> {
        let (autoload, plain) = match name.strip_prefix('?') {
            Some(plain) => (false, plain),
            None => (true, name),
        };
        let (family, section, target) =
            Family::by_section(plain).ok_or_else(|| HookError::UnknownFamily {
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
                return Err(HookError::NoTarget {
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
    /// How far behind a function's start a probe is set, in bytes, as in `kprobe/vfs_read+0x10`: registers hold the
    /// function's arguments at its start. `None` where it is set on that.
    pub fn offset(&self) -> Option<u64> {
        if self.hook.family().passing() != Passing::Registers {
            return None;
        }
        let (_, offset) = self.rest.rsplit_once('+')?;
        let number = match offset.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => offset.parse(),
        };
        number.ok().filter(|number| *number != 0)
    }

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

impl FromStr for Hook {
    type Err = HookError;

    /// From a SEC name, or from a struct name.
    fn from_str(name: &str) -> Result<Self, HookError> {
        match Self::from_struct_name(name) {
            Some(hook) => Ok(hook),
            None => SecName::parse(name).map(|sec| sec.hook),
        }
    }
}
