//! Compressions, by how their data start.

use super::search::find_all;

/// A compression that kernels, and files with them, come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Xz,
    Zstd,
    /// What `lz4` writes.
    Lz4,
    /// What `lz4 -l` writes, for kernels.
    Lz4Legacy,
    Bzip2,
    /// What came before xz.
    Lzma,
    /// In the container that `lzop` writes.
    Lzo,
}

impl Compression {
    pub(super) const ALL: [Self; 8] = [
        Self::Gzip,
        Self::Xz,
        Self::Zstd,
        Self::Lz4,
        Self::Lz4Legacy,
        Self::Bzip2,
        Self::Lzma,
        Self::Lzo,
    ];

    /// The compression of data that start like this.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|compression| compression.starts(bytes))
    }

    /// For a sentence that says what was recognised.
    pub(super) fn data(self) -> &'static str {
        match self {
            Self::Gzip => "gzip data",
            Self::Xz => "xz data",
            Self::Zstd => "zstd data",
            Self::Lz4 => "lz4 data",
            Self::Lz4Legacy => "legacy lz4 data",
            Self::Bzip2 => "bzip2 data",
            Self::Lzma => "lzma data",
            Self::Lzo => "lzop data",
        }
    }

    fn magic(self) -> &'static [u8] {
        match self {
            // With the method, which is always deflate.
            Self::Gzip => b"\x1f\x8b\x08",
            Self::Xz => b"\xfd7zXZ\0",
            Self::Zstd => b"\x28\xb5\x2f\xfd",
            Self::Lz4 => b"\x04\x22\x4d\x18",
            Self::Lz4Legacy => b"\x02\x21\x4c\x18",
            Self::Bzip2 => b"BZh",
            // No magic, but the properties that every encoder chooses if not told otherwise.
            Self::Lzma => b"\x5d\0\0",
            Self::Lzo => b"\x89LZO\0\r\n\x1a\n",
        }
    }

    /// Whether data of this compression start like this.
    pub(super) fn starts(self, bytes: &[u8]) -> bool {
        let Some(rest) = bytes.strip_prefix(self.magic()) else {
            return false;
        };
        match self {
            // The block size, and the magic of a block.
            Self::Bzip2 => {
                matches!(rest, [b'1'..=b'9', rest @ ..] if rest.starts_with(b"1AY&SY"))
            }
            // The rest of the size of the dictionary and the size of the whole, where known.
            Self::Lzma => match rest.first_chunk() {
                Some([_, _, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
                | Some([_, _, _, _, _, _, _, 0, 0, 0]) => {
                    let dictionary = u32::from_le_bytes([0, 0, rest[0], rest[1]]);
                    dictionary.is_power_of_two() || dictionary.count_ones() == 2
                }
                _ => false,
            },
            _ => true,
        }
    }

    /// Where data of this compression may start in the midst of others.
    pub(super) fn starts_in(self, bytes: &[u8]) -> impl Iterator<Item = usize> {
        find_all(bytes, self.magic()).filter(move |&at| self.starts(&bytes[at..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_how_they_start() {
        for (start, compression) in [
            (&b"\x1f\x8b\x08\0"[..], Compression::Gzip),
            (b"\xfd7zXZ\0\0\x04", Compression::Xz),
            (b"\x28\xb5\x2f\xfd\x04", Compression::Zstd),
            (b"\x04\x22\x4d\x18\x64", Compression::Lz4),
            (b"\x02\x21\x4c\x18\xe6", Compression::Lz4Legacy),
            (b"BZh91AY&SY", Compression::Bzip2),
            (
                b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0",
                Compression::Lzma,
            ),
            (b"\x5d\0\0\0\x02\0\x10\x20\0\0\0\0\0\0", Compression::Lzma),
            (b"\x89LZO\0\r\n\x1a\n\x10", Compression::Lzo),
        ] {
            assert_eq!(Compression::of(start), Some(compression));
            for len in 0..start.len().min(3) {
                assert_eq!(Compression::of(&start[..len]), None);
            }
        }
    }

    #[test]
    fn what_only_looks_like_it() {
        for start in [
            &b"\x1f\x8b\0"[..],
            b"BZh9 is a word",
            b"BZh0\x31AY&SY",
            b"\x5d\0\0\0\0\0\0\0\0\0\0\0\0\0",
            b"\x5d\0\0\x80\0\x12\x34\x56\x78\x9a\xbc\xde\xf0\0",
            b"\x5d\0\0\x80\0\xff\xff",
        ] {
            assert_eq!(Compression::of(start), None, "{start:x?}");
        }
    }

    #[test]
    fn in_the_midst() {
        let bytes = b"BZh9.BZh91AY&SYBZh11AY&SY";
        let places: Vec<_> = Compression::Bzip2.starts_in(bytes).collect();
        assert_eq!(places, [5, 15]);
    }
}
