//! Files of arguments (`@file`).

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// The text of a file from which clang reads these arguments, one a line, in the quoting of GNU's tools.
pub(crate) fn response_file(arguments: &[OsString]) -> Vec<u8> {
    let mut text = Vec::new();
    for argument in arguments {
        for byte in argument.as_bytes() {
            if byte.is_ascii_whitespace() || matches!(byte, b'\\' | b'"' | b'\'') {
                text.push(b'\\');
            }
            text.push(*byte);
        }
        text.push(b'\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting() {
        let arguments = ["-g", "-Ia b", "-DX=\"y\"", "c:\\d"].map(OsString::from);
        let text = b"-g\n-Ia\\ b\n-DX=\\\"y\\\"\nc:\\\\d\n";
        assert_eq!(response_file(&arguments), text);
    }
}
