//! bzip2.

use bzip2::bufread::BzDecoder;

use super::output::Failure;
use super::output::Output;

pub(super) fn decode(input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Failure> {
    output.read(&mut BzDecoder::new(input))
}
