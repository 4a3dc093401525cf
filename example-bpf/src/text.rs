//! Kernel data as text.

/// The C string in an array, up to its NUL.
pub fn text(bytes: &[u8]) -> String {
    let bytes = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(bytes).into_owned()
}

/// The same for a terminal, which must not obey what somebody put into a name.
pub fn visible(bytes: &[u8]) -> String {
    let mut visible = String::new();
    for c in text(bytes).chars() {
        if c.is_control() {
            visible.extend(c.escape_default());
        } else {
            visible.push(c);
        }
    }
    visible
}

/// Access rights as `rwx`, from the bits that `PROT_*` and `VM_*` have in common.
pub fn access(bits: u64) -> String {
    [(1, 'r'), (2, 'w'), (4, 'x')]
        .map(|(bit, letter)| if bits & bit != 0 { letter } else { '-' })
        .iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_at_nul_and_commands_no_terminal() {
        assert_eq!(text(b"sh\0junk"), "sh");
        assert_eq!(text(b"full"), "full");
        assert_eq!(text(b"\xff"), "\u{fffd}");
        assert_eq!(visible(b"a\x1b[31m\n"), "a\\u{1b}[31m\\n");
    }

    #[test]
    fn access_has_three_places() {
        assert_eq!(access(0), "---");
        assert_eq!(access(6 | 0x70), "-wx");
    }
}
