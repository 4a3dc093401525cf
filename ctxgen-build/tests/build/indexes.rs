//! Contexts that a program declares as `void *` or as slots, and reads at an index that only it knows.

use ctxgen_build::Error;

use crate::support::Order;
use crate::support::Project;
use crate::support::kernel_with;

#[test]
fn are_no_constants() {
    let strict = kernel_with("strict", Order::Little, &["-DREFUSES_MODIFIED"]);
    for (section, argument) in [
        ("tp_btf/sched_switch", "void *ctx"),
        ("tp_btf/sched_switch", "u64 *ctx"),
        ("raw_tp/sched_switch", "void *ctx"),
        ("raw_tp/sched_switch", "unsigned long long *ctx"),
        ("kprobe/vfs_unlink", "void *ctx"),
    ] {
        for index in ["which & 1", "which", "bpf_get_prandom_u32() & 3"] {
            let project = Project::with(&format!(
                "u32 which;\nSEC(\"{section}\")\nint prog({argument})\n{{\n\tu64 *c = (void *)ctx;\n\n\
                 \treturn c[{index}] == 3;\n}}\n"
            ));
            let built = project.prog().btf(&strict).generate();
            let Err(Error::Refused(found)) = built else {
                panic!("{section} {argument} [{index}]: {built:?}");
            };
            let said = found[0].to_string();
            for part in ["through a computed address", "return c["] {
                assert!(said.contains(part), "{said}");
            }
        }
    }
}
