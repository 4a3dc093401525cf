//! The format of the LZMA utilities, before there was xz.

use lzma_rust2::LzmaReader;

use super::MAX_WINDOW;
use super::output::Failure;
use super::output::Output;

/// In KiB, with what the decoder takes beside its dictionary.
const MAX_MEMORY: u32 = (MAX_WINDOW >> 10) as u32 + 1024;

pub(super) fn decode(input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Failure> {
    // The decoder reads ahead: where the data end is not known afterwards.
    let input = std::mem::take(input);
    output.read(&mut LzmaReader::new_mem_limit(input, MAX_MEMORY, None)?)
}
