//! What kernels of a build lack.

use crate::prototype::pairing::KnownBy;

/// Which kernels of a build lack what, as indices into [`CtxBtf::kernels`](super::CtxBtf::kernels).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Lacking {
    /// Those without the hook.
    pub hook: Vec<usize>,
    /// For each field, those that have the hook but not the field. Empty where all have all.
    pub fields: Vec<Vec<usize>>,
    /// For each field that is another name of the one before it, what tells that. Empty where there is none.
    pub other_names: Vec<Option<KnownBy>>,
    /// For each field that has other names, the kernels that call it so. Empty where there is none.
    pub called: Vec<Vec<usize>>,
    /// Arguments that have no field, and the kernel that they are of: the types of the kernel below have
    /// no way to declare them.
    pub undeclared: Vec<(String, usize)>,
}

impl Lacking {
    /// Whether a field is another name of the one before it.
    pub(crate) fn is_other_name(&self, field: usize) -> bool {
        self.other_names.get(field).is_some_and(Option::is_some)
    }
}
