//! BTF that was made to hurt: whatever is in it, there is an error or an answer, soon, and nothing
//! in the answer that is no C.
//!
//! `CTXGEN_ROUNDS=50` in the environment has it go on fifty times longer.

mod changed;
mod small;

use std::time::Instant;

use ctxgen::ByteOrder;
use ctxgen_fuzz::change::EVIL;
use ctxgen_fuzz::change::EVIL_NAMES;
use ctxgen_fuzz::exercise::Tally;
use ctxgen_fuzz::seed::seed;
use ctxgen_tests::blob::NAME;
use ctxgen_tests::fixtures;
use libbpf_rs::libbpf_sys as sys;

/// Does with a blob all that is done with a kernel's BTF.
fn exercise(bytes: &[u8], tally: &mut Tally) {
    ctxgen_fuzz::exercise::exercise(bytes, tally, no_evil);
}

/// Whether nothing is in a text that does not belong into C.
#[track_caller]
fn no_evil(text: &str) {
    let evil = text.lines().find(|line| line.contains(EVIL));
    assert_eq!(evil, None);
}

/// The seed is what it says.
#[test]
fn the_seed_is_sound() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let mut tally = Tally::default();
        exercise(&seed(order).to_bytes(), &mut tally);
        assert_eq!(
            (tally.accepted, tally.with_header, tally.with_vmlinux),
            (1, 1, 1)
        );
    }
}

/// No beginning of a file is taken for all of it.
#[test]
fn truncated() {
    let start = Instant::now();
    for fixture in fixtures() {
        let bytes = std::fs::read(&fixture.btf).unwrap();
        let mut tally = Tally::default();
        let step = bytes.len() / 199;
        for len in (0..64).chain((64..bytes.len()).step_by(step)) {
            exercise(&bytes[..len], &mut tally);
        }
        assert_eq!(tally.accepted, 0, "{}", fixture.name);
    }
    println!("{:.1?}", start.elapsed());
}

/// Each name of the seed in turn is one that is none.
#[test]
fn evil_names_are_never_emitted() {
    let start = Instant::now();
    let mut tally = Tally::default();
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let whole = seed(order);
        for id in 1..=u32::try_from(whole.types.len()).unwrap() {
            let ty = whole.get(id);
            let names = match ty.kind() {
                sys::BTF_KIND_STRUCT | sys::BTF_KIND_UNION | sys::BTF_KIND_ENUM64 => 3,
                sys::BTF_KIND_FUNC_PROTO | sys::BTF_KIND_ENUM => 2,
                _ => usize::MAX,
            };
            let places = [NAME].into_iter().chain((3..ty.words.len()).step_by(names));
            for (number, place) in places.enumerate() {
                if place != NAME && !matches!(names, 2 | 3) {
                    continue;
                }
                let mut blob = whole.clone();
                let old = blob.str(ty.words[place]).to_owned();
                let evil = EVIL_NAMES[(id as usize + number) % EVIL_NAMES.len()];
                // Behind the prefix that things are looked up by.
                let prefix = ["__probestub_", "__traceiter_", "__bpf_trace_", "btf_trace_"]
                    .into_iter()
                    .chain(["bpf_lsm_", "bpf_iter__", "bpf_iter_", "bpf_struct_ops_"])
                    .chain([""])
                    .find(|prefix| old.starts_with(prefix));
                let new = format!("{}{evil}", prefix.unwrap_or_default());
                let offset = blob.string(&new);
                blob.get_mut(id).words[place] = offset;
                exercise(&blob.to_bytes(), &mut tally);
            }
        }
    }
    println!("{tally:?}, {:.1?}", start.elapsed());
    assert_eq!(tally.refused, 0);
}
