//! Programs for hooks that the kernel lacks, and the BTF that an object is relocated against.

use std::path::Path;

use ctxgen::KernelBtf;
use ctxgen::Loader;
use ctxgen::PrototypeError;
use ctxgen::RUNNING_BTF;
use ctxgen_tests::blob::Blob;
use libbpf_rs::ObjectBuilder;
use libbpf_rs::libbpf_sys as sys;

use crate::object::compile;
use crate::object::relocated;
use crate::running::can_load;

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
