//! Mutations of bytes, the same for the same seed: what a fuzzer would do first.

use crate::prng::Prng;

/// Words that lengths, offsets and counts are compared with.
const WORDS: [u32; 12] = [
    0,
    1,
    0x7f,
    0xff,
    0x7fff,
    0xffff,
    0x1_0000,
    0x00ff_ffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fff8,
    0xffff_ffff,
];

/// The most bytes that a piece has which is copied or removed.
const PIECE: usize = 64;

/// Bytes made of `from`, with one to four changes; `other` is what pieces are taken from too.
pub fn mutated(from: &[u8], other: &[u8], prng: &mut Prng) -> Vec<u8> {
    let mut bytes = from.to_vec();
    for _ in 0..=prng.below(4) {
        mutate(&mut bytes, other, prng);
    }
    bytes
}

fn mutate(bytes: &mut Vec<u8>, other: &[u8], prng: &mut Prng) {
    if bytes.is_empty() {
        bytes.push(low(prng));
        return;
    }
    let at = prng.below(bytes.len());
    let len = 1 + prng.below(PIECE.min(bytes.len() - at));
    match prng.below(9) {
        0 | 1 => bytes[at] ^= 1 << prng.below(8),
        2 => bytes[at] = low(prng),
        3 => put_word(bytes, at, prng),
        4 => drop(bytes.drain(at..at + len)),
        5 => {
            let piece = bytes[at..at + len].to_vec();
            let to = prng.below(bytes.len() + 1);
            bytes.splice(to..to, piece);
        }
        6 if !other.is_empty() => {
            let from = prng.below(other.len());
            let piece = other[from..].iter().take(PIECE).copied();
            let piece: Vec<u8> = piece.take(1 + prng.below(PIECE)).collect();
            bytes.splice(at..(at + piece.len()).min(bytes.len()), piece);
        }
        7 => bytes.insert(at, low(prng)),
        _ => bytes.truncate(at),
    }
}

fn put_word(bytes: &mut [u8], at: usize, prng: &mut Prng) {
    let word = *prng.pick(&WORDS);
    let word = match prng.once_in(2) {
        true => word.to_le_bytes(),
        false => word.to_be_bytes(),
    };
    let width = *prng.pick(&[2, 4]);
    let word = word[..width].iter();
    bytes[at..]
        .iter_mut()
        .zip(word)
        .for_each(|(to, from)| *to = *from);
}

fn low(prng: &mut Prng) -> u8 {
    prng.next_u64() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_for_the_same_seed() {
        let of = |seed| {
            let mut prng = Prng::new(seed);
            let made = (0..50).map(|_| mutated(b"some bytes", b"others", &mut prng));
            made.collect::<Vec<_>>()
        };
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert!(
            of(1)
                .iter()
                .filter(|bytes| **bytes != b"some bytes")
                .count()
                > 45
        );
    }
}
