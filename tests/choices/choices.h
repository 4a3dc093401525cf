/* SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only */
/*
 * Fields of a context as alternatives: what clang makes one load of, from a computed address, if it is
 * not kept from it. With PLAIN, fixed contexts are read as any other struct is.
 */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* What the program has to do is known when it is loaded, and not when it is compiled. */
const volatile int which = 0;
u64 seen;

#ifdef PLAIN
#define GET(ctx, field) ((ctx)->field)
#else
#define GET(ctx, field) ctx_get(ctx, field)
#endif

/* The kernel's own contexts that all kernels have the same are never relocated. */
#ifdef PLAIN_OWN
#define OWN(ctx, field) ((ctx)->field)
#else
#define OWN(ctx, field) ctx_get(ctx, field)
#endif

#define TERNARY(get, ctx, a, b) (which ? (u64)get(ctx, a) : (u64)get(ctx, b))

#define IF_ELSE(get, ctx, a, b) ({                                                     \
	u64 __chosen;                                                                  \
	if (which == 1)                                                                \
		__chosen = (u64)get(ctx, a);                                           \
	else                                                                           \
		__chosen = (u64)get(ctx, b);                                           \
	__chosen;                                                                      \
})

#define SWITCH(get, ctx, a, b, c) ({                                                   \
	u64 __chosen = 0;                                                              \
	switch (which) {                                                               \
	case 0: __chosen = (u64)get(ctx, a); break;                                    \
	case 1: __chosen = (u64)get(ctx, b); break;                                    \
	case 2: __chosen = (u64)get(ctx, c); break;                                    \
	}                                                                              \
	__chosen;                                                                      \
})

#define LOOP(get, ctx, a, b) ({                                                        \
	u64 __sum = 0;                                                                 \
	for (int __i = 0; __i < 8; __i++)                                              \
		__sum += which & 1 << __i ? (u64)get(ctx, a) : (u64)get(ctx, b);       \
	__sum;                                                                         \
})

#define NESTED(get, ctx, a, b, c)                                                      \
	(which > 3 ? (which & 1 ? (u64)get(ctx, a) : (u64)get(ctx, b)) :               \
	 which < 0 ? (u64)get(ctx, c) : (u64)get(ctx, a))

/* A choice, and then one of the fields once more: of it, the compiler has the offset already. */
#define AGAIN(get, ctx, a, b) ({                                                       \
	u64 __first = bpf_ktime_get_ns() & 1 ? (u64)get(ctx, a) : (u64)get(ctx, b);    \
	__first + (u64)get(ctx, a);                                                    \
})

#define ALL(get, ctx, a, b, c)                                                         \
	(TERNARY(get, ctx, a, b) + IF_ELSE(get, ctx, b, c) + SWITCH(get, ctx, a, b, c) + \
	 LOOP(get, ctx, c, a) + NESTED(get, ctx, a, b, c))
