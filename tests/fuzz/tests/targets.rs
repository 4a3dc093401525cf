//! Each target over the inputs that are kept, and over as many mutations of them as the table of targets says:
//! the same ones each time. `CTXGEN_ROUNDS=50` in the environment has it go on fifty times longer.

use std::fs;
use std::panic;
use std::path::Path;

use ctxgen_fuzz::TARGETS;
use ctxgen_fuzz::Target;
use ctxgen_fuzz::by_name;
use ctxgen_fuzz::mutate::mutated;
use ctxgen_fuzz::prng::Prng;
use ctxgen_fuzz::rounds;

/// Inputs of random bytes, beside those that are kept: what is generated of them is generated of any.
const RANDOM: usize = 8;

/// The most bytes of them.
const RANDOM_BYTES: usize = 1200;

/// The most bytes of all inputs that are kept of one target.
const KEPT_BYTES: u64 = 40 << 10;

macro_rules! targets {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                run(by_name(stringify!($name)).unwrap());
            }
        )*

        /// No target is forgotten here.
        #[test]
        fn all_are_run() {
            let run: &[&str] = &[$(stringify!($name)),*];
            let all: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(all, run);
        }
    };
}

targets! {
    btf dwarf images instructions merge modules objects pin pin_note sections sources tracefs
}

/// The files of a folder, by name.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<(String, Vec<u8>)> = entries
        .map(|entry| {
            let path = entry.path();
            (path.display().to_string(), fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn random(seed: usize) -> Vec<u8> {
    let mut prng = Prng::new(seed as u64);
    let len = 1 + prng.below(RANDOM_BYTES);
    (0..len).map(|_| prng.next_u64() as u8).collect()
}

fn run(target: &Target) {
    let mut seeds: Vec<(String, Vec<u8>)> =
        target.folders().iter().flat_map(|it| files(it)).collect();
    seeds.extend((0..RANDOM).map(|seed| (format!("random bytes {seed}"), random(seed))));
    let count = rounds(target.mutations);
    for (number, (name, seed)) in seeds.iter().enumerate() {
        attempt(target, name, seed);
        let mut prng = Prng::new(number as u64);
        for mutation in 0..count {
            let other = prng.pick(&seeds).1.clone();
            let bytes = mutated(seed, &other, &mut prng);
            attempt(target, &format!("mutation {mutation} of {name}"), &bytes);
        }
    }
    println!(
        "{}: {} inputs, {count} mutations of each",
        target.name,
        seeds.len()
    );
}

/// Says which input it was that something went wrong with, and keeps it.
fn attempt(target: &Target, name: &str, bytes: &[u8]) {
    if let Err(cause) = panic::catch_unwind(|| (target.run)(bytes)) {
        let path = std::env::temp_dir().join(format!("ctxgen-{}-crasher", target.name));
        let _ = fs::write(&path, bytes);
        eprintln!("{}: {name}; it is in {}", target.name, path.display());
        panic::resume_unwind(cause);
    }
}

/// What is kept costs little, and each target has something that gets it to what it is about.
#[test]
fn corpora_are_small() {
    for target in &TARGETS {
        let kept: Vec<u64> = target
            .folders()
            .iter()
            .flat_map(|it| files(it))
            .map(|(_, bytes)| bytes.len() as u64)
            .collect();
        assert!(!kept.is_empty(), "{}: nothing is kept", target.name);
        assert!(
            kept.iter().sum::<u64>() <= KEPT_BYTES,
            "{}: {kept:?}",
            target.name
        );
    }
}
