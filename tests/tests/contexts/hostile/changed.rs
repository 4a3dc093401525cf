//! BTF in which something was changed: types, or bytes.

use std::thread;
use std::time::Instant;

use ctxgen::ByteOrder;
use ctxgen_tests::blob::Blob;
use ctxgen_tests::blob::INFO;
use ctxgen_tests::blob::NAME;
use ctxgen_tests::blob::TARGET;
use ctxgen_tests::fixture;
use ctxgen_tests::prng::Prng;
use libbpf_rs::libbpf_sys as sys;

use super::EVIL_NAMES;
use super::Tally;
use super::exercise;
use super::rounds;
use super::seed::seed;

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

/// Changes one thing.
fn change(blob: &mut Blob, prng: &mut Prng) {
    let id = u32::try_from(prng.below(blob.types.len()) + 1).unwrap();
    let any_id = u32::try_from(prng.below(blob.types.len() + 1)).unwrap();
    let last = blob.get(id).words.len() - 1;
    match prng.below(12) {
        // A reference to any other type, even itself.
        0..=3 => {
            let mut places = blob.get(id).id_places();
            places.retain(|place| *place <= last);
            if !places.is_empty() {
                let place = *prng.pick(&places);
                blob.get_mut(id).words[place] = any_id;
            }
        }
        // A name that is no identifier.
        4 | 5 => {
            let name = *prng.pick(EVIL_NAMES);
            let offset = blob.string(name);
            blob.get_mut(id).words[NAME] = offset;
        }
        // The same for a member, a parameter or a value.
        6 => {
            let name = *prng.pick(EVIL_NAMES);
            let names = match blob.get(id).kind() {
                sys::BTF_KIND_STRUCT | sys::BTF_KIND_UNION | sys::BTF_KIND_ENUM64 => 3,
                sys::BTF_KIND_FUNC_PROTO | sys::BTF_KIND_ENUM => 2,
                _ => return,
            };
            let records = (last - TARGET) / names;
            if records > 0 {
                let place = 3 + names * prng.below(records);
                let offset = blob.string(name);
                blob.get_mut(id).words[place] = offset;
            }
        }
        // A size, or what stands in its place.
        7 => blob.get_mut(id).words[TARGET] = number(prng),
        // Whatever is in a word.
        8 => {
            let place = prng.below(last + 1);
            blob.get_mut(id).words[place] = number(prng);
        }
        // Another kind with as much behind it.
        9 => {
            let kind = u32::try_from(prng.below(20)).unwrap();
            let words = &mut blob.get_mut(id).words;
            words[INFO] = words[INFO] & !(0x1f << 24) | kind << 24;
        }
        // The flag.
        10 => blob.get_mut(id).words[INFO] ^= 1 << 31,
        // One type instead of another.
        _ => {
            if any_id != 0 {
                *blob.get_mut(id) = blob.get(any_id).clone();
            }
        }
    }
}

/// A number that somebody might stumble over.
fn number(prng: &mut Prng) -> u32 {
    const ODD: &[u32] = &[
        0,
        1,
        3,
        8,
        12,
        17,
        63,
        64,
        65,
        0x7f,
        0xff,
        0xffff,
        0x1_0000,
        0x0fff_ffff,
        0x1fff_ffff,
        0x2000_0000,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_fff8,
        0xffff_ffff,
    ];
    match prng.once_in(4) {
        true => u32::try_from(prng.next_u64() >> 32).unwrap(),
        false => *prng.pick(ODD),
    }
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
