//! The marks of global functions' arguments that kernels know.

use ctxgen::KernelBtf;
use libbpf_rs::libbpf_sys::BTF_KIND_ENUM;

/// A mark of an argument: `trusted` of `__arg_trusted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Trusted,
    Untrusted,
}

impl Mark {
    /// As it is written behind `arg:`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Untrusted => "untrusted",
        }
    }

    /// What the kernel calls it, in `enum btf_arg_tag` of `kernel/bpf/btf.c`.
    fn enumerator(self) -> &'static str {
        match self {
            Self::Trusted => "ARG_TAG_TRUSTED",
            Self::Untrusted => "ARG_TAG_UNTRUSTED",
        }
    }

    /// The first release that has it.
    fn first(self) -> (u32, u32) {
        match self {
            Self::Trusted => (6, 9),
            Self::Untrusted => (6, 17),
        }
    }

    /// Whether a kernel knows it; `None` where nothing tells.
    pub(super) fn is_known_to(self, kernel: &KernelBtf) -> Option<bool> {
        let marks = kernel.btf().find(c"btf_arg_tag", BTF_KIND_ENUM);
        let marks = marks.map_or_else(Vec::new, |marks| marks.enumerators());
        if !marks.is_empty() {
            return Some(marks.iter().any(|mark| mark.name == self.enumerator()));
        }
        kernel.release().map(|release| release >= self.first())
    }
}

#[cfg(test)]
mod tests {
    use ctxgen::ByteOrder;
    use ctxgen::Origin;
    use ctxgen::btf::BtfWriter;

    use super::*;

    #[test]
    fn by_the_release() {
        for (name, trusted, untrusted) in [
            ("any", None, None),
            ("6.1.192.btf", Some(false), Some(false)),
            ("6.12.107.btf", Some(true), Some(false)),
            ("6.18.44.btf", Some(true), Some(true)),
        ] {
            let bytes = BtfWriter::new(ByteOrder::Little).finish();
            let kernel = KernelBtf::from_bytes(&bytes, Origin::File(name.into())).unwrap();
            let known = [Mark::Trusted, Mark::Untrusted].map(|mark| mark.is_known_to(&kernel));
            assert_eq!(known, [trusted, untrusted], "{name}");
        }
    }
}
