//! Settings and records, as bytes.

use example_bpf::Record;

use crate::records::Unlink;
use crate::records::UnlinkSettings;
use crate::records::Wait;
use crate::records::WaitSettings;

/// What stands in the section `.rodata.settings`.
pub trait Settings {
    /// The bytes of the struct.
    fn bytes(&self) -> Vec<u8>;
}

impl Settings for WaitSettings {
    fn bytes(&self) -> Vec<u8> {
        let Self {
            min_wait_ns,
            only_pid,
            rest,
        } = self;
        let mut bytes = min_wait_ns.to_ne_bytes().to_vec();
        bytes.extend(only_pid.to_ne_bytes());
        bytes.extend(rest.to_ne_bytes());
        bytes
    }
}

impl Settings for UnlinkSettings {
    fn bytes(&self) -> Vec<u8> {
        let Self {
            only_pid,
            only_failed,
        } = self;
        [only_pid.to_ne_bytes(), only_failed.to_ne_bytes()].concat()
    }
}

// SAFETY: they consist of integers only.
unsafe impl Record for Wait {}
// SAFETY: likewise.
unsafe impl Record for Unlink {}
