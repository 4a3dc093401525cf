//! Kernels in virtual machines, and what their verifiers say about a plan of programs.
//!
//! A [`Job`] is a kernel image and a plan. [`run_all`] boots each image under QEMU with an initramfs
//! that holds the judge (`tests/judge`, a small static C program, as `/init`) and the plan, and
//! writes the judge's answers to a file. What a plan and the answers look like is written in
//! `tests/judge/judge.h`.

mod arch;
mod boot;
mod cli;
mod cpio;
mod error;
mod everything;
mod families;
mod fleet;
pub(crate) mod foreign;
mod judge;
mod only_samples;
mod progress;
mod qemu;
pub(crate) mod rust_samples;
mod samples;
mod tally;
mod verify;
mod wire;

pub(crate) use self::arch::Arch;
pub(crate) use self::cli::IMAGES;
pub(crate) use self::cli::Vm;
pub(crate) use self::error::Error;
pub(crate) use self::fleet::Job;
pub(crate) use self::fleet::Settings;
pub(crate) use self::fleet::run_all;
pub(crate) use self::qemu::Accel;
