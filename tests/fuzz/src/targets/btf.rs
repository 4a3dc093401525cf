//! Kernel BTF, as it is or made of the bytes and then changed.

use super::order;
use super::parted;
use crate::blob::Blob;
use crate::change::change;
use crate::exercise::Tally;
use crate::exercise::exercise;
use crate::generate;
use crate::prng::Prng;

/// What BTF begins with in either byte order.
const MAGICS: [&[u8]; 2] = [&[0x9f, 0xeb], &[0xeb, 0x9f]];

pub(super) fn run(data: &[u8]) {
    let bytes = match MAGICS.iter().any(|magic| data.starts_with(magic)) {
        true => data.to_vec(),
        false => changed(data).to_bytes(),
    };
    exercise(&bytes, &mut Tally::default(), |_| {});
}

/// Valid BTF of the bytes behind those that tell what is changed in it.
pub(super) fn changed(data: &[u8]) -> Blob {
    let (order, data) = order(data);
    let (changes, data) = parted(data);
    let mut blob = generate::kernel(data, order);
    for seed in changes.chunks(4) {
        let seed = seed
            .iter()
            .fold(0, |seed, byte| seed << 8 | u64::from(*byte));
        change(&mut blob, &mut Prng::new(seed));
    }
    blob
}
