//! Compressed files that unpack to much, or that are made of much that is empty.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::btf;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A legacy frame of LZ4 whose only block is one byte.
const LZ4_LEGACY: &[u8] = b"\x02\x21\x4c\x18\x02\0\0\0\x10k";

/// A kernel image of s390x up to where the compressed kernel may stand.
fn s390() -> Vec<u8> {
    let mut image = vec![0; 0x11000];
    image[0x10008..0x1000e].copy_from_slice(b"S390EP");
    image
}

/// By name, each with how many bytes it counts for: those of what is in it, where that can be read.
pub(crate) fn inputs() -> Vec<(&'static str, Vec<u8>, usize)> {
    let mut legacy_in_image = s390();
    for _ in 0..264 {
        legacy_in_image.extend(LZ4_LEGACY);
        legacy_in_image.extend(b"no kernel");
    }
    let zeroes = vec![0; 200 << 20];
    let types = btf::repeated(1_300_000);
    let inputs = [
        ("streams-of-lz4", LZ4_LEGACY.repeat(16_000)),
        ("streams-of-lz4-in-an-image", legacy_in_image),
        ("streams-of-gzip", gzip(b"").repeat(20_000)),
        ("zeroes", gzip(&zeroes)),
        ("zeroes-twice", gzip(&gzip(&zeroes))),
        ("too-many-types", gzip(&btf::repeated(4_000_000))),
    ];
    let own = inputs.into_iter().map(|(name, input)| {
        let len = input.len();
        (name, input, len)
    });
    let types = [("types", gzip(&types), types.len())];
    own.chain(types).collect()
}
