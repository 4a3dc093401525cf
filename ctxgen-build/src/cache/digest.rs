//! Digests of what something is made of.

use std::ffi::CStr;
use std::fmt;
use std::hash::DefaultHasher;
use std::hash::Hasher;
use std::str::FromStr;

use libbpf_rs::libbpf_sys;

/// Tells inputs from each other. It is no protection from inputs that were made to be mistaken for
/// others: who could do that writes the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digest([u64; 2]);

/// Takes in the parts of an input, one after the other.
///
/// It is `SipHash` as std has it, twice: fast enough without optimization, as build scripts are, and
/// the same on all machines. Another release of Rust may have another one; then all is made again.
#[derive(Clone, Debug)]
pub(crate) struct Digester([DefaultHasher; 2]);

impl Digester {
    pub(crate) fn new() -> Self {
        let mut halves = [DefaultHasher::new(), DefaultHasher::new()];
        halves[1].write(b"the other half");
        Self(halves)
    }

    /// One for the inputs of a product, which is another one where another version of ctxgen, or
    /// another libbpf, makes it.
    pub(crate) fn of_product() -> Self {
        let mut digester = Self::new();
        for part in makers() {
            digester.add(part);
        }
        digester
    }

    /// Adds a part: parts that are put together otherwise give another digest.
    pub(crate) fn add(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        for half in &mut self.0 {
            half.write(&(part.len() as u64).to_le_bytes());
            half.write(part);
        }
    }

    pub(crate) fn finish(&self) -> Digest {
        Digest(self.0.each_ref().map(DefaultHasher::finish))
    }
}

/// What makes the products of sources, beside the compiler: versions. That another build of the same version
/// made something, its record's time tells.
fn makers() -> [String; 2] {
    // SAFETY: it takes nothing, and its result is a constant that ends in NUL.
    let libbpf = unsafe { CStr::from_ptr(libbpf_sys::libbpf_version_string()) };
    [
        env!("CARGO_PKG_VERSION").to_owned(),
        libbpf.to_string_lossy().into_owned(),
    ]
}

impl Digest {
    pub(crate) fn of(bytes: impl AsRef<[u8]>) -> Self {
        let mut digester = Digester::new();
        digester.add(bytes);
        digester.finish()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [high, low] = self.0;
        write!(f, "{high:016x}{low:016x}")
    }
}

impl FromStr for Digest {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let is_digest = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_digest {
            return Err(());
        }
        let half = |digits: &str| u64::from_str_radix(digits, 16).map_err(|_| ());
        Ok(Self([half(&text[..16])?, half(&text[16..])?]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parts: &[&str]) -> Digest {
        let mut digester = Digester::new();
        for part in parts {
            digester.add(part);
        }
        digester.finish()
    }

    #[test]
    fn parts_are_told_apart() {
        let all = [
            of(&[]),
            of(&[""]),
            of(&["", ""]),
            of(&["ab"]),
            of(&["a", "b"]),
            of(&["", "ab"]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one), "{at}");
        }
        assert_eq!(of(&["ab"]), Digest::of("ab"));
    }

    #[test]
    fn other_versions_make_other_products() {
        let [own, libbpf] = makers();
        assert_eq!(Digester::of_product().finish(), of(&[&own, &libbpf]));
        assert!(libbpf.starts_with('v'), "{libbpf}");
        assert!(!own.is_empty());
    }

    #[test]
    fn halves_differ() {
        let Digest([high, low]) = of(&["a"]);
        assert_ne!(high, low);
    }

    #[test]
    fn as_text() {
        let digest = Digest([1, u64::MAX]);
        let text = digest.to_string();
        assert_eq!(text, "0000000000000001ffffffffffffffff");
        assert_eq!(text.parse(), Ok(digest));
        for wrong in [
            "",
            "+000000000000001ffffffffffffffff",
            &text[1..],
            "é000000000000001fffffffffffffff",
        ] {
            assert_eq!(wrong.parse::<Digest>(), Err(()), "{wrong}");
        }
    }
}
