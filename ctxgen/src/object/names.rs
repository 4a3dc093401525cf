//! The names in an object, each kept once: strings in ELF and BTF overlap, so that a small file can have
//! many names that are as long as the file.

use std::sync::Arc;

use crate::sorted::set;

/// The longest name of a section with code, in bytes: SEC names have a path at the most (`PATH_MAX`)
/// and a function in it.
pub(super) const MAX_SECTION: usize = 4096 + 512;
/// The longest name of a function, in bytes: the kernel takes none that is longer (`KSYM_NAME_LEN`).
pub(super) const MAX_FUNCTION: usize = 511;
/// How much of a name that is too long is shown, in characters.
const SHOWN: usize = 64;

/// The names of an object's sections, sorted.
#[derive(Debug)]
pub(super) struct SectionNames(Vec<Arc<str>>);

impl SectionNames {
    pub(super) fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let names = set(names.into_iter().collect());
        Self(names.into_iter().map(Arc::from).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&Arc<str>> {
        let place = self.0.binary_search_by(|known| (**known).cmp(name));
        self.0.get(place.ok()?)
    }
}

/// What of a name is shown in an error.
pub(super) fn shown(name: &str) -> String {
    name.chars().take(SHOWN).collect()
}
