//! Names and other text among a BTF's strings.

/// How long a name in BTF may be, with the NUL behind it (`btf_name_valid_identifier` and its relatives in
/// `kernel/bpf/btf.c`).
pub(crate) const KSYM_NAME_LEN: usize = 512;

/// A name of BTF, of which no more than [`KSYM_NAME_LEN`] bytes were looked at; the replacement character
/// where it is longer than the kernel's are, or no UTF-8.
pub(crate) fn printable_name(name: &[u8]) -> &str {
    match std::str::from_utf8(name) {
        Ok(name) if name.len() < KSYM_NAME_LEN => name,
        _ => NO_NAME,
    }
}

/// How much is looked at of a string that is no name, in bytes: as much as a path may have (`PATH_MAX`).
pub(super) const MAX_TEXT: usize = 4096;

/// In the place of a name that is none.
pub(crate) const NO_NAME: &str = "\u{fffd}";
