//! Which release a kernel is, as far as its name says.

use super::KernelBtf;

/// How many of a kernel's names are looked at, from the shortest on: folders far above have numbers of their own.
const NAMES: usize = 2;
/// In the names of kernels whose distribution takes over parts of later releases, verifiers included.
const MIXED: &str = ".el";

/// The first release that takes no load of a part of a pointer.
const WHOLE_POINTERS: (u32, u32) = (6, 13);

impl KernelBtf {
    /// The kernel's release, major and minor number: of the running kernel, of the kernel that a BTF was
    /// pinned of, or at the start of the name of the file or of its folder. `None` where none of these tells,
    /// and of kernels that have much of later releases.
    pub fn release(&self) -> Option<(u32, u32)> {
        self.names().iter().take(NAMES).find_map(|name| parse(name))
    }

    /// Whether the kernel certainly refuses to load a part of a pointer from a slot: since 6.13
    /// (`btf_ctx_access` of `kernel/bpf/btf.c`), and older ones that got it later.
    pub fn refuses_narrow_pointers(&self) -> bool {
        self.release()
            .is_some_and(|release| release >= WHOLE_POINTERS)
    }
}

fn parse(label: &str) -> Option<(u32, u32)> {
    let (major, rest) = label.split_once('.')?;
    let minor = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    let release = (major.parse().ok()?, minor.parse().ok()?);
    (!label.contains(MIXED)).then_some(release)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn at_the_start_of_names() {
        for (label, release) in [
            ("6.12.107-amd64-cloud", Some((6, 12))),
            ("7.2.13.btf", Some((7, 2))),
            ("10.0", Some((10, 0))),
            ("5.14.0-427.13.1.el9_4.x86_64", None),
            ("vmlinux", None),
            ("v6.x", None),
            ("6.", None),
        ] {
            assert_eq!(parse(label), release, "{label}");
        }
    }
}
