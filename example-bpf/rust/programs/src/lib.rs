//! What the programs have in common: maps, settings, and the records that they send.
#![no_std]

pub mod maps;
pub mod records;

pub use maps::Counter;
pub use maps::Hash;
pub use maps::Ring;
pub use maps::Settings;

#[cfg(target_arch = "bpf")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
