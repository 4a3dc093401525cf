//! Where pieces of a text are from, and what they say about what follows.

use libbpf_rs::libbpf_sys;

/// The word for what gcc calls attributes.
pub(super) const ATTRIBUTE: &str = "__attribute__";

/// Where a piece of the text is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The source, or a header that is not known.
    Source,
    /// A header of which only what is used counts.
    Header,
    /// A header with all types of a kernel.
    Nowhere,
}

impl Place {
    pub(super) fn of(path: &str, generated: &[&str]) -> Self {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let is_libbpf = || {
            folder.rsplit('/').next() == Some("bpf")
                && libbpf_sys::API_HEADERS.iter().any(|(own, _)| *own == name)
        };
        match is_generated(path, generated) {
            true if name == "vmlinux.h" => Self::Nowhere,
            true => Self::Header,
            false if is_libbpf() => Self::Header,
            false => Self::Source,
        }
    }
}

/// Whether a file is below one of these folders.
pub(super) fn is_generated(path: &str, generated: &[&str]) -> bool {
    let is_below = |above: &&str| {
        path.strip_prefix(*above)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    generated.iter().any(is_below)
}
