// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A kernel in small. Compiled for BPF it has what a kernel's BTF has for each
 * family of hooks, in either byte order, and makes a vmlinux.h of two pages.
 */

typedef _Bool bool;
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed int __s32;
typedef signed long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef __u8 u8;
typedef __u32 u32;
typedef __u64 u64;

struct task_struct {
	int pid;
	int tgid;
	char comm[16];
};

struct dentry {
	unsigned int d_flags;
};

struct inode {
	unsigned int i_flags;
};

struct file {
	struct inode *f_inode;
	unsigned int f_flags;
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_flags;
};

/* What tells the architecture. */
struct pt_regs {
#if defined(ANY_ARCH)
	unsigned long nothing[34];
#elif defined(ARCH_REGISTER)
	unsigned long ARCH_REGISTER;
#elif defined(__BIG_ENDIAN__)
	unsigned long psw;
	unsigned long gprs[16];
	unsigned long orig_gpr2;
#else
	unsigned long r8, r9, r10, ax, cx, dx, si, di;
	unsigned long orig_ax;
#endif
};

typedef struct pt_regs bpf_user_pt_regs_t;

#ifdef ARM64
struct user_pt_regs {
	__u64 regs[31];
	__u64 sp;
	__u64 pc;
	__u64 pstate;
};

void show_regs(struct user_pt_regs *regs)
{
}
#endif

struct seq_file {
	unsigned long count;
};

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

/* The contexts of programs that are attached to other things than ctxgen's hooks. */
struct xdp_md {
	__u32 data;
	__u32 data_end;
};

struct __sk_buff {
	__u32 len;
	__u32 mark;
};

struct bpf_sock_addr {
	__u32 user_family;
	__u32 user_ip4;
};

struct bpf_raw_tracepoint_args {
	__u64 args[1];
};

/* What tells verifiers apart. */
#ifdef REFUSES_MODIFIED
struct bpf_reg_state {
	int type;
	int off;
};

int check_ptr_off_reg(struct bpf_reg_state *reg)
{
	return reg->off;
}
#endif
#ifdef TAKES_MODIFIED
struct bpf_reg_state {
	int type;
	int delta;
};

int check_ptr_off_reg(struct bpf_reg_state *reg)
{
	return reg->delta;
}
#endif

/* The marks of arguments that it knows, as Linux 6.12. */
#ifdef MARKS
enum btf_arg_tag {
	ARG_TAG_CTX = 1,
	ARG_TAG_NONNULL = 2,
	ARG_TAG_TRUSTED = 4,
};

int btf_prepare_func_args(enum btf_arg_tag tags)
{
	return tags;
}
#endif

/* Tracepoints. */
#ifdef LATER
typedef void (*btf_trace_sched_switch)(void *, bool, struct task_struct *, struct task_struct *,
				       unsigned int);
#else
typedef void (*btf_trace_sched_switch)(void *, bool, struct task_struct *, struct task_struct *);
#endif
typedef void (*btf_trace_sched_wakeup)(void *, struct task_struct *);
typedef void (*btf_trace_own_event)(void *, struct task_struct *);
typedef void (*btf_trace_sched_process_fork)(void *, struct task_struct *, struct task_struct *);

#ifdef LATER
void __traceiter_sched_switch(void *__data, bool preempt, struct task_struct *prev,
			      struct task_struct *next, unsigned int prev_state)
#else
void __traceiter_sched_switch(void *__data, bool preempt, struct task_struct *prev,
			      struct task_struct *next)
#endif
{
}

#ifdef CLASSES
/* Two classes of events with one prototype: BTF does not tell of which the event is. */
struct trace_entry { unsigned short type; unsigned char flags, count; int pid; };
struct trace_event_raw_first { struct trace_entry ent; int both; int first; char __data[]; };
struct trace_event_raw_second { struct trace_entry ent; int both; short other, second; char __data[]; };
struct trace_event_raw_third { struct trace_entry ent; int third; char __data[]; };

void trace_event_raw_event_first(void *__data, struct task_struct *p)
{
}

