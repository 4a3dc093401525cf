//! Fields of the contexts of several kernels.

use std::path::Path;

use super::*;
use crate::Family;
use crate::Hook;
use crate::btf::compat::Agreement;
use crate::btf::compat::agreement;
use crate::context::Shape;
use crate::context::merged::merge;
use crate::prototype;
use crate::text::ident::argument_name;

fn fixture(name: &str) -> KernelBtf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
    KernelBtf::from_path(fixtures.join(format!("{name}.btf"))).unwrap()
}

/// What is not marked as lacking on a kernel can be read there with the type that the field has,
/// whichever kernel's types are the ones below.
#[test]
fn every_field_is_one_of_each_kernel_that_has_it() {
    let mut kernels = ["5.10-x86_64", "6.1-x86_64", "7.2-x86_64"].map(fixture);
    for _ in 0..kernels.len() {
        kernels.rotate_left(1);
        let hooks = kernels.iter().flat_map(|kernel| {
            let families = Family::all().filter(|family| family.name() != "iter");
            families.flat_map(|family| prototype::hooks(kernel, family))
        });
        let hooks: std::collections::BTreeSet<Hook> = hooks.collect();
        let merged = hooks.iter().filter_map(|hook| merge(&kernels, hook).ok());
        let ctx = CtxBtf::relocatable(&kernels, merged).unwrap();
        let mut fields = 0;
        for ctx_struct in ctx.structs() {
            let Shape::Generated { layout, .. } = &ctx_struct.context.shape else {
                continue;
            };
            let hook = &ctx_struct.context.hooks[0];
            let all = &layout.fields;
            for (field, lacking) in layout.fields.iter().zip(&ctx_struct.lacking.fields) {
                for (number, kernel) in kernels.iter().enumerate() {
                    if ctx_struct.lacking.hook.contains(&number) || lacking.contains(&number) {
                        continue;
                    }
                    let what = format!("{hook}, {}, kernel {number}", field.name);
                    let there = Context::find_struct(kernel, hook).expect(&what);
                    let Shape::Generated { layout, .. } = there.shape else {
                        panic!("{what}");
                    };
                    let named = |name: &str| layout.fields.iter().find(|f| f.name == name);
                    let argument = all
                        .iter()
                        .filter(|other| other.offset == field.offset)
                        .find_map(|name| {
                            named(&name.name).or_else(|| named(argument_name(&name.name)))
                        })
                        .expect(&what);
                    let sides = ((ctx.btf(), field.type_id), (kernel.btf(), argument.type_id));
                    assert_ne!(agreement(sides.0, sides.1), Agreement::No, "{what}");
                    fields += 1;
                }
            }
        }
        assert!(fields > 1000, "{fields}");
    }
}
