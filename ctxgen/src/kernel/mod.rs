//! A kernel's BTF, with where it came from and what is needed to look things up in it.

mod arch;
mod image;
mod index;
mod source;

use std::cell::OnceCell;
use std::fmt;
use std::path::Path;
use std::path::PathBuf;

pub use self::arch::Arch;
pub use self::image::Trail;
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

/// The raw BTF in a file. What kind of file it is, is told by its content:
///
/// - raw BTF, of either byte order;
/// - an ELF file with a `.BTF` section: vmlinux, and the kernel image of ppc64;
/// - a kernel image: x86 bzImage, the Image of arm64 and riscv64, EFI zboot, and that of s390x;
/// - any of them compressed with gzip, xz, zstd, lz4, bzip2, lzma or lzop.
///
/// What is compressed, as a whole or inside an image, takes the feature `images`. A BTF is returned
/// as it was found, byte for byte; whether it is sound is for [`KernelBtf::from_bytes`] to say.
///
/// # Errors
/// [`Error::Read`], [`Error::UnknownFormat`] where the file is none of them, and the errors that say
/// what is wrong with it otherwise.
pub fn kernel_btf_bytes(path: impl AsRef<Path>) -> Result<Vec<u8>, Error> {
    source::read_btf(path.as_ref())
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

    /// The BTF in a file, of any kind that [`kernel_btf_bytes`] reads.
    ///
    /// # Errors
    /// As [`kernel_btf_bytes`], and [`Error::BadBtf`].
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
