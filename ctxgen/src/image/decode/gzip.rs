//! gzip.

use flate2::bufread::GzDecoder;

use super::output::Failure;
use super::output::Output;

pub(super) fn decode(input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Failure> {
    output.read(&mut GzDecoder::new(input))
}
