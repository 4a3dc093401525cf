//! The rows.

use super::Generic;
use super::Naming;
use super::Passing;
use super::Prototypes;
use super::Returned;

#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: &'static str,
    /// libbpf's section prefixes (`section_defs` of `libbpf.c`), without `?` and the slash.
    pub(super) sections: &'static [&'static str],
    pub(super) naming: Naming,
    pub(super) prototypes: Prototypes,
    pub(super) passing: Passing,
    pub(super) returned: Returned,
    pub(super) generic: Generic,
    pub(super) also: &'static [&'static str],
    /// Whether `generic` is part of the kernel's interface with user space (`include/uapi/linux/bpf.h`
    /// and `bpf_perf_event.h`, the registers in `asm/ptrace.h`): its members have the same offsets in
    /// all kernels.
    pub(super) is_uapi: bool,
    /// Whether a target may name the module that it is in: `fentry/nf_conntrack:nf_conntrack_in`.
    /// libbpf looks those up by themselves (`find_kernel_btf_id` of `libbpf.c`); of the others, only
    /// the kernel knows, by the plain name.
    pub(super) modules: bool,
    /// Whether something stands behind the slash though it says nothing about the context.
    pub(super) any_target: bool,
}

const fn generated(prefix: &'static str) -> Naming {
    Naming {
        prefix,
        suffix: "_ctx",
    }
}

/// For families without structs of their own.
const NO_NAMES: Naming = generated("");

/// A family of trampolines, raw tracepoints and the like.
const SLOTS: Row = Row {
    name: "",
    sections: &[],
    naming: NO_NAMES,
    prototypes: Prototypes::Function,
    passing: Passing::Slots,
    returned: Returned::No,
    generic: Generic::Unknown,
    also: &[],
    is_uapi: false,
    modules: true,
    any_target: false,
};

/// A family of breakpoints.
const REGISTERS: Row = Row {
    passing: Passing::Registers,
    generic: Generic::Registers,
    also: REGISTER_STRUCTS,
    is_uapi: true,
    modules: false,
    ..SLOTS
};

/// What `struct pt_regs` is called on one architecture or another (`PT_REGS_*` of libbpf's
/// `bpf_tracing.h`), and the kernel's own name for that.
const REGISTER_STRUCTS: &[&str] = &["pt_regs", "user_pt_regs", "user_regs_struct"];

/// The kernel's own struct of an array of slots.
const SLOT_STRUCTS: &[&str] = &["bpf_raw_tracepoint_args"];

/// Programs that get a struct of the kernel's own.
const fn fixed(
    name: &'static str,
    sections: &'static [&'static str],
    context: &'static str,
) -> Row {
    Row {
        name,
        sections,
        prototypes: Prototypes::None,
        passing: Passing::Memory,
        generic: Generic::Struct(context),
        is_uapi: true,
        modules: false,
        ..SLOTS
    }
}

/// Programs that get something else.
const fn other(name: &'static str, pointee: &'static str, what: &'static str) -> Row {
    Row {
        name,
        prototypes: Prototypes::None,
        passing: Passing::Memory,
        generic: Generic::Other(pointee, what),
        modules: false,
        ..SLOTS
    }
}

