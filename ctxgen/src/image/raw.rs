//! BTF as it is.

use crate::btf::HeaderError;
use crate::btf::Sections;

/// By the magic alone: what else is wrong with it is said better by whoever parses it.
pub(super) fn is_btf(bytes: &[u8]) -> bool {
    bytes.len() > 2 && !matches!(Sections::parse(bytes), Err(HeaderError::Magic))
}
