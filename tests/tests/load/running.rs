//! On the running kernel: programs that were built for other kernels, and what they read.

use std::path::Path;
use std::process::Command;

use ctxgen::Context;
use ctxgen::KernelBtf;
use ctxgen::LoadError;
use ctxgen::Loader;
use ctxgen::PrototypeError;
use ctxgen::RUNNING_BTF;
use ctxgen::Shape;
use ctxgen_tests::blob::Blob;
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
use crate::object::relocated;

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

/// Two programs, one of them for a hook that no kernel has.
const HALF_ABSENT: &str = r#"
struct task_struct { int pid; } RELOCATED;
struct btf_trace_sched_switch_ctx { struct task_struct *next; } RELOCATED;
struct btf_trace_no_such_hook_ctx { u64 argument; } RELOCATED;
u64 out;

SEC("tp_btf/sched_switch")
int there(struct btf_trace_sched_switch_ctx *ctx)
{
	out = ctx->next->pid;
	return 0;
}

SEC("QUESTIONtp_btf/no_such_hook")
int gone(struct btf_trace_no_such_hook_ctx *ctx)
{
	out = ctx->argument;
	return 0;
}
"#;

#[test]
fn programs_of_absent_hooks_are_left() {
    if !can_load("a program whose hook is absent") {
        return;
    }
    let object = compile(&HALF_ABSENT.replace("QUESTION", ""));
    let loader = Loader::new(&object).unwrap();
    let [absent] = loader.absent() else {
        panic!("{:?}", loader.absent());
    };
    assert_eq!(
        (&*absent.program, &*absent.section),
        ("gone", "tp_btf/no_such_hook")
    );
    assert!(matches!(absent.why, PrototypeError::UnknownHook { .. }));
    let opened = loader.open_object(&mut ObjectBuilder::default()).unwrap();
    let loaded = loader.load_object(opened).unwrap();
    let names: Vec<_> = loaded
        .progs()
        .filter(libbpf_rs::Program::autoload)
        .collect();
    assert_eq!(names.len(), 1);
    assert_eq!(names[0].name(), "there");

    let text = loader.require_all().unwrap_err().to_string();
    assert!(
        text.contains("\n    program gone, SEC(\"tp_btf/no_such_hook\"): the running kernel"),
        "{text}"
    );
    // What is not loaded anyway is not required.
    let object = compile(&HALF_ABSENT.replace("QUESTION", "?"));
    let loader = Loader::new(&object).unwrap().require_all().unwrap();
    assert_eq!(loader.absent().len(), 1);
}

/// A BTF of the user's own is not put aside without a word.
#[test]
fn a_custom_btf() {
    if !can_load("a custom BTF") {
        return;
    }
    let object = compile(&HALF_ABSENT.replace("QUESTION", ""));
    let kernel = KernelBtf::from_path(RUNNING_BTF).unwrap();
    let loader = Loader::for_kernel(&object, &kernel).unwrap();
    let mut builder = ObjectBuilder::default();
    builder.btf_custom_path(RUNNING_BTF).unwrap();
    let text = loader.open_object(&mut builder).unwrap_err().to_string();
    for part in [RUNNING_BTF, "Loader::for_kernel"] {
        assert!(text.contains(part), "{text}");
    }
    // Twice with one builder is fine.
    let mut builder = ObjectBuilder::default();
    for _ in 0..2 {
        let opened = loader.open_object(&mut builder).unwrap();
        loader.load_object(opened).unwrap();
    }
    // An object without relocated contexts needs none of ours.
    let object = compile(
        "struct task_struct { int pid; } RELOCATED; u64 out;\n\
         struct btf_trace_sched_switch_ctx { u64 preempt; struct task_struct *prev; };\n\
         SEC(\"tp_btf/sched_switch\") int switched(struct btf_trace_sched_switch_ctx *ctx)\n\
         { out = ctx->prev->pid; return 0; }\n",
    );
    let loader = Loader::new(&object).unwrap();
    assert_eq!(loader.btf_path(), None);
    let mut builder = ObjectBuilder::default();
    builder.btf_custom_path(Path::new(RUNNING_BTF)).unwrap();
    let opened = loader.open_object(&mut builder).unwrap();
    loader.load_object(opened).unwrap();
}

/// What a kernel's BTF was given for is relocated against that one, contexts or not.
#[test]
fn a_kernel_given_is_the_one_relocated_against() {
    let what = "relocating against another kernel's BTF";
    if !can_load(what) {
        return;
    }
    let object = compile(
        "struct task_struct { int pid; } RELOCATED; u64 out;\n\
         SEC(\"raw_tp/sched_switch\") int switched(u64 *ctx)\n\
         { out = field_exists(((struct task_struct *)ctx)->pid); return 0; }\n",
    );
    let mut other = Blob::parse(&std::fs::read(RUNNING_BTF).unwrap());
    other.rename(sys::BTF_KIND_STRUCT, "task_struct", "other_struct");
    let scratch = tempfile::tempdir().unwrap();
    let other_path = scratch.path().join("other.btf");
    std::fs::write(&other_path, other.to_bytes()).unwrap();
    let against = |path: &Path| {
        let kernel = KernelBtf::from_path(path).unwrap();
        let loader = Loader::for_kernel(&object, &kernel).unwrap();
        let ours = loader.open_object(&mut ObjectBuilder::default());
        let mut builder = ObjectBuilder::default();
        let alone = builder.btf_custom_path(path).unwrap().open_memory(&object);
        let ours = relocated(&mut ours.unwrap());
        assert_eq!(ours, relocated(&mut alone.unwrap()));
        ours
    };
    assert_ne!(against(&other_path), against(Path::new(RUNNING_BTF)));
}

/// An opened object may outlive its loader, and libbpf looks at the path only then; loading an object
/// again takes no other file.
#[test]
fn the_path_outlives_the_loader() {
    let what = "the path that outlives a loader";
    if !can_load(what) {
        return;
    }
    let object = compile(&HALF_ABSENT.replace("QUESTION", ""));
    let loader = Loader::new(&object).unwrap();
    let path = loader.btf_path().unwrap().to_owned();
    let is_ours = |path: &Path| {
        let target = std::fs::read_link(path).unwrap_or_default();
        target.to_string_lossy().contains("ctxgen.btf")
    };
    assert!(is_ours(&path));
    drop(loader);
    assert!(is_ours(&path));
    assert_eq!(Loader::new(&object).unwrap().btf_path().unwrap(), path);
}
