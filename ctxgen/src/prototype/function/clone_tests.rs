//! Functions that the compiler has made of others.

use crate::Context;
use crate::btf::BtfWriter;
use crate::btf::ByteOrder;
use crate::context::ctx_btf::CtxBtf;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::kernel::Origin;
use crate::prototype::hooks;
use crate::render;

/// `foo` is there only as a compiler's clone, as pahole's `true_signature` has it; `bar` is there, and
/// its clone is not.
fn kernel(order: ByteOrder) -> KernelBtf {
    let mut writer = BtfWriter::new(order);
    let int = writer.unsigned("unsigned int", 4);
    let clone = writer.prototype(&[("sk__state", int), ("flags", int)], int);
    writer.function("foo.isra.0", clone);
    writer.function("foo.isra.0.cold", clone);
    let bar = writer.prototype(&[("x", int)], int);
    writer.function("bar", bar);
    let origin = Origin::Memory("test".to_owned());
    KernelBtf::from_bytes(&writer.finish(), origin).unwrap()
}

fn context(kernel: &KernelBtf, hook: &str) -> Result<Context, crate::PrototypeError> {
    Context::of_hook(kernel, &hook.parse::<Hook>().unwrap())
}

#[test]
fn a_clone_has_a_context_of_its_own() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let kernel = kernel(order);
        for hook in ["fentry/foo.isra.0", "btf_fentry_1foo_0isra_00_ctx"] {
            let context = context(&kernel, hook).unwrap();
            assert_eq!(context.struct_name, "btf_fentry_1foo_0isra_00_ctx");
            let ctx = CtxBtf::new(&kernel, [context]).unwrap();
            let header = render::header(&ctx).unwrap();
            assert!(header.contains("fentry/foo.isra.0"), "{header}");
            assert!(header.contains("arguments may be missing"), "{header}");
            assert!(header.contains("sk__state"), "{header}");
        }
        let family = "fentry/x".parse::<Hook>().unwrap().family();
        let all: Vec<String> = hooks(&kernel, family)
            .map(|hook| hook.to_string())
            .collect();
        assert_eq!(
            all,
            ["fentry/bar", "fentry/foo.isra.0", "fentry/foo.isra.0.cold"]
        );
    }
}

#[test]
fn what_is_there_only_as_a_clone() {
    let kernel = kernel(ByteOrder::HOST);
    let error = context(&kernel, "fentry/foo").unwrap_err().to_string();
    assert!(
        error.contains("has made other functions of it") && error.contains("fentry/foo.isra.0"),
        "{error}"
    );
    let error = context(&kernel, "fexit/bar.constprop.0").unwrap_err();
    let error = error.to_string();
    assert!(error.contains("Similar names: fexit/bar"), "{error}");
}
