//! Decompression: one file for each format, and the bounds that hold for all.

mod bzip2;
mod gzip;
mod limits;
mod lz4;
mod lzma;
mod lzop;
mod output;
mod xz;
mod zstd;

use self::limits::MAX_WINDOW;
use self::limits::corrupt;
use self::limits::cut_short;
pub(super) use self::output::Failure;
use self::output::Output;
use super::Room;
use super::compression::Compression;

/// How many bytes a decoder of gzip data is set up with. `bgzip` writes a stream for each 64 KiB.
const SETUP_OF_GZIP: u64 = 64 << 10;

/// The same for the others, which refer back further. Tools that compress in parallel write a stream for
/// each block, of 900 KiB or more unless they are told otherwise. An empty one takes some ten bytes, and
/// as long as any other to set up.
const SETUP: u64 = 1 << 20;

/// What `bytes` hold, as much as there is room for, which is less by as much then.
pub(super) fn decode(
    compression: Compression,
    bytes: &[u8],
    room: &mut Room,
) -> Result<Vec<u8>, Failure> {
    let mut rest = bytes;
    let mut output = Output::new(room);
    let setup = match compression {
        Compression::Gzip => SETUP_OF_GZIP,
        _ => SETUP,
    };
    while output.room().set_up(setup).is_some() {
        let stream = match compression {
            Compression::Gzip => gzip::decode,
            Compression::Xz => xz::decode,
            Compression::Zstd => zstd::decode,
            Compression::Lz4 => lz4::decode,
            Compression::Lz4Legacy => lz4::decode_legacy,
            Compression::Bzip2 => bzip2::decode,
            Compression::Lzma => lzma::decode,
            Compression::Lzo => lzop::decode,
        };
        stream(&mut rest, &mut output)?;
        if !compression.starts(rest) {
            return Ok(output.into_bytes());
        }
    }
    Err(corrupt("it is made of too many streams").into())
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    /// [`samples::plain`], compressed by the usual tools.
    const SAMPLES: [(Compression, &[u8]); 11] = [
        (Compression::Gzip, include_bytes!("testdata/plain.gz")),
        (Compression::Xz, include_bytes!("testdata/plain.xz")),
        (Compression::Xz, include_bytes!("testdata/plain-bcj-x86.xz")),
        (Compression::Zstd, include_bytes!("testdata/plain.zst")),
        (
            Compression::Zstd,
            include_bytes!("testdata/plain-ultra.zst"),
        ),
        (Compression::Lz4, include_bytes!("testdata/plain.lz4")),
        (
            Compression::Lz4Legacy,
            include_bytes!("testdata/plain-legacy.lz4"),
        ),
        (Compression::Bzip2, include_bytes!("testdata/plain.bz2")),
        (Compression::Lzma, include_bytes!("testdata/plain.lzma")),
        (Compression::Lzo, include_bytes!("testdata/plain.lzo")),
        (
            Compression::Lzo,
            include_bytes!("testdata/plain-stored.lzo"),
        ),
    ];

    fn decode_all(compression: Compression, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
        decode(compression, bytes, &mut Room::of(1 << 20))
    }

    #[test]
    fn what_the_usual_tools_write() {
        for (compression, bytes) in SAMPLES {
            assert_eq!(Compression::of(bytes), Some(compression));
            let plain = decode_all(compression, bytes).unwrap();
            assert_eq!(plain, samples::plain(), "{compression:?}");
        }
    }

    #[test]
    fn with_its_size_behind_it() {
        for (compression, bytes) in SAMPLES {
            let mut bytes = bytes.to_vec();
            let size = u32::try_from(samples::plain().len()).unwrap();
            bytes.extend_from_slice(&size.to_le_bytes());
            assert_eq!(decode_all(compression, &bytes).unwrap(), samples::plain());
            bytes.extend_from_slice(&[0xa5; 100]);
            assert_eq!(decode_all(compression, &bytes).unwrap(), samples::plain());
        }
    }

    #[test]
    fn several_streams() {
        for (compression, bytes) in SAMPLES {
            // Nobody concatenates those: there is no telling where one ends.
            if compression == Compression::Lzma {
                continue;
            }
            let plain = decode_all(compression, &bytes.repeat(3)).unwrap();
            assert_eq!(plain, samples::plain().repeat(3), "{compression:?}");
        }
    }

    #[test]
    fn every_truncation_is_an_error() {
        for (compression, bytes) in SAMPLES {
            for len in 0..bytes.len() {
                let failure = decode_all(compression, &bytes[..len]);
                assert!(failure.is_err(), "{compression:?} {len}");
            }
        }
    }

    #[test]
    fn every_changed_byte_ends() {
        for (compression, bytes) in SAMPLES {
            let mut bytes = bytes.to_vec();
            for at in 0..bytes.len() {
                for bit in 0..8 {
                    bytes[at] ^= 1 << bit;
                    let _ = decode_all(compression, &bytes);
                    bytes[at] ^= 1 << bit;
                }
            }
        }
    }

    #[test]
    fn no_more_than_there_is_room_for() {
        let len = samples::plain().len() as u64;
        for (compression, bytes) in SAMPLES {
            let mut room = Room::of(len);
            decode(compression, bytes, &mut room).unwrap();
            assert_eq!(room.left(), 0, "{compression:?}");
            let mut room = Room::of(len - 1);
            let failure = decode(compression, bytes, &mut room).unwrap_err();
            assert!(matches!(failure, Failure::TooLarge), "{compression:?}");
        }
    }

    #[test]
    fn endless_empty_streams() {
        let empty = samples::gzip(b"");
        let failure = decode_all(Compression::Gzip, &empty.repeat(1 << 14));
        assert!(matches!(failure, Err(Failure::Corrupt(_))));
    }

    /// Bytes at most that the decoders of a file are set up with, counted over all places in it where
    /// compressed data may start.
    #[test]
    fn set_up_is_counted_once_for_a_file() {
        let mut room = Room::of(64 << 20);
        let stream = include_bytes!("testdata/plain-legacy.lz4");
        for _ in 0..64 {
            decode(Compression::Lz4Legacy, stream, &mut room).unwrap();
        }
        let failure = decode(Compression::Lz4Legacy, stream, &mut room);
        assert!(matches!(failure, Err(Failure::Corrupt(_))));
    }
}
