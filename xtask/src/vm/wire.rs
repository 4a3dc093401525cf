//! Finding the judge's answers on a console that others may write to.

/// The answer in a line of the console, if there is one and it is whole.
///
/// It is `@`, the answer, a tab and four hexadecimal digits. Firmware leaves escape sequences in
/// front of the first line, and an `@` may be part of the answer, so each is tried.
pub(crate) fn decode(line: &[u8]) -> Option<&str> {
    let line = line.trim_ascii_end();
    let (text, digits) = line.split_at_checked(line.len().checked_sub(4)?)?;
    let text = text.strip_suffix(b"\t")?;
    let digits = std::str::from_utf8(digits).ok()?;
    let sum = u16::from_str_radix(digits, 16).ok()?;
    text.iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'@')
        .map(|(at, _)| &text[at + 1..])
        .find(|answer| crc16(answer) == sum)
        .and_then(|answer| std::str::from_utf8(answer).ok())
}

/// CRC-16 with the polynomial 0x1021, from 0xffff.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |sum, byte| {
        (0..8).fold(sum ^ (u16::from(*byte) << 8), |sum: u16, _| {
            let shifted = sum << 1;
            if sum & 0x8000 == 0 {
                shifted
            } else {
                shifted ^ 0x1021
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_well_known_one() {
        assert_eq!(crc16(b"123456789"), 0x29b1);
    }

    #[test]
    fn whole_lines_are_found_whatever_is_in_front() {
        let line = b"@v\ts32\tok\t\tffffffff80000000\t84ba";
        let answer = Some("v\ts32\tok\t\tffffffff80000000");
        assert_eq!(decode(line), answer);
        assert_eq!(decode(&[line.as_slice(), b"\r\n"].concat()), answer);
        assert_eq!(
            decode(&[b"\x1bc\x1b[?7l@", line.as_slice()].concat()),
            answer
        );
    }

    #[test]
    fn an_at_sign_may_be_in_the_answer() {
        let text = "p\traw_tp/x\tok\t\tscalar\t@ok";
        let line = format!("@{text}\t{:04x}", crc16(text.as_bytes()));
        assert_eq!(decode(line.as_bytes()), Some(text));
    }

    #[test]
    fn damaged_lines_are_not_taken() {
        for line in [
            b"@v\ts32\tok\t\tffffffff80000001\t84ba".as_slice(),
            b"@v\ts32\tok\t[ 1.0] oops\tffffffff80000000\t84ba",
            b"v\ts32\tok\t\tffffffff80000000\t84ba",
            b"@v\ts32\tok\t\tffffffff80000000",
            b"@\t",
            b"@",
            b"",
            b"[    2.146086] reboot: Power down",
            b"@\xff\xfe\tzzzz",
        ] {
            assert_eq!(decode(line), None, "{}", line.escape_ascii());
        }
    }
}
