//! What a file is, by its content.

use super::archive;
use super::bzimage;
use super::compression::Compression;
use super::elf;
use super::raw::is_btf;
use super::s390;
use super::zboot;

/// Where the images of arm64 and riscv64 have their architecture's magic: the last field of the
/// header in `Documentation/arch/arm64/booting.rst` and `Documentation/arch/riscv/boot-image-header.rst`.
const FLAT_MAGIC_AT: usize = 56;

/// Something that kernel BTF can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// BTF itself.
    Btf,
    /// An ELF file: vmlinux, or what is in a bzImage.
    Elf,
    /// x86.
    BzImage,
    /// A kernel image in an EFI program that unpacks it.
    Zboot,
    /// The kernel as it is in memory.
    Arm64,
    /// The kernel as it is in memory.
    Riscv64,
    /// s390x.
    S390,
    /// An archive of files, as those of `BTFHub`.
    Tar,
    /// Any of the others, compressed.
    Compressed(Compression),
}

impl Format {
    /// The format of a file that starts with these bytes.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let flat_magic = bytes.get(FLAT_MAGIC_AT..).unwrap_or_default();
        // Zboot before the other images: where they have their magic, it has compressed data.
        if is_btf(bytes) {
            Some(Self::Btf)
        } else if elf::is_elf(bytes) {
            Some(Self::Elf)
        } else if zboot::is_zboot(bytes) {
            Some(Self::Zboot)
        } else if bzimage::is_bzimage(bytes) {
            Some(Self::BzImage)
        } else if flat_magic.starts_with(b"ARM\x64") {
            Some(Self::Arm64)
        } else if flat_magic.starts_with(b"RSC\x05") {
            Some(Self::Riscv64)
        } else if s390::is_image(bytes) {
            Some(Self::S390)
        } else if archive::is_tar(bytes) {
            Some(Self::Tar)
        } else {
            Compression::of(bytes).map(Self::Compressed)
        }
    }

    /// For a sentence that says what was recognised.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Btf => "raw BTF",
            Self::Elf => "an ELF file",
            Self::BzImage => "an x86 kernel image",
            Self::Zboot => "an EFI zboot image",
            Self::Arm64 => "an arm64 kernel image",
            Self::Riscv64 => "a riscv64 kernel image",
            Self::S390 => "an s390x kernel image",
            Self::Tar => "a tar archive",
            Self::Compressed(compression) => compression.data(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::btf::ByteOrder;

    #[test]
    fn each_by_its_content() {
        let samples = [
            (samples::btf(ByteOrder::Little), Format::Btf),
            (samples::btf(ByteOrder::Big), Format::Btf),
            (samples::elf(ByteOrder::Big, ".BTF", b""), Format::Elf),
            (samples::bzimage(b"payload"), Format::BzImage),
            (samples::zboot(b"payload"), Format::Zboot),
            (samples::flat(*b"ARM\x64", b""), Format::Arm64),
            (samples::flat(*b"RSC\x05", b""), Format::Riscv64),
            (samples::s390(b""), Format::S390),
            (samples::tar(&[("a", b"")]), Format::Tar),
            (
                b"\x1f\x8b\x08\0".to_vec(),
                Format::Compressed(Compression::Gzip),
            ),
        ];
        for (bytes, format) in samples {
            assert_eq!(Format::of(&bytes), Some(format));
        }
    }

    #[test]
    fn broken_btf_is_still_btf() {
        let btf = samples::btf(ByteOrder::Little);
        for len in 3..btf.len() {
            assert_eq!(Format::of(&btf[..len]), Some(Format::Btf), "{len}");
        }
    }

    #[test]
    fn a_zboot_image_is_not_mistaken_for_what_its_payload_looks_like() {
        let mut image = samples::zboot(&[0; 1024]);
        image[0x202..0x206].copy_from_slice(b"HdrS");
        image[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
        assert_eq!(Format::of(&image), Some(Format::Zboot));
    }

    #[test]
    fn nothing() {
        assert_eq!(Format::of(b""), None);
        assert_eq!(Format::of(b"MZ"), None);
        assert_eq!(Format::of(&[0; 0x11000]), None);
    }
}
