//! The few types that are picked for an object do as well as a kernel's whole BTF.

use std::path::Path;

use ctxgen::ByteOrder;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::KernelBtf;
use ctxgen::Loader;
use ctxgen_tests::blob::Blob;
use ctxgen_tests::full;
use ctxgen_tests::is_root;
use ctxgen_tests::running;
use ctxgen_tests::skip;
use libbpf_rs::ObjectBuilder;
use object::Object;
use object::ObjectSection;

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
	return 0;
}
"#;

/// Whether types match. Compilers before clang 16 cannot ask that, so these ask whether types exist
/// until [`matching`] has seen to them.
const MATCHES: &str = r#"
struct user_namespace;
struct qstr___same { union { struct { u32 hash; u32 len; }; u64 hash_len; };
		     const unsigned char *name; };
struct list_head___wrong { struct list_head *next; int prev; };
struct kref { struct { struct { int counter; } refs; } refcount; };
struct btf_trace_sched_process_fork_ctx { struct task_struct *parent, *child; } RELOCATED;
struct btf_trace_sched_process_fork_ctx___more { struct task_struct *parent; int x; } RELOCATED;

SEC("raw_tp/sched_process_fork")
int matches(struct btf_trace_sched_process_fork_ctx *ctx)
{
	KEEP(type_exists(struct list_head));
	KEEP(type_exists(struct list_head___wrong));
	KEEP(type_exists(struct path));
	KEEP(type_exists(struct qstr___same));
	KEEP(type_exists(struct kref));
	KEEP(type_exists(struct task_struct));
	KEEP(type_exists(union thread_union));
	KEEP(type_exists(struct btf_trace_sched_process_fork_ctx));
	KEEP(type_exists(struct btf_trace_sched_process_fork_ctx___more));
	KEEP(type_exists(enum pid_type));
	KEEP(type_exists(bpf_callback_t));
	KEEP(type_exists(initcall_t));
	return 0;
}
"#;
const MATCHES_SECTION: &str = "raw_tp/sched_process_fork";
/// `BPF_CORE_TYPE_EXISTS` and `BPF_CORE_TYPE_MATCHES`.
const EXISTS_TO_MATCHES: (u32, u32) = (8, 12);

/// The object with that section's questions changed.
fn matching(mut bytes: Vec<u8>) -> Vec<u8> {
    let file = object::File::parse(&*bytes).unwrap();
    let range = |name| {
        let section = file.section_by_name(name).unwrap();
        let (start, len) = section.file_range().unwrap();
        start as usize..(start + len) as usize
    };
    let strings = Blob::parse(&bytes[range(".BTF")]);
    let ext = range(".BTF.ext").start;
    let word = |bytes: &[u8], at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
    let offset = |at| word(&bytes, ext + at) as usize;
    let start = ext + offset(4) + offset(24);
    let (mut at, end) = (start + 4, start + offset(28));
    let mut changed = 0;
    while at < end {
        let (section, count) = (word(&bytes, at), word(&bytes, at + 4));
        at += 8;
        for _ in 0..count {
            let kind = at + 12;
            let is_one = word(&bytes, kind) == EXISTS_TO_MATCHES.0;
            if is_one && strings.str(section) == MATCHES_SECTION {
                bytes[kind..kind + 4].copy_from_slice(&EXISTS_TO_MATCHES.1.to_ne_bytes());
                changed += 1;
            }
            at += 16;
        }
    }
    assert_eq!(changed, MATCHES.matches("type_exists").count());
    bytes
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

    let hooks = ["sched_switch", "sched_process_exit", "sched_process_fork"];
    let hooks = hooks.map(|tp| format!("tp_btf/{tp}"));
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
            .all(|(_, instructions)| instructions.len() > 24)
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

/// A BTF and one that continues it.
fn joined(base: &[u8], split: &[u8]) -> Vec<u8> {
    let (mut whole, split) = (Blob::parse(base), Blob::parse(split));
    whole.types.extend(split.types);
    whole.strings.extend(split.strings);
    whole.to_bytes()
}

#[test]
fn are_the_same_as_with_the_whole_btf() {
    let what = "relocations against picked types";
    if !is_root() {
        skip(what, "relocating a program for a kernel takes root");
        return;
    }
    let object = matching(compile(&format!("{SOURCE}{MATCHES}")));
    let scratch = tempfile::tempdir().unwrap();
    let kernels = full(what).into_iter().chain(running(what));
    for kernel in kernels {
        compare(&object, &kernel.btf, scratch.path());
    }
}
