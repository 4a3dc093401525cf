//! A kernel's BTF, with where it came from and what is needed to look things up in it.

mod arch;
mod index;
mod source;

use std::cell::OnceCell;
use std::fmt;
use std::path::Path;
use std::path::PathBuf;

pub use self::arch::Arch;
use self::index::Index;
pub(crate) use self::index::Named;
use crate::Error;
use crate::btf::Btf;
use crate::btf::ByteOrder;

/// Where the kernel shows its own BTF.
pub const RUNNING_BTF: &str = "/sys/kernel/btf/vmlinux";

/// Where a kernel BTF came from, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The running kernel, of this release where it is known.
    Running {
        /// As `uname -r` says.
        release: Option<String>,
    },
    /// A file.
    File(PathBuf),
    /// Bytes in memory, by a name that the caller gave them.
    Memory(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running {
                release: Some(release),
            } => write!(f, "the running kernel ({release}, {RUNNING_BTF})"),
            Self::Running { release: None } => write!(f, "the running kernel ({RUNNING_BTF})"),
            Self::File(path) => path.display().fmt(f),
            Self::Memory(name) => f.write_str(name),
        }
    }
}

/// The BTF of a kernel that programs are built for.
#[derive(Debug)]
pub struct KernelBtf {
    btf: Btf<'static>,
    origin: Origin,
    index: OnceCell<Index>,
}

impl KernelBtf {
    /// The BTF of the running kernel.
    ///
    /// # Errors
    /// [`Error::NoRunningBtf`] where the kernel has none, [`Error::BadBtf`] where it is malformed.
    pub fn running() -> Result<Self, Error> {
        let path = PathBuf::from(RUNNING_BTF);
        match std::fs::read(&path) {
            Ok(bytes) => {
                let release = source::running_release();
                Self::from_bytes(&bytes, Origin::Running { release })
            }
            Err(error) => Err(Error::NoRunningBtf { path, error }),
        }
    }

    /// The BTF in a file: raw BTF, or an ELF file with a `.BTF` section. Which one is told by its
    /// content.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::BadElf`], [`Error::NoBtfSection`] or [`Error::BadBtf`].
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        if path == Path::new(RUNNING_BTF) {
            return Self::running();
        }
        let bytes = source::read_btf(path)?;
        Self::from_bytes(&bytes, Origin::File(path.to_owned()))
    }

    /// A raw BTF in memory.
    ///
    /// # Errors
    /// [`Error::BadBtf`].
    pub fn from_bytes(bytes: &[u8], origin: Origin) -> Result<Self, Error> {
        match Btf::parse(bytes) {
            Ok(btf) => Ok(Self {
                btf,
                origin,
                index: OnceCell::new(),
            }),
            Err(error) => Err(Error::BadBtf { origin, error }),
        }
    }

    /// The types.
    pub fn btf(&self) -> &Btf<'static> {
        &self.btf
    }

    /// Where they came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The kernel's byte order.
    pub fn byte_order(&self) -> ByteOrder {
        self.btf.byte_order()
    }

    /// The kernel's architecture, by what only that one's BTF has; `None` where nothing tells.
    pub fn arch(&self) -> Option<Arch> {
        Arch::of(self)
    }

    pub(crate) fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::new(&self.btf))
    }
}
