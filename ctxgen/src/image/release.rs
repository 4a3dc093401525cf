//! What a kernel image says of its release, where it says it without being decompressed.

use std::path::Path;

use super::bzimage;
use super::error::ImageError;
use super::found::LIMIT;
use super::search::find_all;

/// What all kernels print when they boot, before the release.
const BANNER: &[u8] = b"Linux version ";
/// The longest release (`__NEW_UTS_LEN`).
const MAX_RELEASE: usize = 64;

/// The release that a file with a kernel says: the header of an x86 image has it, and so does what a kernel
/// that is not compressed prints. `None` where there is none; raw BTF has none.
///
/// # Errors
/// [`ImageError::Read`].
pub(crate) fn release_in(path: &Path) -> Result<Option<String>, ImageError> {
    let read = |error| ImageError::Read {
        path: path.to_owned(),
        error,
    };
    let len = std::fs::metadata(path).map_err(read)?.len();
    match len <= LIMIT {
        true => Ok(release(&std::fs::read(path).map_err(read)?)),
        false => Ok(None),
    }
}

fn release(bytes: &[u8]) -> Option<String> {
    if bzimage::is_bzimage(bytes) {
        return bzimage::version_text(bytes).and_then(first_word);
    }
    find_all(bytes, BANNER).find_map(|at| first_word(&bytes[at + BANNER.len()..]))
}

/// The release that a text starts with.
fn first_word(text: &[u8]) -> Option<String> {
    let is_of = |byte: &&u8| byte.is_ascii_alphanumeric() || b".-_+~".contains(byte);
    let len = text.iter().take(MAX_RELEASE + 1).take_while(is_of).count();
    let word = std::str::from_utf8(&text[..len]).ok()?;
    let is_release = word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
    (is_release && len <= MAX_RELEASE).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn of_images() {
        let mut x86 = samples::bzimage(b"payload");
        assert_eq!(release(&x86), None);
        let at = x86.len();
        x86.extend(b"6.1.0-31-amd64 (builder@host) #1 SMP\0");
        let pointer = u16::try_from(at - 0x200).unwrap();
        x86[0x20e..0x210].copy_from_slice(&pointer.to_le_bytes());
        assert_eq!(release(&x86).as_deref(), Some("6.1.0-31-amd64"));
        for len in 0..x86.len() {
            let _ = release(&x86[..len]);
        }

        let flat = b"Linux version %s \0 Linux version 6.12.107+deb13-arm64 (x) #1\0";
        assert_eq!(release(flat).as_deref(), Some("6.12.107+deb13-arm64"));
    }

    #[test]
    fn what_is_none() {
        let long = [BANNER, b"6.", &[b'1'; MAX_RELEASE], b" "].concat();
        for bytes in [
            &b""[..],
            b"Linux version ",
            b"Linux version six.one ",
            b"6.12.0",
            &long,
        ] {
            assert_eq!(release(bytes), None);
        }
    }
}
