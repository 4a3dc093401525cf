//! Hooks in modules: a pinned BTF has what is needed of them, and their files may be gone.

use std::path::Path;

use ctxgen_build::Builder;
use ctxgen_tests::full;
use ctxgen_tests::skip;
use ctxgen_tests::workspace;

use crate::project::assert_same;
use crate::project::files;

const SOURCE: &str = "\
#include \"vmlinux.h\"
#include \"ctx.h\"
#include <bpf/bpf_helpers.h>

SEC(\"fentry/nf_conntrack:nf_conntrack_in\")
int in(struct btf_fentry_nf_conntrack_in_ctx *ctx)
{
	return ctx->skb->len;
}
";

#[test]
fn pinned_modules() {
    let what = "pinned hooks of modules";
    let folder = workspace().join("../shared/kernels/modules");
    let mut tested = 0;
    for kernel in full(what) {
        let module = folder.join(&kernel.name).join("nf_conntrack.ko.xz");
        if !module.is_file() {
            continue;
        }
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("prog.bpf.c");
        std::fs::write(&source, SOURCE).unwrap();
        let arch = if kernel.name.contains("s390x") {
            "s390x"
        } else {
            "aarch64"
        };
        let builder = |btf: &Path, module: &Path| {
            Builder::new()
                .source(&source)
                .hook("fentry/nf_conntrack:nf_conntrack_in")
                .btf(btf)
                .module("nf_conntrack", module)
                .target(format!("{arch}-unknown-linux-gnu"))
        };
        let pinned = dir.path().join("pinned.btf");
        builder(&kernel.btf, &module).pin(&pinned).unwrap();
        let built = |builder: Builder| {
            let out = tempfile::tempdir().unwrap();
            builder.out_dir(out.path()).generate().unwrap();
            let mut files = files(out.path());
            files.remove(Path::new("ctx.btf"));
            files
        };
        let full = built(builder(&kernel.btf, &module));
        let nowhere = Path::new("/nowhere/nf_conntrack.ko");
        assert_same(&built(builder(&pinned, nowhere)), &full, &kernel.name);
        tested += 1;
    }
    if tested == 0 {
        skip(what, "there are no modules (../shared/kernels/modules)");
    }
}
