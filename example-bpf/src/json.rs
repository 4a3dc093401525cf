//! Writing for programs: one JSON object per line.

use std::io;
use std::io::Write;
use std::io::stdout;

use serde::Serialize;

/// Writes one object and the end of its line to the standard output.
pub fn write_json(object: &impl Serialize) -> io::Result<()> {
    // At once, so that no reader finds half a line.
    let mut line = serde_json::to_string(object)?;
    line.push('\n');
    stdout().write_all(line.as_bytes())
}
