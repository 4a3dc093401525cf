//! Runs the sample programs on the running kernel, and holds what they report against what was
//! done.

mod bpf_report;
mod mprotect_guard;
mod opensnoop;
mod rawtp;
mod runqslower;
mod sample;
mod strace;
mod taskdump;
mod tcpconnlat;
mod tinycc;
mod trace;
mod transfer;
mod unlinksnoop;
mod workload;
