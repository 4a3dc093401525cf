//! Why no kernel BTF can be read from a file.

use std::ops::Range;
use std::path::PathBuf;

use super::Trail;

/// Why no kernel BTF can be read from a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// A file could not be read.
    #[error("cannot read kernel BTF from {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// A file is nothing that BTF is read from.
    #[error(
        "no kernel BTF can be read from {file}: {}. What is read, whatever its name, is raw BTF, ELF \
         (vmlinux, modules), a kernel image (x86 bzImage, arm64 or riscv64 Image, EFI zboot, s390x), an \
         archive with one BTF (tar), and any of these compressed with gzip, xz, zstd, lz4, bzip2, lzma \
         or lzop",
        starts(start)
    )]
    UnknownFormat {
        /// The file, and what was recognised around what was not.
        file: Trail,
        /// The first bytes of what was not recognised.
        start: Vec<u8>,
    },
    /// A file, or what it decompresses to, is larger than any kernel.
    #[error("{file} is refused: more than {} MiB would have to be read from it", limit >> 20)]
    TooLarge {
        /// The file.
        file: Trail,
        /// How many bytes would have been accepted.
        limit: u64,
    },
    /// Compressed data in compressed data in compressed data.
    #[error("{file} is refused: it has more than {max} nested layers")]
    NestedTooDeep {
        /// The file.
        file: Trail,
        /// How many would have been accepted.
        max: usize,
    },
    /// A file has to be decompressed or unpacked, and what does that is not there.
    #[error(
        "{file} must be unpacked, and ctxgen was built without the feature `images`: enable it, or give the \
         ELF file or the raw BTF"
    )]
    NoDecompression {
        /// The file.
        file: Trail,
    },
    /// Compressed data are damaged.
    #[error("{file} cannot be decompressed: {error}")]
    Decompress {
        /// The file.
        file: Trail,
        /// The decoder's reason.
        error: std::io::Error,
    },
    /// An archive cannot be read to its end.
    #[error("{file} cannot be read as one: {error}")]
    Archive {
        /// The file.
        file: Trail,
        /// The reader's reason.
        error: std::io::Error,
    },
    /// An archive without BTF.
    #[error(
        "there is no BTF in {file}: none of its {files} files is raw BTF, as the one in each of \
         BTFHub's archives is"
    )]
    NoBtfInArchive {
        /// The file.
        file: Trail,
        /// How many files there are in it.
        files: usize,
    },
    /// An archive with more than one BTF.
    #[error("there is more than one BTF in {file}: unpack it, and give the right one")]
    SeveralInArchive {
        /// The file.
        file: Trail,
    },
    /// A kernel image ends before what its header announces.
    #[error(
        "{file} is cut short: its header says that there is something at bytes {} to {}, and it has {have}",
        range.start, range.end
    )]
    ImageCutShort {
        /// The file.
        file: Trail,
        /// Where the kernel would be.
        range: Range<u64>,
        /// How many bytes there are.
        have: usize,
    },
    /// An x86 kernel image from before Linux 2.6.26.
    #[error(
        "{file} has boot protocol {}.{:02}, and only since 2.08 do images tell where the kernel is in \
         them: give the ELF vmlinux", version >> 8, version & 0xff
    )]
    OldBootProtocol {
        /// The file.
        file: Trail,
        /// Major and minor version.
        version: u16,
    },
    /// A kernel image without BTF.
    #[error(
        "there is no kernel BTF in {file}: the kernel was built without CONFIG_DEBUG_INFO_BTF{}",
        tried_in_vain(tried)
    )]
    NoBtfInImage {
        /// The file.
        file: Trail,
        /// The places in it where compressed data seemed to be, and why each was not the kernel.
        tried: Vec<String>,
    },
    /// A kernel image with several BTFs that could be the kernel's.
    #[error(
        "{file} has more than one kernel BTF, at bytes {}: extract the right one, and give it as raw BTF",
        ranges(places)
    )]
    AmbiguousBtf {
        /// The file.
        file: Trail,
        /// Where they are.
        places: Vec<Range<usize>>,
    },
    /// A kernel image that is made to be searched for ever.
    #[error("{file} is refused: too many places in it look like BTF and are not")]
    TooManyCandidates {
        /// The file.
        file: Trail,
    },
    /// A file is an ELF file without BTF.
    #[error(
        "{file} has no .BTF section, or an empty one: the kernel was built without \
         CONFIG_DEBUG_INFO_BTF, a module without CONFIG_DEBUG_INFO_BTF_MODULES or without its vmlinux \
         at hand, or it was stripped from it"
    )]
    NoBtfSection {
        /// The file.
        file: Trail,
    },
    /// A file is an ELF file with more sections than anything real.
    #[error("{file} is refused: it claims to have {count} sections")]
    TooManySections {
        /// The file.
        file: Trail,
        /// How many.
        count: u32,
    },
    /// A file is an ELF file that cannot be read as one.
    #[error("{file} cannot be read as one: {error}")]
    BadElf {
        /// The file.
        file: Trail,
        /// The parser's reason.
        error: object::Error,
    },
}

/// What a file starts with, for those who know magic numbers.
fn starts(start: &[u8]) -> String {
    if start.is_empty() {
        return "nothing is in it".to_owned();
    }
    let bytes: Vec<_> = start.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("what is in it starts with the bytes {}", bytes.join(" "))
}

fn tried_in_vain(tried: &[String]) -> String {
    match tried {
        [] => String::new(),
        tried => format!(
            ", or it is in none of the places looked at:{}",
            indented(tried)
        ),
    }
}

fn ranges(ranges: &[Range<usize>]) -> String {
    let ranges: Vec<_> = ranges
        .iter()
        .map(|range| format!("{} to {}", range.start, range.end))
        .collect();
    ranges.join(", ")
}

fn indented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n    {line}")).collect()
}
