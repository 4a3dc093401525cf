//! What is picked for a hook answers as the whole kernel does.

use std::path::Path;

use super::*;
use crate::Context;
use crate::Family;
use crate::Shape;
use crate::declaration::declared;
use crate::hook::Hook;
use crate::load::kept::Kept;
use crate::load::kept::Part;
use crate::prototype;

/// How many hooks of a family are taken of each kernel.
const HOOKS: usize = 60;

const KERNELS: [&str; 6] = [
    "5.10-x86_64",
    "6.1-x86_64",
    "6.12-aarch64",
    "6.12-s390x",
    "6.12-x86_64-clang",
    "7.2-x86_64",
];

/// A hook's context, in words.
fn says(kernel: &KernelBtf, hook: &Hook) -> String {
    let context = match Context::find_struct(kernel, hook) {
        Ok(context) => context,
        Err(error) => return error.to_string(),
    };
    let mut text = format!(
        "{} {:?} {:?}",
        context.struct_name, context.hooks, context.refused
    );
    if let Shape::Generated { layout, names_from } = &context.shape {
        text += &format!(" {names_from} {}", layout.size);
        for field in &layout.fields {
            let declared = declared(kernel.types(layout.types), field.type_id, &field.name);
            text += &format!("\n{declared} {} {}", field.offset, field.remark);
        }
    }
    text
}

/// What was looked up for a hook, as a kernel of its own.
fn picked(kernel: &KernelBtf, hook: &Hook) -> KernelBtf {
    let (_, touched) = kernel.touched_by(|| Context::find_struct(kernel, hook));
    let members = touched.members.iter().map(|(_, name)| name.clone());
    let mut kept = Kept::new(kernel.btf(), members.collect());
    for id in &touched.types {
        kept.reach(*id, Part::Whole);
    }
    for (union, _) in &touched.members {
        kept.reach(*union, Part::Members);
    }
    let mut writer = BtfWriter::new(kernel.byte_order());
    let first = writer.next_id();
    kept.copy(&mut writer, first);
    KernelBtf::from_bytes(&writer.finish(), kernel.origin().clone()).unwrap()
}

#[test]
fn a_part_answers_as_the_whole() {
    let mut hooks_seen = 0;
    for name in KERNELS {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
        let kernel = KernelBtf::from_path(fixtures.join(format!("{name}.btf"))).unwrap();
        let types = kernel.btf().type_count();
        for family in Family::all() {
            let hooks: Vec<Hook> = prototype::hooks(&kernel, family).collect();
            for hook in hooks.iter().step_by(hooks.len().div_ceil(HOOKS).max(1)) {
                let small = picked(&kernel, hook);
                assert_eq!(says(&small, hook), says(&kernel, hook), "{name} {hook}");
                assert!(small.btf().type_count() < types / 4, "{name} {hook}");
                hooks_seen += 1;
            }
        }
        for hook in [
            "fentry/no_such",
            "tp_btf/no_such",
            "lsm/no_such",
            "tp/no/such",
        ] {
            let hook = hook.parse().unwrap();
            assert_eq!(says(&picked(&kernel, &hook), &hook), says(&kernel, &hook));
        }
    }
    assert!(hooks_seen > 1000, "{hooks_seen}");
}
