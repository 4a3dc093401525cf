//! The kernel's own structs of trace events' records, held against the record that an event has.

use super::Context;
use super::Shape;
use crate::hook::Passing;
use crate::prototype::NamesFrom;
use crate::prototype::RECORD_OF_CLASS;
use crate::prototype::syscall;

/// The structs of all system calls' events, by how the events' names begin. Programs get neither, but
/// what is laid out as both (`perf_call_bpf_enter` of `kernel/trace/trace_syscalls.c`).
const OF_CALLS: [(&str, [&str; 2]); 2] = [
    (
        syscall::ENTER,
        ["trace_event_raw_sys_enter", "syscall_trace_enter"],
    ),
    (
        syscall::EXIT,
        ["trace_event_raw_sys_exit", "syscall_trace_exit"],
    ),
];

/// How a kernel's struct of a record fits an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordFit {
    /// It is the event's own.
    Own,
    /// It is another event's: what both have alike may be read all the same, see
    /// [`Context::has_record_field`].
    Other,
}

impl Context {
    /// How a struct of the kernel's fits the record of this event; `None` where this is no event's context,
    /// or the struct no record's.
    pub fn record_fit(&self, struct_name: &str) -> Option<RecordFit> {
        let Shape::Generated { layout, names_from } = &self.shape else {
            return None;
        };
        let is_record = struct_name.starts_with(RECORD_OF_CLASS)
            || OF_CALLS.iter().any(|(_, own)| own.contains(&struct_name));
        if layout.passing != Passing::Memory || !is_record {
            return None;
        }
        let is_own = match of_call(self) {
            Some((_, own)) => own.contains(&struct_name),
            None => *names_from == NamesFrom::Struct(struct_name.to_owned()),
        };
        Some(if is_own {
            RecordFit::Own
        } else {
            RecordFit::Other
        })
    }

    /// Whether the record of this event has a field of that name there, offset and size in bytes.
    pub fn has_record_field(&self, name: &str, offset: u32, size: u32) -> bool {
        let Shape::Generated { layout, .. } = &self.shape else {
            return false;
        };
        let mut fields = layout.fields.iter();
        fields.any(|field| field.name == name && field.offset == offset && field.size == size)
    }

    /// The kernel's struct of this event's record; `None` where BTF has none.
    pub fn record_struct(&self) -> Option<&str> {
        let Shape::Generated { names_from, .. } = &self.shape else {
            return None;
        };
        if let Some((_, own)) = of_call(self) {
            return Some(own[0]);
        }
        match names_from {
            NamesFrom::Struct(name) if name.starts_with(RECORD_OF_CLASS) => Some(name),
            _ => None,
        }
    }
}

/// The structs of a system call's event.
fn of_call(context: &Context) -> Option<&'static (&'static str, [&'static str; 2])> {
    let (category, event) = context.hooks.first()?.target().split_once('/')?;
    syscall::of_event(category, event)?;
    OF_CALLS.iter().find(|(start, _)| event.starts_with(start))
}

#[cfg(all(test, feature = "generate"))]
mod tests {
    use super::*;
    use crate::kernel::KernelBtf;

    #[test]
    fn own_and_other_structs() {
        let fixture = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../tests/fixtures/7.2-x86_64.btf"
        );
        let kernel = KernelBtf::from_path(fixture).unwrap();
        let (own, other) = (Some(RecordFit::Own), Some(RecordFit::Other));
        for (hook, name, expected) in [
            ("tp/sched/sched_switch", "trace_event_raw_sched_switch", own),
            (
                "tp/sched/sched_switch",
                "trace_event_raw_sched_process_fork",
                other,
            ),
            ("tp/sched/sched_switch", "syscall_trace_enter", other),
            ("tp/sched/sched_switch", "task_struct", None),
            (
                "tp/syscalls/sys_enter_openat",
                "trace_event_raw_sys_enter",
                own,
            ),
            ("tp/syscalls/sys_enter_openat", "syscall_trace_enter", own),
            (
                "tp/syscalls/sys_enter_openat",
                "trace_event_raw_sys_exit",
                other,
            ),
            ("tp/syscalls/sys_exit_openat", "syscall_trace_exit", own),
            ("tp/syscalls/sys_exit_openat", "syscall_trace_enter", other),
            ("tp_btf/sched_switch", "trace_event_raw_sched_switch", None),
        ] {
            let context = Context::of_hook_alone(&kernel, &hook.parse().unwrap()).unwrap();
            assert_eq!(context.record_fit(name), expected, "{hook} {name}");
        }
        let hook = "tp/sched/sched_switch".parse().unwrap();
        let context = Context::of_hook_alone(&kernel, &hook).unwrap();
        assert_eq!(
            context.record_struct(),
            Some("trace_event_raw_sched_switch")
        );
        assert!(context.has_record_field("prev_pid", 24, 4));
        assert!(!context.has_record_field("prev_pid", 24, 8));
        assert!(!context.has_record_field("prev_pid", 28, 4));
    }
}
