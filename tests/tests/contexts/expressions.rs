//! `ctx_get` stands wherever the field itself could, with every clang and on either byte order.

use ctxgen::CtxBtf;
use ctxgen::merge::merge;
use ctxgen::render;
use ctxgen_tests::clangs;

use crate::hooks::context;
use crate::hooks::hook;
use crate::hooks::open_fixture;
use crate::tools::clang_at;
use crate::tools::run;
use crate::tools::write;

const SOURCE: &str = r#"
#include "vmlinux.h"
#include "ctx.h"

typedef struct btf_tp_sched_sched_switch_ctx ctx_t;

#define IS(expression, type) \
	_Static_assert(__builtin_types_compatible_p(__typeof__(expression), type), #expression)

long expressions(const ctx_t *ctx, int which);
long expressions(const ctx_t *ctx, int which)
{
	/* Of const contexts and volatile ones; the value can be changed. */
	const volatile ctx_t *other = ctx;
	__auto_type prio = ctx_get(ctx, prev_prio);
	const int pid = ctx_get(other, next_pid), pids[] = { ctx_get(ctx, prev_pid), pid };
	struct { long state; int prio; } both = { .state = ctx_get(ctx, prev_state), .prio = prio };
	unsigned char first = ctx_get(ctx, next_comm)[0];

	prio += 1;
	_Static_assert(sizeof(ctx_get(ctx, prev_comm)) == 16, "an array");
	_Static_assert(sizeof(ctx_get(ctx, prev_prio)) == 4, "an int");
	IS(ctx_get(ctx, prev_prio), int);
	IS(ctx_get(ctx, prev_state), long);
	IS(ctx_get(&*ctx, next_pid), int);
	IS(ctx_keep((unsigned char)1), unsigned char);
	IS(ctx_keep((_Bool)1), _Bool);
	IS(ctx_keep(ctx), const ctx_t *);
	if (ctx_get(ctx, prev_prio) < 0 && !ctx_get(ctx, prev_state))
		return -ctx_get(which ? ctx : other, prev_prio);
	for (int i = ctx_get(ctx, prev_prio); i < ctx_get(ctx, next_prio); i++)
		prio ^= i;
	switch (ctx_get(ctx, next_prio)) {
	case 100:
		return (ctx_get(ctx, prev_prio), ctx_get(ctx, next_prio));
	}
	return prio + pids[which & 1] + both.state + both.prio + first;
}
"#;

#[test]
fn wherever_the_field_could() {
    for name in ["6.12-s390x", "7.2-x86_64"] {
        let kernels = [open_fixture(name)];
        let kernel = &kernels[0];
        let vmlinux = render::vmlinux(kernel).unwrap();
        let switch = "tp/sched/sched_switch";
        let fixed = CtxBtf::new(kernel, vec![context(kernel, switch)]).unwrap();
        let merged = merge(&kernels, &hook(switch)).unwrap();
        let relocatable = CtxBtf::relocatable(&kernels, [merged]).unwrap();
        for ctx in [fixed, relocatable] {
            let folder = tempfile::tempdir().unwrap();
            let folder = folder.path();
            write(folder, "ctx.h", render::header(&ctx).unwrap());
            // No system header: there are no warnings in it either.
            write(folder, "vmlinux.h", &vmlinux);
            let source = write(folder, "expressions.c", SOURCE);
            for clang in clangs("ctx_get in expressions") {
                let mut command =
                    clang_at(&clang.path, kernel.byte_order(), &folder.join("system"));
                command.arg("-I").arg(folder).arg("-c").arg(&source);
                run(command.arg("-o").arg(folder.join("expressions.o")));
            }
        }
    }
}
