//! On the running kernel: programs that were built for other kernels, and what they read.

use std::process::Command;

use ctxgen::Context;
use ctxgen::KernelBtf;
use ctxgen::LoadError;
use ctxgen::Loader;
use ctxgen::Shape;
use ctxgen_tests::is_root;
use ctxgen_tests::running;
use ctxgen_tests::skip;
use libbpf_rs::Link;
use libbpf_rs::MapCore;
use libbpf_rs::MapFlags;
use libbpf_rs::Object;
use libbpf_rs::ObjectBuilder;
use libbpf_rs::libbpf_sys as sys;

use crate::object::compile;

/// Whether programs can be loaded here; where not, that is said.
pub(crate) fn can_load(what: &str) -> bool {
    if !is_root() {
        skip(what, "loading programs takes root");
        return false;
    }
    running(what).is_some()
}

/// The words at the start of the program's global variables that are 0 at first.
fn globals<const N: usize>(object: &Object) -> [u64; N] {
    let map = object
        .maps()
        .find(|map| map.name().to_string_lossy().ends_with(".bss"));
    let value = map
        .unwrap()
        .lookup(&0_u32.to_ne_bytes(), MapFlags::ANY)
        .unwrap()
        .unwrap();
    let word = |at: usize| u64::from_ne_bytes(value[8 * at..8 * at + 8].try_into().unwrap());
    std::array::from_fn(word)
}

fn attached(object: &mut Object) -> Vec<Link> {
    object
        .progs_mut()
        .map(|program| program.attach().unwrap())
        .collect()
}

/// Has the kernel switch between tasks, and make one.
fn work() {
    assert!(Command::new("true").status().unwrap().success());
    std::thread::sleep(std::time::Duration::from_millis(20));
}

/// The context has the kernel's arguments in another order, one of them wider, and one that is none.
/// At `sched_switch` the current task is `prev`, and the kernel says so itself.
const SWITCHED: &str = r#"
struct task_struct { int pid, tgid; char comm[16]; } RELOCATED;
struct btf_trace_sched_switch_ctx {
	u64 no_such_argument;
	struct task_struct *next;
	struct task_struct *prev;
	u32 prev_state;
	u64 preempt;
} RELOCATED;
struct btf_trace_no_such_hook_ctx { u64 argument; } RELOCATED;
enum { SEEN, PREV, NEXT, ABSENT_FIELD, ABSENT_TYPE, PRESENT, ODD, WORDS };
u64 out[WORDS];

SEC("SECTION")
int switched(struct btf_trace_sched_switch_ctx *ctx)
{
	struct btf_trace_no_such_hook_ctx *other = (void *)ctx;
	u32 current = (u32)current_pid_tgid();
	int prev = 0, next = 0;

	probe_read_kernel(&prev, sizeof(prev), &ctx->prev->pid);
	probe_read_kernel(&next, sizeof(next), &ctx->next->pid);
	out[SEEN]++;
	out[PREV] += prev == current;
	out[NEXT] += next == current;
	out[ODD] += ctx->preempt > 1;
	if (field_exists(ctx->no_such_argument))
		out[ABSENT_FIELD] += 1 + ctx->no_such_argument;
	if (type_exists(struct btf_trace_no_such_hook_ctx))
		out[ABSENT_TYPE] += 1 + other->argument;
	out[PRESENT] |= field_exists(ctx->next) && type_exists(struct btf_trace_sched_switch_ctx);
	return 0;
}
"#;

#[test]
fn values_are_read_wherever_the_kernel_has_them() {
    if !can_load("values of relocated contexts") {
        return;
    }
    for section in ["tp_btf/sched_switch", "raw_tp/sched_switch"] {
        let object = compile(&SWITCHED.replace("SECTION", section));
        let loader = Loader::new(&object).unwrap();
        let opened = loader.open_object(&mut ObjectBuilder::default()).unwrap();
        let mut object = loader.load_object(opened).unwrap();
        let links = attached(&mut object);
        work();
        drop(links);
        let [seen, prev, next, absent_field, absent_type, present, odd] = globals(&object);
        assert!(seen > 0, "{section}");
        assert_eq!((seen, 0), (prev, next), "{section}");
        assert_eq!(
            (absent_field, absent_type, present, odd),
            (0, 0, 1, 0),
            "{section}"
        );
    }
}

