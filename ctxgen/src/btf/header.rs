//! The BTF header: byte order, and where the sections are.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::type_layout::Lengths;

/// `BTF_MAGIC` of `include/uapi/linux/btf.h`.
const MAGIC: u16 = 0xeb9f;
/// The header that every reader knows. pahole's `layout` feature makes it longer, and libbpf 1.7
/// refuses a longer one in the other byte order.
pub(super) const HEADER_LEN: u32 = 24;

/// The byte order of a kernel and of the BPF programs that it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// x86-64, arm64, riscv64, ppc64le.
    Little,
    /// s390x.
    Big,
}

impl ByteOrder {
    /// That of the data which start with these two bytes, if they are the BTF magic.
    pub(crate) fn of_magic(magic: [u8; 2]) -> Option<Self> {
        [Self::Little, Self::Big]
            .into_iter()
            .find(|order| order.u16(magic) == MAGIC)
    }

    /// The byte order of the machine that this code runs on.
    pub const HOST: Self = if cfg!(target_endian = "big") {
        Self::Big
    } else {
        Self::Little
    };

    pub(crate) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    pub(crate) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    pub(crate) fn put_u32(self, out: &mut Vec<u8>, value: u32) {
        out.extend_from_slice(&match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        });
    }

    fn put_u16(self, out: &mut Vec<u8>, value: u16) {
        out.extend_from_slice(&match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        });
    }
}

impl fmt::Display for ByteOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Little => "little-endian",
            Self::Big => "big-endian",
        })
    }
}

/// Why a header is not one of BTF.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The first two bytes are not `BTF_MAGIC` in either byte order.
    #[error("it does not start with the BTF magic")]
    Magic,
    /// The version is not 1, the only one there is.
    #[error("its BTF version is {0}, and 1 is the only one known")]
    Version(u8),
    /// The data end before the header or a section does.
    #[error("it is cut short: {need} bytes are announced and {have} are there")]
    Truncated {
        /// Where the announced data end, in bytes.
        need: u64,
        /// How many bytes there are.
        have: usize,
    },
    /// The header's length field is smaller than the smallest header.
    #[error("its header claims a length of {0} bytes, less than {HEADER_LEN}")]
    ShortHeader(u32),
    /// More than 4 GiB.
    #[error("it is {0} bytes long, more than BTF can address")]
    TooLarge(usize),
}

/// A header of at least this length has the place of a third section, the layout: how long each kind of
/// type is, for readers that do not know it.
const LAYOUT_HEADER_LEN: u32 = 32;

/// Where the types and strings of a BTF blob are.
#[derive(Clone, Debug)]
pub(crate) struct Sections {
    pub(crate) order: ByteOrder,
    header_len: u32,
    pub(crate) types: Range<usize>,
    pub(crate) strings: Range<usize>,
    /// Empty where there is none.
    pub(crate) layout: Range<usize>,
}

