//! The few types that are picked for an object do as well as a kernel's whole BTF.

use std::path::Path;

use ctxgen::ByteOrder;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::KernelBtf;
use ctxgen::Loader;
use ctxgen_tests::full;
use ctxgen_tests::is_root;
use ctxgen_tests::running;
use ctxgen_tests::skip;
use libbpf_rs::ObjectBuilder;

use crate::object::compile;
use crate::object::relocated;

/// Every kind of relocation, against types that all kernels have, some have, and none has.
const SOURCE: &str = r#"
struct thread_info { unsigned long flags; } RELOCATED;
struct mm_struct { unsigned long start_stack; struct { struct { int count; } mm_users; }; } RELOCATED;
struct list_head { struct list_head *next, *prev; } RELOCATED;
struct task_struct {
	int pid, tgid;
	char comm[16];
	struct thread_info thread_info;
	struct mm_struct *mm, *active_mm;
	unsigned in_execve : 1;
	unsigned sched_reset_on_fork : 1;
	unsigned int __state;
	struct task_struct *parent;
	struct list_head tasks;
	int no_such_field;
} RELOCATED;
struct task_struct___old { long state; } RELOCATED;
struct task_struct___none { char *pid; } RELOCATED;
struct dentry;
struct vfsmount;
struct path { struct vfsmount *mnt; struct dentry *dentry; } RELOCATED;
struct file { struct path f_path; unsigned int f_flags; } RELOCATED;
struct sk_buff { u32 len, data_len; u16 protocol; u8 pkt_type : 3; u32 mark; } RELOCATED;
struct qstr { union { struct { u32 hash; u32 len; }; u64 hash_len; }; const u8 *name; } RELOCATED;
struct cpumask { unsigned long bits[1]; } RELOCATED;
struct bpf_prog { u16 pages; u16 jited : 1; u32 len; } RELOCATED;
struct linux_binprm { const char *filename; char buf[256]; } RELOCATED;
struct nameidata___none { int x; } RELOCATED;
union thread_union { struct task_struct task; unsigned long stack[1]; } RELOCATED;
typedef struct { int counter; } RELOCATED atomic_t;
typedef struct no_such_struct { int x; } no_such_t;
typedef u64 (*bpf_callback_t)(u64, u64, u64, u64, u64);
typedef u32 nlink_t___mine;
typedef int (*initcall_t)(void);
struct module;
enum pid_type { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_NONE };
enum bpf_map_type___mine { BPF_MAP_TYPE_ARRAY = 77, BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_NONE };
struct btf_trace_sched_switch_ctx {
	_Bool preempt;
	struct task_struct *prev, *next;
	int no_such_argument;
} RELOCATED;
struct btf_trace_sched_process_exit_ctx { struct task_struct *p; } RELOCATED;

u64 out;
#define KEEP(value) (*(volatile u64 *)&out = (u64)(value))
#define OFFSET(type, field) KEEP(&((type *)from)->field)

SEC("raw_tp/sched_switch")
int fields(struct btf_trace_sched_switch_ctx *ctx)
{
	struct task_struct *prev = ctx->prev, *next = ctx->next;
	char *from = (char *)prev;

	KEEP(ctx->preempt);
	KEEP(prev->pid);
	KEEP(next->tgid);
	KEEP(next->comm[3]);
	KEEP(next->thread_info.flags);
	KEEP(next->__state);
	KEEP(next->parent->parent->pid);
	KEEP(next->tasks.next->prev);
	KEEP(next->mm->mm_users.count);
	KEEP(next->mm->start_stack);
	KEEP(next->no_such_field);
	KEEP(((struct task_struct___old *)prev)->state);
	KEEP(((struct task_struct___none *)prev)->pid);
	OFFSET(struct file, f_path.dentry);
	OFFSET(struct file, f_path);
	OFFSET(struct sk_buff, data_len);
	OFFSET(struct qstr, len);
	OFFSET(struct qstr, hash_len);
	OFFSET(struct cpumask, bits[0]);
	OFFSET(struct bpf_prog, len);
	OFFSET(struct linux_binprm, buf[255]);
	OFFSET(union thread_union, stack[0]);
	OFFSET(struct nameidata___none, x);
	OFFSET(atomic_t, counter);
	KEEP(field_exists(ctx->no_such_argument));
	KEEP(field_exists(ctx->preempt));
	return 0;
}

