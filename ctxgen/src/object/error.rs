//! Why bytes could not be read as a BPF object.

use super::ExtError;
use crate::btf::BtfError;

/// Why bytes could not be read as a BPF object.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// They are no ELF file, or a damaged one.
    #[error("it cannot be read as an ELF file: {0}")]
    Elf(object::Error),
    /// Its section `.BTF` is damaged.
    #[error("its .BTF section cannot be used: {0}")]
    Btf(BtfError),
    /// Its section `.BTF.ext` is damaged.
    #[error("its .BTF.ext section cannot be used: {0}")]
    Ext(ExtError),
    /// A section with code, or a function in one, has a name longer than libbpf and kernels take.
    #[error(
        "it has code under a name of {len} bytes, and none has more than {max}: {start:?} and so on"
    )]
    LongName {
        /// How long it is, in bytes.
        len: usize,
        /// How long it may be.
        max: usize,
        /// What it starts with.
        start: String,
    },
    /// Its sections have the same bytes, or its functions the same instructions, again and again.
    #[error("its {0} overlap: no compiler writes this")]
    Overlapping(
        /// What does.
        &'static str,
    ),
}

impl From<object::Error> for ObjectError {
    fn from(error: object::Error) -> Self {
        Self::Elf(error)
    }
}

impl From<BtfError> for ObjectError {
    fn from(error: BtfError) -> Self {
        Self::Btf(error)
    }
}

impl From<ExtError> for ObjectError {
    fn from(error: ExtError) -> Self {
        Self::Ext(error)
    }
}
