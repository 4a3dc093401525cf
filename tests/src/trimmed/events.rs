//! What belongs to a trace event.

use ctxgen::Context;
use ctxgen::Hook;
use ctxgen::Shape;
use ctxgen::btf::Kind;
use ctxgen::btf::TypeId;
use libbpf_rs::libbpf_sys as sys;

use super::OF_TRACEPOINT;
use super::Parts;
use super::WRAPPERS;

/// The functions of a class, by its name. `__bpf_trace_` is left out: names of tracepoints' arguments
/// may be from those, and tests count on which there are.
const OF_CLASS: [&str; 3] = [
    "trace_event_raw_event_",
    "do_trace_event_raw_event_",
    "perf_trace_",
];

/// The functions of a system call.
fn of_call(call: &str) -> impl Iterator<Item = String> {
    let prefixes = WRAPPERS.into_iter().chain(["__do_sys_"]);
    prefixes.map(move |prefix| format!("{prefix}{call}"))
}

const RECORD: &str = "trace_event_raw_";

/// The system call that an event is of.
fn call(hook: &Hook) -> Option<&str> {
    let event = hook.target().strip_prefix("syscalls/sys_")?;
    event.split_once('_').map(|(_, name)| name)
}

fn event(hook: &Hook) -> &str {
    let target = hook.target();
    target.split_once('/').map_or(target, |(_, event)| event)
}

/// Whether the kernel has anything of that event.
pub(super) fn have(parts: &Parts<'_>, hook: &Hook) -> bool {
    let has = |kind, name: String| !parts.ids(kind, &name).is_empty();
    match call(hook) {
        Some(call) => of_call(call).any(|name| has(sys::BTF_KIND_FUNC, name)),
        None => has(sys::BTF_KIND_TYPEDEF, format!("btf_trace_{}", event(hook))),
    }
}

/// Adds the tracepoint, and of all classes that have its types the functions and the record.
pub(super) fn add(parts: &mut Parts<'_>, hook: &Hook) {
    if let Some(call) = call(hook) {
        for name in of_call(call) {
            parts.define(sys::BTF_KIND_FUNC, &name);
        }
        parts.define(sys::BTF_KIND_STRUCT, "syscall_tp_t");
        add_types(parts, hook);
        return;
    }
    let event = event(hook);
    let typedef = format!("btf_trace_{event}");
    parts.define(sys::BTF_KIND_TYPEDEF, &typedef);
    for prefix in OF_TRACEPOINT {
        parts.define(sys::BTF_KIND_FUNC, &format!("{prefix}{event}"));
    }
    let mut classes = vec![event.to_owned()];
    let typedefs = parts.ids(sys::BTF_KIND_TYPEDEF, &typedef);
    if let Some(wanted) = typedefs.first().and_then(|id| types(parts, *id)) {
        for ty in parts.full.btf().types() {
            let class = OF_CLASS.iter().find_map(|it| ty.name().strip_prefix(it));
            if let (Kind::Func(_), Some(class)) = (ty.kind(), class)
                && types(parts, ty.id()).as_ref() == Some(&wanted)
            {
                classes.push(class.to_owned());
            }
        }
    }
    classes.sort();
    classes.dedup();
    for class in classes {
        for prefix in OF_CLASS {
            parts.define(sys::BTF_KIND_FUNC, &format!("{prefix}{class}"));
        }
        parts.define(sys::BTF_KIND_STRUCT, &format!("{RECORD}{class}"));
        parts.define(
            sys::BTF_KIND_STRUCT,
            &format!("trace_event_data_offsets_{class}"),
        );
    }
}

/// The types of the arguments of a system call, which no name leads to.
fn add_types(parts: &mut Parts<'_>, hook: &Hook) {
    let Ok(context) = Context::of_hook_alone(parts.full, hook) else {
        return;
    };
    if let Shape::Generated { layout, .. } = context.shape {
        for field in layout.fields {
            parts.trim.mention(field.type_id);
        }
    }
}

/// The types of the parameters behind a typedef or of a function.
fn types(parts: &Parts<'_>, id: TypeId) -> Option<Vec<TypeId>> {
    let btf = parts.full.btf();
    let mut ty = btf.get(id)?;
    while let Kind::Typedef(to) | Kind::Ptr(to) | Kind::Func(to) = ty.kind() {
        ty = btf.get(to)?;
    }
    let params = ty.params().map(|param| param.type_id);
    matches!(ty.kind(), Kind::FuncProto { .. }).then(|| params.collect())
}
