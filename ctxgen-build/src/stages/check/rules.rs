//! What objects are held against.

use ctxgen::KernelBtf;

use crate::clang::Options;

/// What objects are held against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'a> {
    pub(crate) kernels: &'a [KernelBtf],
    /// What they were compiled with.
    pub(crate) options: &'a Options<'a>,
    /// Whether the object was there before the build, and so may be of another kernel.
    pub(crate) is_ready: bool,
    /// Whether the contexts are relocated when a program is loaded.
    pub(crate) relocatable: bool,
    /// Sections that a loader of the user's own knows.
    pub(crate) own_sections: &'a [String],
}
