//! The architectures that we can boot, and how to know a kernel image of theirs.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::vm::Error;

/// An architecture whose kernels we can boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Arch {
    /// x86-64, from a bzImage.
    X86_64,
    /// 64-bit Arm, from an uncompressed Image.
    Arm64,
    /// s390x, the big-endian one.
    S390x,
}

/// Where each format has its mark, and what that is.
const MARKS: [(Arch, usize, &[u8]); 3] = [
    // The header of the boot protocol.
    (Arch::X86_64, 0x202, b"HdrS"),
    (Arch::Arm64, 56, b"ARMd"),
    // The entry point of the boot loader for channel-attached devices.
    (Arch::S390x, 0x10008, b"S390EP"),
];

/// All marks lie within so many bytes from the start.
const HEAD: usize = 0x10010;

impl Arch {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::X86_64, Self::Arm64, Self::S390x];

    /// The architecture of a kernel image, by what is in it.
    pub(crate) fn of_image(path: &Path) -> Result<Self, Error> {
        let unreadable = |source| Error::Image {
            path: path.to_owned(),
            source,
        };
        let mut head = Vec::with_capacity(HEAD);
        File::open(path)
            .and_then(|file| file.take(HEAD as u64).read_to_end(&mut head))
            .map_err(unreadable)?;
        Self::of_head(&head).ok_or_else(|| Error::NoImage {
            path: path.to_owned(),
        })
    }

    fn of_head(head: &[u8]) -> Option<Self> {
        let has = |at: usize, mark: &[u8]| head.get(at..at + mark.len()) == Some(mark);
        MARKS
            .into_iter()
            .find(|(_, at, mark)| has(*at, mark))
            .map(|(arch, ..)| arch)
    }

    /// The architecture of that name, as `uname -m` or Debian have it.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "x86_64" | "amd64" => Some(Self::X86_64),
            "aarch64" | "arm64" => Some(Self::Arm64),
            "s390x" => Some(Self::S390x),
            _ => None,
        }
    }

    /// Debian's name.
    pub(crate) fn debian(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Arm64 => "arm64",
            Self::S390x => "s390x",
        }
    }

    /// What `uname -m` says.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "aarch64",
            Self::S390x => "s390x",
        }
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_is_known_by_its_mark() {
        for (arch, at, mark) in MARKS {
            let mut head = vec![0; HEAD];
            head[at..at + mark.len()].copy_from_slice(mark);
            assert_eq!(Arch::of_head(&head), Some(arch));
            // As short as can be.
            assert_eq!(Arch::of_head(&head[..at + mark.len()]), Some(arch));
            assert_eq!(Arch::of_head(&head[..at + mark.len() - 1]), None);
        }
    }

    #[test]
    fn anything_else_is_no_image() {
        assert_eq!(Arch::of_head(b""), None);
        assert_eq!(Arch::of_head(&[0; HEAD]), None);
        assert_eq!(Arch::of_head(b"\x7fELF\x02\x01\x01"), None);
    }

    #[test]
    fn a_file_that_is_no_image_is_said_to_be_none() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let error = Arch::of_image(&path).unwrap_err().to_string();
        assert!(error.contains("Cargo.toml"), "{error}");
        assert!(error.contains("is no kernel image"), "{error}");
    }

    #[test]
    fn names_are_understood_again() {
        for arch in Arch::ALL {
            assert_eq!(Arch::from_name(arch.name()), Some(arch));
        }
        assert_eq!(Arch::from_name("amd64"), Some(Arch::X86_64));
        assert_eq!(Arch::from_name("riscv64"), None);
    }
}