impl Sections {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        let truncated = |need| HeaderError::Truncated {
            need,
            have: bytes.len(),
        };
        let &[m0, m1, version, ..] = bytes else {
            return Err(if bytes.is_empty() {
                truncated(HEADER_LEN.into())
            } else {
                HeaderError::Magic
            });
        };
        let order = ByteOrder::of_magic([m0, m1]).ok_or(HeaderError::Magic)?;
        if version != 1 {
            return Err(HeaderError::Version(version));
        }
        let word = |at: usize| -> Result<u32, HeaderError> {
            let word = bytes
                .get(at..at + 4)
                .and_then(|word| word.try_into().ok())
                .ok_or_else(|| truncated(HEADER_LEN.into()))?;
            Ok(order.u32(word))
        };
        let header_len = word(4)?;
        if header_len < HEADER_LEN {
            return Err(HeaderError::ShortHeader(header_len));
        }
        let section = |at: usize| -> Result<Range<usize>, HeaderError> {
            let start = u64::from(header_len) + u64::from(word(at)?);
            let end = start + u64::from(word(at + 4)?);
            match (usize::try_from(start), usize::try_from(end)) {
                (Ok(start), Ok(end)) if end <= bytes.len() => Ok(start..end),
                _ => Err(truncated(end)),
            }
        };
        let layout = match header_len >= LAYOUT_HEADER_LEN {
            true if word(28)? > 0 => section(24)?,
            _ => 0..0,
        };
        Ok(Self {
            order,
            header_len,
            types: section(8)?,
            strings: section(16)?,
            layout,
        })
    }

    /// Whether the header is one that every reader knows.
    pub(super) fn has_plain_header(&self) -> bool {
        self.header_len == HEADER_LEN
    }

    /// Whether the types start at a multiple of four bytes behind the header.
    pub(super) fn is_aligned(&self) -> bool {
        (self.types.start - self.header_len as usize).is_multiple_of(4)
    }

    /// How long the types of this blob are. A split one without a layout of its own has its base's.
    pub(crate) fn lengths(&self, bytes: &[u8], base: Option<&Lengths>) -> Lengths {
        match (self.layout.is_empty(), base) {
            (true, Some(base)) => *base,
            _ => Lengths::known().with_layout(&bytes[self.layout.clone()]),
        }
    }

    /// Where the last of the sections ends.
    pub(crate) fn end(&self) -> usize {
        self.types.end.max(self.strings.end).max(self.layout.end)
    }

    /// The blob with a header of 24 bytes, types right behind it and strings behind those: what
    /// every reader accepts. A layout section, which describes kinds that the reader may not know,
    /// is left away.
    pub(crate) fn with_plain_header<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        if self.header_len == HEADER_LEN {
            return Cow::Borrowed(bytes);
        }
        Cow::Owned(assemble(
            self.order,
            &bytes[self.types.clone()],
            &bytes[self.strings.clone()],
        ))
    }
}

/// A BTF blob of these types and strings, both already in `order`.
pub(crate) fn assemble(order: ByteOrder, types: &[u8], strings: &[u8]) -> Vec<u8> {
    let len = |section: &[u8]| u32::try_from(section.len()).unwrap_or(u32::MAX);
    let mut out = Vec::with_capacity(HEADER_LEN as usize + types.len() + strings.len());
    order.put_u16(&mut out, MAGIC);
    out.extend_from_slice(&[1, 0]);
    for word in [HEADER_LEN, 0, len(types), len(types), len(strings)] {
        order.put_u32(&mut out, word);
    }
    out.extend_from_slice(types);
    out.extend_from_slice(strings);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(order: ByteOrder) -> Vec<u8> {
        assemble(order, &[1, 2, 3, 4], b"\0x\0")
    }

    #[test]
    fn either_byte_order() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let sections = Sections::parse(&blob(order)).unwrap();
            assert_eq!(sections.order, order);
            assert_eq!(sections.types, 24..28);
            assert_eq!(sections.strings, 28..31);
        }
    }

    #[test]
    fn longer_header_becomes_plain() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let plain = blob(order);
            let mut long = plain[..4].to_vec();
            order.put_u32(&mut long, 32);
            long.extend_from_slice(&plain[8..24]);
            // Offset and length of a layout section, which here is behind the strings.
            order.put_u32(&mut long, 7);
            order.put_u32(&mut long, 4);
            long.extend_from_slice(&plain[24..]);
            long.extend_from_slice(&[9; 4]);

            let sections = Sections::parse(&long).unwrap();
            assert_eq!(sections.with_plain_header(&long), plain);
        }
    }

    #[test]
    fn every_truncation_is_an_error() {
        let blob = blob(ByteOrder::Little);
        for len in 0..blob.len() {
            assert!(Sections::parse(&blob[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn nonsense_is_an_error() {
        assert_eq!(
            Sections::parse(b"\x7fELF....................").unwrap_err(),
            HeaderError::Magic
        );
        let mut version = blob(ByteOrder::Big);
        version[2] = 2;
        assert_eq!(
            Sections::parse(&version).unwrap_err(),
            HeaderError::Version(2)
        );
        let mut short = blob(ByteOrder::Little);
        short[4] = 23;
        assert_eq!(
            Sections::parse(&short).unwrap_err(),
            HeaderError::ShortHeader(23)
        );
        let mut huge = blob(ByteOrder::Little);
        huge[12..16].copy_from_slice(&[0xff; 4]);
        assert!(matches!(
            Sections::parse(&huge),
            Err(HeaderError::Truncated { .. })
        ));
    }
}
