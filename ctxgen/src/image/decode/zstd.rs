//! Zstandard.

use std::io;

use ruzstd::decoding::StreamingDecoder;

use super::MAX_WINDOW;
use super::corrupt;
use super::output::Failure;
use super::output::Output;

pub(super) fn decode(input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Failure> {
    let mut decoder =
        StreamingDecoder::new_with_max_window_size(input, MAX_WINDOW).map_err(io::Error::other)?;
    output.read(&mut decoder)?;
    let frame = decoder.into_frame_decoder();
    match frame.get_checksum_from_data() {
        // The decoder calculates it, and leaves the comparison to its user.
        Some(sum) if frame.get_calculated_checksum() != Some(sum) => {
            Err(corrupt("its checksum is wrong").into())
        }
        _ => Ok(()),
    }
}