SEC("raw_tp/sched_process_exit")
int facts(struct btf_trace_sched_process_exit_ctx *ctx)
{
	struct task_struct *p = ctx->p;
	struct sk_buff *skb = (void *)p;

#define FACTS(field)                                                 \
	KEEP(field_exists(field)), KEEP(field_size(field)),          \
	KEEP(__builtin_preserve_field_info(field, 0))
#define SIGN(field) KEEP(__builtin_preserve_field_info(field, 3))
#define BITS(field)                                                  \
	KEEP(__builtin_preserve_field_info(field, 0)),               \
	KEEP(__builtin_preserve_field_info(field, 1)),               \
	KEEP(__builtin_preserve_field_info(field, 4)),               \
	KEEP(__builtin_preserve_field_info(field, 5))
	FACTS(p->pid);
	FACTS(p->comm);
	FACTS(p->thread_info);
	FACTS(p->active_mm);
	FACTS(skb->mark);
	FACTS(skb->protocol);
	SIGN(p->pid);
	SIGN(skb->protocol);
	BITS(p->in_execve);
	BITS(p->sched_reset_on_fork);
	BITS(skb->pkt_type);
	KEEP(field_exists(p->no_such_field));
	KEEP(field_exists(((struct task_struct___old *)p)->state));
	KEEP(type_exists(struct task_struct));
	KEEP(type_exists(struct task_struct___none));
	KEEP(type_exists(no_such_t));
	KEEP(type_exists(struct no_such_struct));
	KEEP(type_exists(bpf_callback_t));
	KEEP(type_exists(initcall_t));
	KEEP(type_exists(nlink_t___mine));
	KEEP(type_exists(enum pid_type));
	KEEP(type_exists(struct btf_trace_sched_switch_ctx));
	KEEP(type_exists(struct btf_trace_no_such_hook_ctx { int x; }));
	KEEP(type_size(struct task_struct));
	KEEP(type_size(struct list_head));
	KEEP(type_size(struct mm_struct));
	KEEP(type_size(atomic_t));
	KEEP(type_size(struct btf_trace_sched_switch_ctx));
	KEEP(type_id_local(struct task_struct));
	KEEP(value_exists(enum pid_type, PIDTYPE_TGID));
	KEEP(value_exists(enum pid_type, PIDTYPE_NONE));
	KEEP(value_exists(enum bpf_map_type___mine, BPF_MAP_TYPE_NONE));
	KEEP(value_of(enum bpf_map_type___mine, BPF_MAP_TYPE_ARRAY));
	KEEP(value_of(enum bpf_map_type___mine, BPF_MAP_TYPE_RINGBUF));
	KEEP(value_of(enum pid_type, PIDTYPE_TGID));
	MATCHES
	return 0;
}
"#;

/// Compilers before clang 16 have no relocations of this kind.
const MATCHES: &str = r#"
#define MATCHES                                          \
	KEEP(type_matches(struct list_head));            \
	KEEP(type_matches(struct path));                 \
	KEEP(type_matches(struct task_struct___none));   \
	KEEP(type_matches(struct task_struct));          \
	KEEP(type_matches(enum pid_type));               \
	KEEP(type_matches(struct btf_trace_sched_process_exit_ctx));
"#;

fn source() -> String {
    let clang = std::env::var_os("CLANG").unwrap_or_else(|| "clang".into());
    let version = std::process::Command::new(clang)
        .arg("-dumpversion")
        .output();
    let version = String::from_utf8(version.unwrap().stdout).unwrap();
    let major: u32 = version.split('.').next().unwrap().trim().parse().unwrap();
    let matches = if major >= 16 {
        MATCHES
    } else {
        "#define MATCHES\n"
    };
    format!("{matches}{SOURCE}")
}

/// What libbpf makes of the object with the picked types, and with all of the kernel's and the structs
/// as the kernel itself would have them.
fn compare(object: &[u8], path: &Path, scratch: &Path) {
    let kernel = KernelBtf::from_path(path).unwrap();
    if kernel.byte_order() != ByteOrder::HOST {
        return;
    }
    let loader = Loader::for_kernel(object, &kernel).unwrap();
    assert!(loader.absent().is_empty(), "{:?}", loader.absent());
    let small = loader.btf_path().unwrap().metadata().unwrap().len();
    assert!(small < 64 << 10, "{small} bytes");
    let mut picked = loader.open_object(&mut ObjectBuilder::default()).unwrap();
    let picked = relocated(&mut picked);

    let hooks = ["tp_btf/sched_switch", "tp_btf/sched_process_exit"];
    let contexts = hooks.map(|hook| Context::of_hook(&kernel, &hook.parse().unwrap()).unwrap());
    let ctx = CtxBtf::new(&kernel, contexts).unwrap();
    let whole = scratch.join("whole.btf");
    std::fs::write(&whole, joined(&kernel.btf().to_bytes(), ctx.bytes())).unwrap();
    let mut builder = ObjectBuilder::default();
    let builder = builder.btf_custom_path(&whole).unwrap();
    let mut object = builder.open_memory(object).unwrap();
    let whole = relocated(&mut object);
    assert!(
        whole
            .iter()
            .all(|(_, instructions)| instructions.len() > 50)
    );
    for ((name, picked), (_, whole)) in picked.iter().zip(&whole) {
        for (at, (picked, whole)) in picked.iter().zip(whole).enumerate() {
            assert_eq!(
                picked,
                whole,
                "{}: {name}: instruction {at}",
                path.display()
            );
        }
    }
    assert_eq!(picked, whole);
}

/// A BTF and one that continues it, both with headers of 24 bytes and in this machine's byte order.
fn joined(base: &[u8], split: &[u8]) -> Vec<u8> {
    let word =
        |blob: &[u8], at: usize| u32::from_ne_bytes(blob[at..at + 4].try_into().unwrap()) as usize;
    let sections = |blob: &[u8]| {
        assert_eq!(word(blob, 4), 24);
        let of = |at| {
            let start = 24 + word(blob, at);
            blob[start..start + word(blob, at + 4)].to_vec()
        };
        (of(8), of(16))
    };
    let (mut types, mut strings) = sections(base);
    let (more_types, more_strings) = sections(split);
    types.extend(more_types);
    strings.extend(more_strings);
    let mut blob = base[..8].to_vec();
    for word in [0, types.len(), types.len(), strings.len()] {
        blob.extend(u32::try_from(word).unwrap().to_ne_bytes());
    }
    blob.extend(types);
    blob.extend(strings);
    blob
}

#[test]
fn are_the_same_as_with_the_whole_btf() {
    let what = "relocations against picked types";
    if !is_root() {
        skip(what, "relocating a program for a kernel takes root");
        return;
    }
    let object = compile(&source());
    let scratch = tempfile::tempdir().unwrap();
    let kernels = full(what).into_iter().chain(running(what));
    for kernel in kernels {
        compare(&object, &kernel.btf, scratch.path());
    }
}
