//! A kernel's BTF, with where it came from and what is needed to look things up in it.

mod arch;
mod display_name;
mod error;
mod incomplete;
mod index;
mod kernel_btf;
mod lookup;
#[cfg(feature = "reads")]
mod of_program;
mod origin;
mod pin_note;
mod release;
mod symbols;
mod touched;
mod users;

use std::path::Path;

pub use self::arch::Arch;
pub use self::display_name::labels;
pub use self::display_name::labels_among;
pub use self::error::KernelError;
pub(crate) use self::incomplete::Incomplete;
pub use self::incomplete::NotPinned;
pub(crate) use self::incomplete::PARTIAL;
pub(crate) use self::index::Named;
pub use self::kernel_btf::KernelBtf;
pub use self::origin::Origin;
pub use self::origin::RUNNING_BTF;
pub use self::pin_note::PinNote;
pub(crate) use self::touched::Touched;
pub use crate::image::ImageError;
pub use crate::image::Trail;
use crate::image::read_btf;
use crate::image::release_in;
pub use crate::module::Module;
pub use crate::module::ModuleError;
pub use crate::tracefs::TracefsError;
pub use crate::user::Types;
pub use crate::user::UserError;
pub use crate::user::UserRefusal;
pub(crate) use crate::user::integer;

/// The raw BTF in a file. What kind of file it is, is told by its content:
///
/// - raw BTF, of either byte order;
/// - an ELF file with a `.BTF` section: vmlinux, the kernel image of ppc64, and modules;
/// - a kernel image: x86 bzImage, the Image of arm64 and riscv64, EFI zboot, and that of s390x;
/// - an archive (tar) with one raw BTF in it, as those of `BTFHub`;
/// - any of them compressed with gzip, xz, zstd, lz4, bzip2, lzma or lzop.
///
/// What is compressed, as a whole or inside an image, and archives take the feature `images`. A BTF is returned
/// as it was found, byte for byte; whether it is sound is for [`KernelBtf::from_bytes`] to say.
///
/// # Errors
/// [`ImageError::Read`], [`ImageError::UnknownFormat`] where the file is none of them, and the errors that say
/// what is wrong with it otherwise.
pub fn kernel_btf_bytes(path: impl AsRef<Path>) -> Result<Vec<u8>, ImageError> {
    read_btf(path.as_ref()).map(|found| found.btf)
}

/// The release that a kernel image says, where it says it without being decompressed: that in the header of an
/// x86 image, or what a kernel that is not compressed prints when it boots. `None` of all else; BTF has none.
///
/// # Errors
/// [`ImageError::Read`].
pub fn kernel_release(path: impl AsRef<Path>) -> Result<Option<String>, ImageError> {
    release_in(path.as_ref())
}