/// Of two families with the same struct names, the first is the one that a struct name stands for.
///
/// What the kernel's own structs are for is `include/linux/bpf_types.h`, whose list is in each
/// kernel's BTF too, as `struct bpf_ctx_convert`.
pub(super) static ROWS: &[Row] = &[
    Row {
        name: "tp_btf",
        sections: &["tp_btf", "tp_btf.s"],
        naming: generated("btf_trace_"),
        prototypes: Prototypes::Tracepoint { typedef: true },
        also: SLOT_STRUCTS,
        ..SLOTS
    },
    Row {
        name: "raw_tp",
        sections: &[
            "raw_tp",
            "raw_tracepoint",
            "raw_tp.w",
            "raw_tracepoint.w",
            "raw_tp.s",
            "raw_tracepoint.s",
        ],
        naming: generated("btf_trace_"),
        prototypes: Prototypes::Tracepoint { typedef: false },
        generic: Generic::Struct("bpf_raw_tracepoint_args"),
        also: SLOT_STRUCTS,
        is_uapi: true,
        modules: false,
        ..SLOTS
    },
    Row {
        name: "fentry",
        sections: &["fentry", "fentry.s", "fentry.multi", "fentry.multi.s"],
        naming: generated("btf_fentry_"),
        also: SLOT_STRUCTS,
        ..SLOTS
    },
    Row {
        name: "fexit",
        sections: &["fexit", "fexit.s", "fexit.multi", "fexit.multi.s"],
        naming: generated("btf_fexit_"),
        returned: Returned::Value,
        also: SLOT_STRUCTS,
        ..SLOTS
    },
    Row {
        name: "fmod_ret",
        sections: &["fmod_ret", "fmod_ret.s"],
        naming: generated("btf_fmod_ret_"),
        returned: Returned::Int,
        also: SLOT_STRUCTS,
        ..SLOTS
    },
    Row {
        name: "fsession",
        sections: &[
            "fsession",
            "fsession.s",
            "fsession.multi",
            "fsession.multi.s",
        ],
        naming: generated("btf_fsession_"),
        returned: Returned::Value,
        also: SLOT_STRUCTS,
        ..SLOTS
    },
    Row {
        name: "lsm",
        sections: &["lsm", "lsm.s"],
        naming: generated("btf_lsm_"),
        prototypes: Prototypes::Lsm,
        returned: Returned::Value,
        modules: false,
        also: SLOT_STRUCTS,
        ..SLOTS
    },
    Row {
        name: "lsm_cgroup",
        sections: &["lsm_cgroup"],
        naming: generated("btf_lsm_cgroup_"),
        prototypes: Prototypes::Lsm,
        returned: Returned::Value,
        modules: false,
        also: SLOT_STRUCTS,
        ..SLOTS
    },
    Row {
        name: "iter",
        sections: &["iter", "iter.s"],
        naming: Naming {
            prefix: "bpf_iter__",
            suffix: "",
        },
        prototypes: Prototypes::Iterator,
        passing: Passing::Memory,
        modules: false,
        ..SLOTS
    },
    Row {
        name: "struct_ops",
        sections: &["struct_ops", "struct_ops.s"],
        naming: generated("btf_struct_ops_"),
        prototypes: Prototypes::StructOps,
        // Nothing has been returned yet: a program is called in the member's place. Measured from 5.10 to
        // 7.2, on every member that programs may implement: the verifier refuses the slot behind the
        // arguments ("doesn't have N-th argument"), also of members that return something.
        // `btf_ctx_access` of `kernel/bpf/btf.c` has the returned value there for some values of
        // `expected_attach_type`, which for these programs is the member's place in the struct: by that
        // number alone, the 26th to 28th member would be fexit, fmod_ret and lsm programs. Those that
        // there are return nothing, and are refused it like the others; and no trampoline stores
        // anything there (`BPF_TRAMP_F_RET_FENTRY_RET`).
        returned: Returned::No,
        modules: false,
        ..SLOTS
    },
    Row {
        name: "kprobe",
        sections: &["kprobe", "kprobe.multi", "kprobe.session"],
        naming: generated("btf_kprobe_"),
        ..REGISTERS
    },
    Row {
        name: "kretprobe",
        sections: &["kretprobe", "kretprobe.multi"],
        naming: generated("btf_kretprobe_"),
        returned: Returned::Only,
        ..REGISTERS
    },
    Row {
        name: "ksyscall",
        sections: &["ksyscall"],
        naming: generated("btf_ksyscall_"),
        prototypes: Prototypes::SystemCall,
        ..REGISTERS
    },
    Row {
        name: "kretsyscall",
        sections: &["kretsyscall"],
        naming: generated("btf_kretsyscall_"),
        prototypes: Prototypes::SystemCall,
        returned: Returned::Only,
        ..REGISTERS
    },
    Row {
        name: "uprobe",
        sections: &[
            "uprobe",
            "uprobe.s",
            "uprobe.multi",
            "uprobe.multi.s",
            "uprobe.session",
            "uprobe.session.s",
        ],
        naming: generated("btf_uprobe_"),
        prototypes: Prototypes::User,
        ..REGISTERS
    },
    Row {
        name: "uretprobe",
        sections: &[
            "uretprobe",
            "uretprobe.s",
            "uretprobe.multi",
            "uretprobe.multi.s",
        ],
        naming: generated("btf_uretprobe_"),
        prototypes: Prototypes::User,
        returned: Returned::Only,
        ..REGISTERS
    },
    Row {
        name: "usdt",
        sections: &["usdt", "usdt.s"],
        prototypes: Prototypes::None,
        any_target: true,
        ..REGISTERS
    },
    Row {
        name: "tp",
        sections: &["tp", "tracepoint", "tp.s", "tracepoint.s"],
        naming: generated("btf_tp_"),
        prototypes: Prototypes::Event,
        passing: Passing::Memory,
        modules: false,
        ..SLOTS
    },
    fixed("xdp", XDP, "xdp_md"),
    fixed("tc", TC, "__sk_buff"),
    fixed("socket", &["socket"], "__sk_buff"),
    fixed("cgroup_skb", CGROUP_SKB, "__sk_buff"),
    fixed("lwt", LWT, "__sk_buff"),
    fixed("sk_skb", SK_SKB, "__sk_buff"),
    fixed("flow_dissector", &["flow_dissector"], "__sk_buff"),
    fixed("cgroup_sock", CGROUP_SOCK, "bpf_sock"),
    fixed("cgroup_sock_addr", CGROUP_SOCK_ADDR, "bpf_sock_addr"),
    fixed("cgroup_sysctl", &["cgroup/sysctl"], "bpf_sysctl"),
    fixed("cgroup_sockopt", CGROUP_SOCKOPT, "bpf_sockopt"),
    fixed("cgroup_device", &["cgroup/dev"], "bpf_cgroup_dev_ctx"),
    fixed("sockops", &["sockops"], "bpf_sock_ops"),
    fixed("sk_msg", &["sk_msg"], "sk_msg_md"),
    fixed("sk_lookup", &["sk_lookup"], "bpf_sk_lookup"),
    fixed("sk_reuseport", SK_REUSEPORT, "sk_reuseport_md"),
    Row {
        // Of `net/netfilter/nf_bpf_link.c`.
        is_uapi: false,
        ..fixed("netfilter", &["netfilter"], "bpf_nf_ctx")
    },
    Row {
        // The struct starts with them.
        also: REGISTER_STRUCTS,
        ..fixed("perf_event", &["perf_event"], "bpf_perf_event_data")
    },
    Row {
        sections: &["lirc_mode2"],
        ..other(
            "lirc_mode2",
            "unsigned int",
            "a pulse or a space of an infrared receiver",
        )
    },
    Row {
        sections: &["syscall"],
        ..other(
            "syscall",
            "void",
            "what user space hands over with BPF_PROG_TEST_RUN, in a struct of the program's own",
        )
    },
    Row {
        sections: &["freplace"],
        any_target: true,
        ..other(
            "freplace",
            "void",
            "the arguments of the BPF function that it replaces",
        )
    },
];

