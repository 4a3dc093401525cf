//! What is found in a file, and where.

use std::ops::Range;

use super::Trail;
use super::error::ImageError;

/// How many bytes are read from a file. A distribution's kernel has around 60 MiB, with debug information
/// some hundreds.
pub(super) const LIMIT: u64 = 1 << 30;

/// What is found in a file.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The raw BTF.
    pub(crate) btf: Vec<u8>,
    /// Of a module that was built for more than one kernel, what its BTF is on top of.
    pub(crate) base: Option<Vec<u8>>,
    /// What a module says of itself: `name=value`, each ended by NUL.
    pub(crate) modinfo: Option<Vec<u8>>,
}

/// The payload from `start` on, `len` bytes long, of a file of `have` bytes.
pub(super) fn within(
    start: u64,
    len: u64,
    have: usize,
    trail: &Trail,
) -> Result<Range<usize>, ImageError> {
    let end = start.saturating_add(len);
    match (usize::try_from(start), usize::try_from(end)) {
        (Ok(from), Ok(to)) if to <= have => Ok(from..to),
        _ => Err(ImageError::ImageCutShort {
            file: trail.clone(),
            range: start..end,
            have,
        }),
    }
}
