//! Runs the sample programs on the running kernel, and holds what they report against what was
//! done.

mod bpf_report;
mod mprotect_guard;
mod rawtp;
mod runqslower;
mod sample;
mod taskdump;
mod unlinksnoop;
mod workload;
