/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * More of a kernel in small: what sources and their headers define too. kernel.c is compiled behind it.
 */

typedef _Bool bool;
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned short wchar_t;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef long long int64_t;
typedef unsigned long long uint64_t;

enum truth { false = 0, true = 1 };

typedef struct {
	int counter;
} atomic_t;

typedef __u64 stack_trace_t[64];
typedef int (*filter_t)(u32 u32, atomic_t *refs);

struct list_head {
	struct list_head *next, *prev;
};

struct tcphdr {
	unsigned short source, dest;
	unsigned int seq, ack_seq;
	unsigned short flags, window, check, urg_ptr;
};

union key {
	u8 bytes[16];
	u32 words[4];
};

enum tcp_state { TCP_ESTABLISHED = 1, TCP_SYN_SENT = 2, TCP_LISTEN = 10 };
enum pid_type { PIDTYPE_PID, PIDTYPE_TGID };

struct sock {
	struct list_head node;
	atomic_t refs;
	enum tcp_state state;
	union key key;
	u8 u8;
	u32 u32;
	wchar_t letter;
	int64_t when;
	bool is_open;
	enum { PF_EXITING = 4, PF_KTHREAD = 8 } flags;
	int pid;
	int mark : 3;
	filter_t filter;
	struct sock *parent;
	struct list_head *waiting;
	struct tcphdr header;
	stack_trace_t *trace;
};

int sock_open(struct sock *sk, enum tcp_state state, u32 mask, atomic_t *refs, struct list_head *list)
{
	return sk->pid + PF_KTHREAD + true;
}

/* One that BPF programs may call, of the time when BTF did not tell. */
struct sock *bpf_sock_parent(struct sock *sk, u32 depth)
{
	return sk;
}

int bpf_lsm_sock_key(union key key, enum pid_type type)
{
	return 0;
}

void mentions_values(enum pid_type *a, uint64_t *b, enum truth *c)
{
}
