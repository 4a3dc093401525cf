//! Accesses behind the end of a context, or of an event's record.

use ctxgen::Context;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::btf::Kind as TypeKind;
use ctxgen::object::Program;
use ctxgen::object::accesses::Access;
use ctxgen::object::accesses::AccessKind;
use libbpf_rs::libbpf_sys::BTF_KIND_STRUCT;

use super::kind::Kind;
use super::reads::Reads;
use crate::findings::Refused;

/// The largest record (`PERF_MAX_TRACE_SIZE` of `include/linux/trace_events.h`; 2048 before 5.16), in bytes.
const RECORD: u32 = 8192;

/// How families begin whose programs may store to registers since Linux 6.18: those of user space.
const OF_USER_SPACE: [&str; 2] = ["uprobe", "usdt"];

/// Where the contexts of a hook's programs end, in bytes; looked up once for all accesses of a program.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends {
    /// The event's record: programs that load behind it are not attached.
    record: Option<u32>,
    /// What verifiers let programs load: on the first kernel, and on the one with the most.
    verified: Option<(u32, u32)>,
}

impl Ends {
    pub(super) fn of(hook: &Hook, kernels: &[KernelBtf]) -> Self {
        let is_record = matches!(Kind::of(hook), Kind::Record) && !hook.is_generic();
        let records = || {
            let records = kernels.iter().map(|kernel| generated(kernel, hook));
            records.collect::<Option<Vec<u32>>>()?.into_iter().max()
        };
        let sizes = kernels.iter().map(|kernel| size(kernel, hook));
        let sizes = sizes.collect::<Option<Vec<u32>>>().unwrap_or_default();
        Self {
            record: is_record.then(records).flatten(),
            verified: sizes.first().copied().zip(sizes.iter().max().copied()),
        }
    }
}

impl Reads<'_> {
    /// What is wrong with an access that no kernel of these takes because of where the context ends.
    pub(super) fn behind_end(
        &self,
        program: &Program,
        access: &Access,
        ends: &Ends,
    ) -> Option<Refused> {
        let is_fixed = access.base.is_unmodified() && access.relocation.is_none();
        if !access.is_certain || !is_fixed || access.kind != AccessKind::Load {
            return None;
        }
        let end = u32::try_from(i64::from(access.displacement) + i64::from(access.width)).ok()?;
        let loads = format!(
            "loads {} bytes at offset {}",
            access.width, access.displacement
        );
        let what = match (ends.record, ends.verified) {
            // `perf_event_set_bpf_prog` of `kernel/events/core.c` holds the last byte that a program loads
            // against the end of the event's last field.
            (Some(record), _) if end > record && end <= RECORD => format!(
                "{loads} of the event's record, which ends at {record}: it is not attached to the event (EACCES)"
            ),
            (_, Some((first, most))) if end > most => {
                format!("{loads} of the context, which ends at {first}: the verifier refuses it")
            }
            _ => return None,
        };
        Some(Refused {
            what,
            ..self.finding(program, Some(access))
        })
    }
}

/// The size of a context that ctxgen lays out.
fn generated(kernel: &KernelBtf, hook: &Hook) -> Option<u32> {
    let context = Context::of_hook_alone(kernel, hook).ok()?;
    Some(context.size(kernel)).filter(|size| *size > 0)
}

/// How much of a context a kernel lets programs load, where that is known.
fn size(kernel: &KernelBtf, hook: &Hook) -> Option<u32> {
    match Kind::of(hook) {
        Kind::Record => Some(RECORD),
        Kind::Registers => {
            let registers = kernel.btf().find(c"pt_regs", BTF_KIND_STRUCT)?;
            match registers.kind() {
                TypeKind::Struct(composite) if composite.size > 0 => Some(composite.size),
                _ => None,
            }
        }
        Kind::Slots | Kind::LsmSlots if !hook.is_generic() => generated(kernel, hook),
        _ => None,
    }
}

/// Whether programs of a hook may not store to the registers that they get.
pub(super) fn are_read_only(hook: &Hook) -> bool {
    let family = hook.family().name();
    !OF_USER_SPACE.iter().any(|of| family.starts_with(of)) && !family.starts_with("uretprobe")
}
