//! Programs on tracepoints that may sleep (`SEC("tp.s/…")`, `raw_tp.s`, `tp_btf.s`).
//!
//! libbpf knows these sections since 1.8. Linux 6.18 loads no such program, Linux 7.2 does (both measured). A typed one
//! (`tp_btf.s`) loads on tracepoints alone that are reached where a page fault may be waited for.

use ctxgen::KernelBtf;
use ctxgen::SecName;
use ctxgen::object::Program;
use ctxgen::text::name;
use libbpf_rs::libbpf_sys::BTF_KIND_FUNC;

use super::refused::Reads;
use crate::display::shown;

const FAMILIES: [&str; 3] = ["tp_btf", "raw_tp", "tp"];
/// The last release that is known to take none, and the first that is known to take them.
const REFUSES: (u32, u32) = (6, 18);
const TAKES: (u32, u32) = (7, 2);

/// The tracepoints that are reached where a program may sleep (`DECLARE_TRACE_SYSCALL` of the kernel's sources).
const FAULTABLE: [&str; 2] = ["sys_enter", "sys_exit"];

/// Whether a kernel takes such programs; `None` where nothing tells.
fn takes(kernel: &KernelBtf) -> Option<bool> {
    let has = |name| kernel.btf().find(name, BTF_KIND_FUNC).is_some();
    // It came with them (`kernel/trace/bpf_trace.c`).
    if has(c"trace_call_bpf_faultable") {
        return Some(true);
    }
    match kernel.release() {
        Some(release) if release <= REFUSES => Some(false),
        Some(release) if release >= TAKES => Some(true),
        // The function that it was made after is there.
        _ if has(c"trace_call_bpf") && kernel.pin_note().is_none() => Some(false),
        _ => None,
    }
}

/// Remarks for such programs.
pub(super) fn sleepable(kernels: &[KernelBtf], reads: &Reads<'_>) -> Vec<String> {
    let known: Vec<Option<bool>> = kernels.iter().map(takes).collect();
    let remark = |program: &Program| {
        let sec = SecName::parse(&program.section).ok()?;
        let family = sec.hook.family().name();
        if !FAMILIES.contains(&family) || !sec.section.ends_with(".s") {
            return None;
        }
        let plain = sec.section.trim_end_matches(".s");
        let is_bound =
            family == "tp_btf" && !sec.hook.is_generic() && !FAULTABLE.contains(&sec.hook.target());
        let why = if known.contains(&Some(false)) {
            format!(
                "the target kernel takes no program on a tracepoint that may sleep (Linux 6.18 does not, 7.2 does), \
                 and libbpf knows the section since 1.8. SEC(\"{plain}/…\") loads"
            )
        } else if is_bound {
            format!(
                "the kernel takes a typed program that may sleep on no tracepoints but sys_enter and sys_exit \
                 (\"Sleepable program cannot attach to non-faultable tracepoint\"). SEC(\"{plain}/…\") loads"
            )
        } else if known.contains(&None) {
            "whether the target kernel takes a program on a tracepoint that may sleep is not known: Linux 6.18 \
             does not, 7.2 does. libbpf knows the section since 1.8"
                .to_owned()
        } else {
            return None;
        };
        Some(format!(
            "{}: program {}, SEC(\"{}\"): {why}",
            shown(&reads.source_of(&program.name)),
            name(&program.name),
            name(&program.section)
        ))
    };
    reads
        .object()
        .programs()
        .iter()
        .filter_map(remark)
        .collect()
}