/// The same with all arguments under other names: the prototype tells.
#[test]
fn renamed_arguments_are_read_where_they_are() {
    let what = "arguments under other names";
    if !can_load(what) {
        return;
    }
    let kernel = KernelBtf::running().unwrap();
    let context = Context::of_hook(&kernel, &"tp_btf/sched_switch".parse().unwrap()).unwrap();
    let Shape::Generated { layout, .. } = &context.shape else {
        panic!("{context:?}");
    };
    let names: Vec<&str> = layout.fields.iter().map(|field| &*field.name).collect();
    if names != ["preempt", "prev", "next", "prev_state"] {
        skip(what, "sched_switch has other arguments here");
        return;
    }
    let source = r#"
struct task_struct { int pid; } RELOCATED;
struct btf_trace_sched_switch_ctx {
	_Bool preempted;
	struct task_struct *before;
	struct task_struct *after;
	u32 state_before;
} RELOCATED;
u64 out[4];

SEC("tp_btf/sched_switch")
int switched(struct btf_trace_sched_switch_ctx *ctx)
{
	u32 current = (u32)current_pid_tgid();
	int before = 0, after = 0;

	probe_read_kernel(&before, sizeof(before), &ctx->before->pid);
	probe_read_kernel(&after, sizeof(after), &ctx->after->pid);
	out[0]++;
	out[1] += before == current;
	out[2] += after == current || !field_exists(ctx->state_before);
	out[3] |= ctx->preempted;
	return 0;
}
"#;
    let object = compile(source);
    let loader = Loader::new(&object).unwrap();
    let said: Vec<String> = loader.renamed().iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(
        said[1].contains("before of struct btf_trace_sched_switch_ctx is prev in"),
        "{said:?}"
    );
    let opened = loader.open_object(&mut ObjectBuilder::default()).unwrap();
    let mut object = loader.load_object(opened).unwrap();
    let links = attached(&mut object);
    work();
    drop(links);
    let [seen, before, wrong, _] = globals(&object);
    assert!(seen > 0);
    assert_eq!((before, wrong), (seen, 0));
}

/// A section may say less than the context does, or be called at a function's return too.
#[test]
fn contexts_of_less_telling_sections() {
    if !can_load("contexts of less telling sections") {
        return;
    }
    let source = r#"
struct btf_kprobe_vfs_read_ctx { u64 count; } RELOCATED;
struct btf_kretprobe_vfs_read_ctx { u64 ret; } RELOCATED;
struct btf_trace_sched_switch_ctx { void *prev; } RELOCATED;

SEC("kprobe")
int anywhere(struct btf_kprobe_vfs_read_ctx *ctx) { return ctx->count > 1; }

SEC("kprobe.multi/vfs_*")
int any(struct btf_kprobe_vfs_read_ctx *ctx) { return ctx->count > 2; }

SEC("kprobe.session/vfs_read")
int ends(struct btf_kretprobe_vfs_read_ctx *ctx) { return ctx->ret > 3; }

SEC("raw_tp")
int traced(struct btf_trace_sched_switch_ctx *ctx) { return ctx->prev != 0; }
"#;
    let object = compile(source);
    let loader = Loader::new(&object).unwrap();
    let opened = loader.open_object(&mut ObjectBuilder::default()).unwrap();
    assert!(loader.absent().is_empty(), "{:?}", loader.absent());
    drop(opened);

    let other = source.replace("kprobe.session/vfs_read", "kprobe.session/vfs_write");
    let error = Loader::new(&compile(&other)).unwrap_err().to_string();
    assert!(error.contains("another hook's"), "{error}");
}

/// The same with the whole of the kernel's BTF, which is needed where a program asks for type ids.
#[test]
fn type_ids_are_the_kernels_own() {
    if !can_load("ids of the kernel's types") {
        return;
    }
    let source = r#"
struct task_struct { int pid; } RELOCATED;
struct btf_trace_sched_switch_ctx { struct task_struct *next, *prev; } RELOCATED;
u64 out[2];

SEC("tp_btf/sched_switch")
int switched(struct btf_trace_sched_switch_ctx *ctx)
{
	out[0] = type_id_kernel(struct task_struct);
	out[1] = ctx->prev->pid == (u32)current_pid_tgid();
	return 0;
}
"#;
    let object = compile(source);
    let loader = Loader::new(&object).unwrap();
    let opened = loader.open_object(&mut ObjectBuilder::default()).unwrap();
    let mut object = loader.load_object(opened).unwrap();
    let links = attached(&mut object);
    work();
    drop(links);
    let kernel = KernelBtf::running().unwrap();
    let task = kernel.btf().find(c"task_struct", sys::BTF_KIND_STRUCT);
    let task = u64::from(task.unwrap().id().0);
    assert_eq!(globals(&object), [task, 1]);
}

/// The message of the error that loading this ends with.
fn refusal(source: &str) -> (LoadError, String) {
    let object = compile(source);
    let loader = Loader::new(&object).unwrap();
    let opened = loader.open_object(&mut ObjectBuilder::default()).unwrap();
    let error = loader.load_object(opened).unwrap_err();
    let text = error.to_string();
    (*error, text)
}

