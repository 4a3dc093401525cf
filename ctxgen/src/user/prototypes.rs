//! What is read of a program in user space.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::UserRefusal;

/// The prototypes of a program's functions.
#[derive(Debug, Default)]
pub(super) struct Prototypes {
    pub(super) btf: Vec<u8>,
    pub(super) more: Vec<PathBuf>,
    pub(super) refused: BTreeMap<String, UserRefusal>,
}
