//! xz, with whatever filter: kernels are compressed with that for their architecture's code.

use lzma_rust2::XzReader;

use super::MAX_WINDOW;
use super::output::Failure;
use super::output::Output;

/// In KiB, with what the decoder takes beside its dictionary.
const MAX_MEMORY: u32 = (MAX_WINDOW >> 10) as u32 + 1024;

pub(super) fn decode(input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Failure> {
    output.read(&mut XzReader::new_mem_limit(input, false, MAX_MEMORY))
}