void trace_event_raw_event_second(void *__data, struct task_struct *p)
{
}

void mentions_records(struct trace_event_raw_first *a, struct trace_event_raw_second *b,
		      struct trace_event_raw_third *c)
{
}
#endif

void __traceiter_own_event(void *__data, struct task_struct *p)
{
}

void __traceiter_sched_wakeup(void *__data, struct task_struct *p)
{
}

#ifdef FORK_BY_CHILD
void __traceiter_sched_process_fork(void *__data, struct task_struct *child,
				    struct task_struct *parent)
#else
void __traceiter_sched_process_fork(void *__data, struct task_struct *parent,
				    struct task_struct *child)
#endif
{
}

/* Of this one the typedef is missing, as kernels built with older clang have it. */
void __traceiter_without_typedef(void *__data, struct task_struct *p)
{
}

/* Functions. */
#ifdef LATER
/* As a later kernel has them: one with more arguments, one gone, one with another type. */
struct mnt_idmap {
	int count;
};

int vfs_unlink(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry)
{
	return 0;
}

void put_task(struct file *t)
{
}
#else
int vfs_unlink(struct inode *dir, struct dentry *dentry)
{
	return 0;
}

int vfs_rmdir(struct inode *dir, struct dentry *dentry)
{
	return 0;
}

void put_task(struct task_struct *t)
{
}
#endif

extern int log_line(const char *format, ...);

int log_nothing(const char *format)
{
	return log_line(format);
}

/* LSM hooks. */
union security_list_options {
	int (*file_open)(struct file *);
	int (*file_mprotect)(struct vm_area_struct *, unsigned long, unsigned long);
	void (*task_free)(struct task_struct *);
};

int bpf_lsm_file_open(struct file *file)
{
	return 0;
}

int bpf_lsm_file_mprotect(struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot)
{
	return 0;
}

void bpf_lsm_task_free(struct task_struct *task)
{
}

/* Iterators. */
int bpf_iter_task(struct bpf_iter_meta *meta, struct task_struct *task)
{
	return 0;
}

/* struct_ops. */
struct bpf_struct_ops_common_value {
	int refcnt;
	int state;
};

struct chess_ops {
	int (*open)(struct task_struct *, u32);
	void (*close)(struct task_struct *);
	struct task_struct *(*next)(struct task_struct *);
	u32 flags;
};

struct bpf_struct_ops_chess_ops {
	struct bpf_struct_ops_common_value common;
	struct chess_ops data;
};

int chess_ops__open(struct task_struct *player__nullable, u32 rated)
{
	return 0;
}

void bpf_chess_close(struct task_struct *player)
{
}

#if defined(MODULES) || defined(WITHOUT_MODULES)
void start_kernel(void)
{
}
#endif

#ifdef RECORDS
struct trace_entry {
	unsigned short type;
	unsigned char flags;
	unsigned char preempt_count;
	int pid;
};

struct trace_event_raw_sched_switch {
	struct trace_entry ent;
	int prev_pid;
	int next_pid;
	char __data[0];
};

void mentions_records(struct trace_event_raw_sched_switch *record)
{
}
#endif

#ifdef MODULES
struct module {
	int state;
};

void mentions_modules(struct module *module)
{
}
#endif

/* BTF has what functions mention, and no more. */
void mentions_struct_ops(struct bpf_struct_ops_chess_ops *a)
{
}

void mentions_own(btf_trace_own_event a)
{
}

void mentions(btf_trace_sched_switch a, btf_trace_sched_wakeup b, btf_trace_sched_process_fork c,
	      union security_list_options *d, struct bpf_iter__task *e)
{
}

void mentions_contexts(bpf_user_pt_regs_t *a, struct xdp_md *b, struct bpf_raw_tracepoint_args *c,
		       struct __sk_buff *d, struct bpf_sock_addr *e)
{
}

void mentions_integers(__u8 *a, __be16 *b, __be32 *c, __wsum *d, __s64 *e)
{
}

void mentions_short_names(u8 *a, u32 *b, u64 *c, __s32 *d)
{
}
