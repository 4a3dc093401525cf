//! BTF in which something was changed: types, or bytes.

use std::thread;
use std::time::Instant;

use ctxgen::ByteOrder;
use ctxgen_fuzz::change::change;
use ctxgen_fuzz::rounds;
use ctxgen_fuzz::seed::seed;
use ctxgen_tests::blob::Blob;
use ctxgen_tests::fixture;
use ctxgen_tests::prng::Prng;

use super::Tally;
use super::exercise;

/// Ids, sizes, offsets, names and kinds are changed so that most of it still is BTF.
#[test]
fn changed_types() {
    let rounds = rounds(3000);
    let start = Instant::now();
    let mut tally = Tally::default();
    for round in 0..rounds {
        let mut prng = Prng::new(round as u64);
        let order = *prng.pick(&[ByteOrder::Little, ByteOrder::Big]);
        let mut blob = seed(order);
        for _ in 0..=prng.below(4) {
            change(&mut blob, &mut prng);
        }
        said_by_round(round, || exercise(&blob.to_bytes(), &mut tally));
    }
    println!("{rounds} rounds: {tally:?}, {:.1?}", start.elapsed());
    assert!(tally.accepted > rounds / 2, "{tally:?}");
    assert!(tally.with_header > rounds / 8, "{tally:?}");
}

/// Runs a round, and says which one it was if it panics.
fn said_by_round(round: usize, run: impl FnOnce()) {
    struct Said(usize);
    impl Drop for Said {
        fn drop(&mut self) {
            if thread::panicking() {
                eprintln!("that was round {}", self.0);
            }
        }
    }
    let said = Said(round);
    run();
    drop(said);
}

/// Bytes are flipped, set and cut off anywhere.
#[test]
fn changed_bytes() {
    let rounds = rounds(3000);
    let start = Instant::now();
    let mut tally = Tally::default();
    let seeds = [ByteOrder::Little, ByteOrder::Big].map(|order| seed(order).to_bytes());
    for round in 0..rounds {
        let mut prng = Prng::new(1 << 32 | round as u64);
        let mut bytes = prng.pick(&seeds).clone();
        for _ in 0..=prng.below(6) {
            let at = prng.below(bytes.len());
            match prng.below(8) {
                0..=4 => bytes[at] ^= 1 << prng.below(8),
                5 | 6 => bytes[at] = u8::try_from(prng.below(256)).unwrap(),
                _ => {
                    // The header is hit often enough to matter.
                    let at = prng.below(24);
                    bytes[at] ^= 1 << prng.below(8);
                }
            }
        }
        if prng.once_in(16) {
            bytes.truncate(prng.below(bytes.len()));
        }
        said_by_round(round, || exercise(&bytes, &mut tally));
    }
    println!("{rounds} rounds: {tally:?}, {:.1?}", start.elapsed());
    assert!(tally.accepted > rounds / 8, "{tally:?}");
}

/// Real kernels' types, changed.
#[test]
fn changed_fixtures() {
    let rounds = rounds(12);
    let start = Instant::now();
    let mut tally = Tally::default();
    for (number, name) in ["5.10-x86_64", "6.12-s390x"].into_iter().enumerate() {
        let whole = Blob::parse(&std::fs::read(fixture(name).btf).unwrap());
        for round in 0..rounds {
            let mut prng = Prng::new((2 + number as u64) << 32 | round as u64);
            let mut blob = whole.clone();
            for _ in 0..=prng.below(3) {
                change(&mut blob, &mut prng);
            }
            said_by_round(round, || exercise(&blob.to_bytes(), &mut tally));
        }
    }
    println!("{tally:?}, {:.1?}", start.elapsed());
}
