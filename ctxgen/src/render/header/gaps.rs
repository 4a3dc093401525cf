//! What a context has between its fields.

use std::fmt::Write;

/// What of a struct is none of its fields.
#[derive(Default)]
pub(super) struct Gaps {
    /// Where the last field ends, in bytes.
    pub(super) end: u32,
    count: u32,
}

impl Gaps {
    /// Reserves what is between the last field and the next one.
    pub(super) fn fill(&mut self, out: &mut String, next: u32) {
        if next > self.end {
            let (number, len) = (self.count, next - self.end);
            let _ = writeln!(out, "\tunsigned char __reserved_{number}[{len}];");
            self.count += 1;
        }
    }
}
