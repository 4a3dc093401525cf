//! Two BTFs as one.

use crate::btf::HeaderError;
use crate::btf::Sections;
use crate::btf::assemble;

/// A BTF and a split one on top of it as one.
pub(super) fn joined(base: &[u8], split: &[u8]) -> Result<Vec<u8>, HeaderError> {
    let (below, above) = (Sections::parse(base)?, Sections::parse(split)?);
    let types = [&base[below.types], &split[above.types]].concat();
    let strings = [&base[below.strings], &split[above.strings]].concat();
    Ok(assemble(below.order, &types, &strings))
}
