//! The names in an object, each kept once: strings in ELF and BTF overlap, so that a small file can have
//! many names that are as long as the file.

use std::collections::HashSet;
use std::sync::Arc;

/// The longest name of a section with code, in bytes: SEC names have a path at the most (`PATH_MAX`)
/// and a function in it.
pub(super) const MAX_SECTION: usize = 4096 + 512;
/// The longest name of a function, in bytes: the kernel takes none that is longer (`KSYM_NAME_LEN`).
pub(super) const MAX_FUNCTION: usize = 511;
/// How much of a name that is too long is shown, in characters.
const SHOWN: usize = 64;

/// The names of an object's sections.
#[derive(Debug, Default)]
pub(super) struct SectionNames(HashSet<Arc<str>>);

impl SectionNames {
    #[cfg(test)]
    pub(super) fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        Self(names.into_iter().map(Arc::from).collect())
    }

    pub(super) fn add(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        self.0.insert(Arc::clone(&name));
        name
    }

    pub(super) fn get(&self, name: &str) -> Option<&Arc<str>> {
        self.0.get(name)
    }
}

/// What of a name is shown in an error.
pub(super) fn shown(name: &str) -> String {
    name.chars().take(SHOWN).collect()
}
