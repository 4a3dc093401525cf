//! What holds for all decoders: how much they may take, and how their errors are called.

use std::io;

/// How much memory a decoder may take for the data that it refers back to. The kernel's own build
/// uses up to 128 MiB (`zstd --ultra -22`, `xz --lzma2=dict=128MiB`).
pub(super) const MAX_WINDOW: u64 = 128 << 20;

pub(super) fn corrupt(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

pub(super) fn cut_short() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "it is cut short")
}
