//! Input that nobody has written, and what is done with it.
//!
//! Each [`Target`] is one way in: bytes of any kind, and all that ctxgen makes of them. A target panics where
//! something is wrong, and does nothing else. `cargo xtask fuzz` has libFuzzer look for such bytes; the tests of
//! this package run the same functions over the corpus and over a fixed number of mutations, on any toolchain.
//!
//! Bytes alone rarely get past the first checks of BTF. So [`mod@generate`] makes valid BTF of bytes, with the
//! layouts that a C compiler would choose, and [`mod@change`] spoils it in one place or another.

pub mod agree;
pub mod blob;
pub mod change;
pub mod elf;
pub mod exercise;
pub mod generate;
pub mod layouts;
pub mod memory;
pub mod mutate;
pub mod prng;
pub mod seed;
pub mod targets;

pub use self::targets::TARGETS;
pub use self::targets::Target;
pub use self::targets::by_name;

/// How many rounds a test goes: so many, or that many times more that `CTXGEN_ROUNDS` says.
pub fn rounds(usual: usize) -> usize {
    let times = std::env::var("CTXGEN_ROUNDS").ok();
    usual * times.and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// What `cargo fuzz` links: the target that is called as the program is. In other builds it is a program that
/// does nothing.
#[macro_export]
macro_rules! fuzz {
    () => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| {
            let name = env!("CARGO_BIN_NAME");
            ($crate::by_name(name).expect("a target of that name").run)(data);
        });

        #[cfg(not(fuzzing))]
        fn main() {
            eprintln!(
                "this program is for `cargo xtask fuzz {}`",
                env!("CARGO_BIN_NAME")
            );
        }
    };
}
