//! Which of the kernel's own structs keep their offsets in `vmlinux.h`.

use std::collections::BTreeSet;

use ctxgen::KernelBtf;
use ctxgen::render;
use ctxgen_tests::VARIED;
use ctxgen_tests::fixtures;
use ctxgen_tests::full;

/// Contexts that are part of the interface with user space.
const ALWAYS: [&str; 13] = [
    "__sk_buff",
    "bpf_cgroup_dev_ctx",
    "bpf_perf_event_data",
    "bpf_raw_tracepoint_args",
    "bpf_sk_lookup",
    "bpf_sock",
    "bpf_sock_addr",
    "bpf_sock_ops",
    "bpf_sockopt",
    "bpf_sysctl",
    "sk_msg_md",
    "sk_reuseport_md",
    "xdp_md",
];

/// The registers of a breakpoint; on s390x, they are a typedef of a struct without a name.
fn registers(name: &str) -> Option<&'static str> {
    match name {
        _ if name.contains("aarch64") || name.contains("arm64") => Some("user_pt_regs"),
        _ if name.contains("s390x") => None,
        _ => Some("pt_regs"),
    }
}

fn marked(header: &str) -> BTreeSet<&str> {
    let parts = header.split("__ctx_part_begin\nstruct ").skip(1);
    parts
        .map(|part| {
            let (part, _) = part.split_once("\n__ctx_part_end\n").expect("an end");
            assert!(part.contains("\n} __ctx_static_offset"), "{part}");
            part.split(' ').next().unwrap()
        })
        .collect()
}

#[test]
fn of_contexts_alone() {
    for kernel in fixtures() {
        let opened = KernelBtf::from_path(&kernel.btf).unwrap();
        let header = render::vmlinux(&opened).unwrap();
        for name in marked(&header) {
            let is_known = ALWAYS.contains(&name) || registers(&kernel.name) == Some(name);
            assert!(is_known, "{}: {name}", kernel.name);
        }
    }
}

#[test]
fn of_all_contexts_of_full_kernels() {
    let kernels = full("static offsets in full headers").into_iter();
    for kernel in kernels.filter(|kernel| VARIED.contains(&&*kernel.name)) {
        let opened = KernelBtf::from_path(&kernel.btf).unwrap();
        let header = render::vmlinux(&opened).unwrap();
        let has = |name: &&str| header.contains(&format!("\nstruct {name} {{\n"));
        let expected: BTreeSet<&str> = ALWAYS
            .into_iter()
            .chain(registers(&kernel.name))
            .filter(has)
            .collect();
        assert_eq!(marked(&header), expected, "{}", kernel.name);
        assert!(expected.len() > 10, "{}: {expected:?}", kernel.name);
    }
}
