//! What the verifiers of the target kernels do with a context's address and an offset.

use ctxgen::KernelBtf;
use ctxgen::btf::Kind;
use libbpf_rs::libbpf_sys::BTF_KIND_ENUM;
use libbpf_rs::libbpf_sys::BTF_KIND_STRUCT;

/// Whether a program may access its context through an address that is so many bytes behind its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Modified {
    /// From 7.1 on: where the kernel does not replace the fields, if it is a constant.
    Taken,
    /// Nothing tells which kernel it is.
    Unknown,
    /// Never (`check_ptr_off_reg` of `kernel/bpf/verifier.c`).
    Refused,
}

/// The first kernel that takes it, major and minor.
const FIRST: (u32, u32) = (7, 1);

impl Modified {
    /// That of kernels which all have to load the program.
    pub(super) fn of(kernels: &[KernelBtf]) -> Self {
        let all = kernels.iter().map(of_kernel);
        all.max().unwrap_or(Self::Unknown)
    }
}

fn of_kernel(kernel: &KernelBtf) -> Modified {
    let btf = kernel.btf();
    // Whatever it is called: some vendors have the verifier of a later kernel.
    let register = btf.find(c"bpf_reg_state", BTF_KIND_STRUCT);
    if let Some(Kind::Struct(register)) = register.map(|ty| ty.kind())
        && register.members().len() > 0
    {
        let has = |name| register.members().any(|member| member.name == name);
        let attach = btf.find(c"bpf_attach_type", BTF_KIND_ENUM);
        let values = attach.map_or_else(Vec::new, |attach| attach.enumerators());
        let is_later = values
            .iter()
            .any(|value| value.name == "BPF_TRACE_FSESSION");
        return match (has("off"), is_later) {
            // Since 7.1, an offset that is known is a part of `var_off`.
            (false, _) => Modified::Taken,
            (true, false) => Modified::Refused,
            (true, true) => by_release(kernel),
        };
    }
    by_release(kernel)
}

fn by_release(kernel: &KernelBtf) -> Modified {
    match kernel.release() {
        Some(release) if release < FIRST => Modified::Refused,
        Some(release) if release > FIRST => Modified::Taken,
        _ => Modified::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use ctxgen::ByteOrder;
    use ctxgen::Origin;
    use ctxgen::btf::BtfWriter;

    use super::*;

    fn kernel(name: &str, members: &[&str]) -> KernelBtf {
        let mut writer = BtfWriter::new(ByteOrder::Little);
        let int = writer.unsigned("unsigned int", 4);
        let members: Vec<_> = (0..).zip(members).collect();
        let members: Vec<_> = members
            .iter()
            .map(|(number, name)| (**name, int, 4 * number))
            .collect();
        if !members.is_empty() {
            writer.structure("bpf_reg_state", 64, &members);
        }
        KernelBtf::from_bytes(&writer.finish(), Origin::File(name.into())).unwrap()
    }

    #[test]
    fn by_what_the_verifier_has_and_by_the_release() {
        for (name, members, expected) in [
            ("any", &["type", "off", "var_off"][..], Modified::Refused),
            ("any", &["type", "delta", "var_off"], Modified::Taken),
            ("6.18.44-cloud.btf", &[], Modified::Refused),
            ("7.0.3.btf", &[], Modified::Refused),
            ("7.1.2.btf", &[], Modified::Unknown),
            ("7.2.13.btf", &[], Modified::Taken),
            ("10.0", &[], Modified::Taken),
            ("vmlinux", &[], Modified::Unknown),
            ("v6.x", &[], Modified::Unknown),
        ] {
            let kernel = kernel(name, members);
            assert_eq!(of_kernel(&kernel), expected, "{name} {members:?}");
        }
    }

    #[test]
    fn the_strictest_counts() {
        let kernels = [kernel("7.2", &[]), kernel("6.1", &[]), kernel("x", &[])];
        assert_eq!(Modified::of(&kernels), Modified::Refused);
        assert_eq!(Modified::of(&kernels[..1]), Modified::Taken);
        assert_eq!(Modified::of(&[]), Modified::Unknown);
    }
}
