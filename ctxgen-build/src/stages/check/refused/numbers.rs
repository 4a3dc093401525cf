//! Values of contexts that are numbers to the verifier and are followed.
//!
//! Registers, bare slots and records of events have no types for the verifier, so that whatever is loaded from them
//! is a number. C has the argument's own type, so that `ctx->file->f_flags` compiles.

use ctxgen::Hook;
use ctxgen::object::Program;
use ctxgen::object::accesses::Access;
use ctxgen::object::accesses::AccessKind;

use super::kind::Kind;
use super::reads::Reads;
use crate::findings::Refused;

impl Reads<'_> {
    /// What is wrong with a load of a number that is followed.
    pub(super) fn followed_number(
        &self,
        program: &Program,
        hook: &Hook,
        access: &Access,
    ) -> Option<Refused> {
        let are_numbers = matches!(
            Kind::of(hook),
            Kind::Registers | Kind::BareSlots | Kind::Record | Kind::PerfEvent
        );
        let is_load = access.kind == AccessKind::Load && access.is_certain;
        if !are_numbers || !is_load || !access.is_followed {
            return None;
        }
        if is_writable_buffer(program, access) {
            return None;
        }
        let fields = self.fields(program, access);
        let place = self.place(program, access, &fields);
        let from_user = match hook.family().name() {
            "uprobe" | "uretprobe" | "usdt" => "bpf_probe_read_user(&copy, sizeof(copy), pointer)",
            _ => "BPF_CORE_READ(pointer, field)",
        };
        Some(Refused {
            what: format!(
                "follows {place}, which is a number to the verifier in programs of this kind: it refuses that \
                 (\"invalid mem access 'scalar'\")"
            ),
            instead: format!(
                "Copy it to a variable, and read through that with a helper, as in {from_user}."
            ),
            ..self.finding(program, Some(access))
        })
    }
}

/// Whether a load is that of the buffer which a writable tracepoint's program gets as its first argument
/// (`raw_tp_writable_prog_is_valid_access` of `kernel/trace/bpf_trace.c`): it may be followed, and stored to.
pub(super) fn is_writable_buffer(program: &Program, access: &Access) -> bool {
    let kind = program.section.split('/').next().unwrap_or_default();
    kind.ends_with(".w") && access.displacement == 0 && access.base.is_unmodified()
}