const XDP: &[&str] = &[
    "xdp",
    "xdp.frags",
    "xdp/devmap",
    "xdp.frags/devmap",
    "xdp/cpumap",
    "xdp.frags/cpumap",
];

const TC: &[&str] = &[
    "tc",
    "classifier",
    "action",
    "tc/ingress",
    "tc/egress",
    "tcx/ingress",
    "tcx/egress",
    "netkit/primary",
    "netkit/peer",
];

const CGROUP_SKB: &[&str] = &["cgroup_skb/ingress", "cgroup_skb/egress", "cgroup/skb"];

const LWT: &[&str] = &["lwt_in", "lwt_out", "lwt_xmit", "lwt_seg6local"];

const SK_SKB: &[&str] = &[
    "sk_skb",
    "sk_skb/stream_parser",
    "sk_skb/stream_verdict",
    "sk_skb/verdict",
];

const CGROUP_SOCK: &[&str] = &[
    "cgroup/sock",
    "cgroup/sock_create",
    "cgroup/sock_release",
    "cgroup/post_bind4",
    "cgroup/post_bind6",
];

const CGROUP_SOCK_ADDR: &[&str] = &[
    "cgroup/bind4",
    "cgroup/bind6",
    "cgroup/connect4",
    "cgroup/connect6",
    "cgroup/connect_unix",
    "cgroup/sendmsg4",
    "cgroup/sendmsg6",
    "cgroup/sendmsg_unix",
    "cgroup/recvmsg4",
    "cgroup/recvmsg6",
    "cgroup/recvmsg_unix",
    "cgroup/getpeername4",
    "cgroup/getpeername6",
    "cgroup/getpeername_unix",
    "cgroup/getsockname4",
    "cgroup/getsockname6",
    "cgroup/getsockname_unix",
];

const CGROUP_SOCKOPT: &[&str] = &["cgroup/getsockopt", "cgroup/setsockopt"];

const SK_REUSEPORT: &[&str] = &["sk_reuseport", "sk_reuseport/migrate"];