fn program(fields: &str, body: &str) -> String {
    format!(
        "struct task_struct {{ int pid; int no_such_field; }} RELOCATED;\n\
         struct file;\n\
         struct btf_trace_sched_switch_ctx {{ {fields} }} RELOCATED;\n\
         struct btf_trace_no_such_hook_ctx {{ u64 argument; }} RELOCATED;\n\
         u64 out;\n\
         SEC(\"tp_btf/sched_switch\")\n\
         int switched(struct btf_trace_sched_switch_ctx *ctx)\n{{\n\t{body}\n\treturn 0;\n}}\n"
    )
}

#[test]
fn an_absent_argument() {
    if !can_load("an absent argument") {
        return;
    }
    let (error, text) = refusal(&program("u64 gone;", "out = ctx->gone;"));
    assert!(matches!(error, LoadError::AbsentArgument { .. }), "{text}");
    for part in [
        "program switched, SEC(\"tp_btf/sched_switch\"): it reads gone from its context",
        "the running kernel",
        "passes no such argument",
        "tp_btf/sched_switch(",
        "struct task_struct *prev, struct task_struct *next",
        "bpf_core_field_exists(ctx->gone)",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let through_typedef =
        "typedef struct btf_trace_sched_switch_ctx ctx_t; out = ((ctx_t *)ctx)->gone;";
    assert_eq!(refusal(&program("u64 gone;", through_typedef)).1, text);
}

/// `ctx_t` is not known to the kernel, and neither is the struct.
#[test]
fn through_a_typedef() {
    if !can_load("a context through a typedef") {
        return;
    }
    let body = "typedef struct btf_trace_sched_switch_ctx ctx_t; out = ((ctx_t *)ctx)->prev->pid;";
    let source = program("struct task_struct *prev;", body).replace("int no_such_field;", "");
    let object = compile(&source);
    let loader = Loader::new(&object).unwrap();
    let opened = loader.open_object(&mut ObjectBuilder::default()).unwrap();
    loader.load_object(opened).unwrap();
}

#[test]
fn a_retyped_argument() {
    if !can_load("a retyped argument") {
        return;
    }
    let (error, text) = refusal(&program("struct file *prev;", "out = (u64)ctx->prev;"));
    assert!(matches!(error, LoadError::RetypedArgument { .. }), "{text}");
    for part in [
        "program switched, SEC(\"tp_btf/sched_switch\"): it reads prev from its context as `struct \
         file *`",
        "that is `struct task_struct *`",
        "bpf_core_field_exists(ctx->prev)",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // A guarded one is no error.
    let guarded = "if (field_exists(ctx->prev)) out = (u64)ctx->prev;";
    let object = compile(&program("struct file *prev;", guarded));
    let loader = Loader::new(&object).unwrap();
    let opened = loader.open_object(&mut ObjectBuilder::default()).unwrap();
    loader.load_object(opened).unwrap();
}

#[test]
fn an_absent_hooks_context() {
    if !can_load("the context of an absent hook") {
        return;
    }
    let body = "out = ((struct btf_trace_no_such_hook_ctx *)ctx)->argument;";
    let (error, text) = refusal(&program("struct task_struct *prev;", body));
    assert!(matches!(error, LoadError::AbsentContext { .. }), "{text}");
    for part in [
        "it reads argument from struct btf_trace_no_such_hook_ctx",
        "has no hook `tp_btf/no_such_hook`",
        "bpf_core_type_exists(struct btf_trace_no_such_hook_ctx)",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// What is not about contexts is said too, where contexts are the reason to look at the log.
#[test]
fn other_refusals() {
    if !can_load("other refusals") {
        return;
    }
    let guarded = "if (field_exists(ctx->gone) && ctx->gone) return 1;";
    let fields = "struct task_struct *prev; u64 gone;";
    let absent = format!("{guarded} out = ctx->prev->no_such_field;");
    let (error, text) = refusal(&program(fields, &absent));
    assert!(matches!(error, LoadError::Unresolved { .. }), "{text}");
    assert!(text.contains("struct task_struct.no_such_field"), "{text}");

    let wild = format!("{guarded} out = *(u64 *)out;");
    let (error, text) = refusal(&program(fields, &wild));
    assert!(matches!(error, LoadError::Refused { .. }), "{text}");
    assert!(
        text.contains("program switched, SEC(\"tp_btf/sched_switch\")"),
        "{text}"
    );
    assert!(text.contains("invalid mem access"), "{text}");

    let (error, text) = refusal(&program(fields, "out = *(u64 *)out;"));
    assert!(matches!(error, LoadError::Load(_)), "{text}");
}
