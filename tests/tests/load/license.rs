//! Which helpers the running kernel has for programs under a license that is compatible with the GPL only.

use std::ptr;

use ctxgen::object::gpl_only_helper;
use ctxgen_tests::is_root;
use ctxgen_tests::skip;
use libbpf_rs::libbpf_sys as sys;

/// The helpers that there are: no number is given out any more.
const HELPERS: i32 = 211;

/// Kinds of programs that load without more than their instructions.
const KINDS: [sys::bpf_prog_type; 8] = [
    sys::BPF_PROG_TYPE_SOCKET_FILTER,
    sys::BPF_PROG_TYPE_KPROBE,
    sys::BPF_PROG_TYPE_SCHED_CLS,
    sys::BPF_PROG_TYPE_TRACEPOINT,
    sys::BPF_PROG_TYPE_XDP,
    sys::BPF_PROG_TYPE_PERF_EVENT,
    sys::BPF_PROG_TYPE_CGROUP_SKB,
    sys::BPF_PROG_TYPE_RAW_TRACEPOINT,
];

/// What the verifier says of a program of no license that calls a helper with nothing.
fn said(kind: sys::bpf_prog_type, helper: i32) -> String {
    let instruction = |code, imm| sys::bpf_insn {
        code,
        imm,
        ..Default::default()
    };
    let code = [
        instruction(0x85, helper),
        instruction(0xb7, 0),
        instruction(0x95, 0),
    ];
    let mut log = vec![0_u8; 1 << 16];
    let mut options = sys::bpf_prog_load_opts {
        sz: size_of::<sys::bpf_prog_load_opts>() as sys::size_t,
        log_buf: log.as_mut_ptr().cast(),
        log_size: log.len() as u32,
        log_level: 1,
        ..Default::default()
    };
    // SAFETY: the license ends in NUL, the instructions and options are live, and the log is as long as
    // is said.
    let fd = unsafe {
        sys::bpf_prog_load(
            kind,
            ptr::null(),
            c"".as_ptr(),
            code.as_ptr(),
            code.len() as sys::size_t,
            &mut options,
        )
    };
    if fd >= 0 {
        // SAFETY: the kernel has just given the descriptor, and nothing else has it.
        unsafe { libc::close(fd) };
    }
    let end = log.iter().position(|byte| *byte == 0).unwrap_or(0);
    String::from_utf8_lossy(&log[..end]).into_owned()
}

#[test]
fn helpers_are_as_the_kernel_has_them() {
    if !is_root() {
        skip(
            "asking the kernel about helpers",
            "loading programs takes root",
        );
        return;
    }
    let mut asked = 0;
    for helper in 1..=HELPERS {
        let said: Vec<String> = KINDS.iter().map(|kind| said(*kind, helper)).collect();
        let is_refused = |text: &String| text.contains("cannot call GPL-restricted function");
        // Those that none of these kinds has tell nothing.
        let is_there = |text: &String| {
            let unknown = ["unknown func", "cannot use helper", "invalid func"];
            !text.is_empty() && !unknown.iter().any(|part| text.contains(part))
        };
        if !said.iter().any(is_there) {
            continue;
        }
        asked += 1;
        assert_eq!(
            said.iter().any(is_refused),
            gpl_only_helper(helper).is_some(),
            "helper {helper}: {said:?}"
        );
    }
    match asked {
        0 => skip("asking the kernel about helpers", "it loads no programs"),
        _ => println!("{asked} helpers are as the kernel has them"),
    }
}
