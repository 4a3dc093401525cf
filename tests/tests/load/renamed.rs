//! Arguments that have other names on other kernels.

use std::collections::BTreeMap;

use ctxgen::ByteOrder;
use ctxgen::CtxBtf;
use ctxgen::Drift;
use ctxgen::Family;
use ctxgen::KernelBtf;
use ctxgen::Loader;
use ctxgen::Origin;
use ctxgen::btf::BtfWriter;
use ctxgen::btf::IntEncoding;
use ctxgen::check::Checked;
use ctxgen::check::check;
use ctxgen::merge::MergedField;
use ctxgen::merge::MergedShape;
use ctxgen::merge::merge;
use ctxgen::prototype;
use ctxgen::render;
use ctxgen_tests::full;
use libbpf_rs::ObjectBuilder;

use crate::headers::of_loader;
use crate::object::compile_with;
use crate::object::relocated;

/// A kernel with one function, `cap_capable`, whose parameters are written as in C: `int`, `unsigned` and
/// pointers to structs.
fn kernel(name: &str, params: &str, order: ByteOrder) -> KernelBtf {
    let mut writer = BtfWriter::new(order);
    let int = writer.int("int", 4, IntEncoding::Signed);
    let unsigned = writer.unsigned("unsigned int", 4);
    writer.unsigned("long unsigned int", 8);
    let params: Vec<_> = params
        .split(", ")
        .map(|param| {
            let (ty, name) = param.rsplit_once(' ').unwrap();
            let id = match ty.trim() {
                "int" => int,
                "unsigned" => unsigned,
                pointer => {
                    let structure =
                        writer.structure(pointer.trim_end_matches(" *"), 4, &[("x", int, 0)]);
                    writer.pointer(structure)
                }
            };
            (name, id)
        })
        .collect();
    let proto = writer.prototype(&params, int);
    writer.function("cap_capable", proto);
    KernelBtf::from_bytes(&writer.finish(), Origin::Memory(name.to_owned())).unwrap()
}

const OLD: &str = "cred * cred, ns * targ_ns, int cap, unsigned opts";
const NEW: &str = "cred * cred, ns * target_ns, int cap, unsigned opts";

/// The object of a program with the relocatable contexts of these kernels.
fn build(kernels: &[KernelBtf], body: &str) -> Vec<u8> {
    let merged = merge(kernels, &"fentry/cap_capable".parse().unwrap()).unwrap();
    let ctx = CtxBtf::relocatable(kernels, [merged]).unwrap();
    let headers = [
        ("vmlinux.h", render::vmlinux(&kernels[0]).unwrap()),
        ("ctx.h", render::header(&ctx).unwrap()),
    ];
    let target = match kernels[0].byte_order() {
        ByteOrder::Little => "bpfel",
        ByteOrder::Big => "bpfeb",
    };
    let source = format!(
        "#include \"vmlinux.h\"\n#include \"ctx.h\"\n\
         #define field_exists(field) __builtin_preserve_field_info(field, 2)\n\
         unsigned long out;\n\
         __attribute__((section(\"fentry/cap_capable\"), used))\n\
         int prog(struct btf_fentry_cap_capable_ctx *ctx)\n{{\n\t{body}\n\treturn 0;\n}}\n"
    );
    compile_with(target, &source, &headers)
}

/// Where the loader has the fields of the context, in bytes.
fn offsets(object: &[u8], kernel: &KernelBtf) -> BTreeMap<String, u32> {
    let loader = Loader::for_kernel(object, kernel).unwrap();
    of_loader(&loader)
        .remove("btf_fentry_cap_capable_ctx")
        .unwrap_or_default()
}

/// What the loader says of the arguments that the kernel has under other names.
fn said(object: &[u8], kernel: &KernelBtf) -> Vec<String> {
    let loader = Loader::for_kernel(object, kernel).unwrap();
    loader.renamed().iter().map(ToString::to_string).collect()
}

fn checked(object: &[u8], kernel: &KernelBtf) -> Checked {
    check(object, kernel).unwrap().remove(0)
}

const READS: &str = "out = (unsigned long)ctx->targ_ns + ctx_get(ctx, cap);";

/// Built for one name, loaded where there is the other: the same prototype, in either byte order.
#[test]
fn the_same_prototype() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let [old, new] = [("old", OLD), ("new", NEW)].map(|(name, of)| kernel(name, of, order));
        let object = build(&[old], READS);
        let found = offsets(&object, &new);
        assert_eq!(found.get("targ_ns"), Some(&8), "{found:?}");
        assert_eq!(found.get("cap"), Some(&16), "{found:?}");
        assert_eq!(
            said(&object, &new),
            [
                "targ_ns of struct btf_fentry_cap_capable_ctx is target_ns in new: the prototypes have the \
              same types in the same order"
            ]
        );
        let checked = checked(&object, &new);
        assert!(checked.is_fine(), "{checked}");
        assert_eq!(
            checked.to_string(),
            "prog, SEC(\"fentry/cap_capable\"): relocatable, with all that it reads\n    \
             renamed: targ_ns is target_ns in this kernel: the prototypes have the same types in the \
             same order"
        );
    }
}

/// The loads of the program, as libbpf relocates them.
#[test]
fn the_instructions_read_the_right_slots() {
    if !ctxgen_tests::is_root() {
        ctxgen_tests::skip("relocated loads of renamed arguments", "it takes root");
        return;
    }
    let order = ByteOrder::HOST;
    let [old, new] = [("old", OLD), ("new", NEW)].map(|(name, of)| kernel(name, of, order));
    let moved = kernel(
        "moved",
        "unsigned flags, cred * cred, ns * target_ns, int cap, unsigned opts",
        order,
    );
    // What stands between keeps compilers from making one load of both.
    let of_both = "if (field_exists(ctx->target_ns)) { \
                   out = (unsigned long)ctx->target_ns; asm volatile(\"\" ::: \"memory\"); \
                   } else out = (unsigned long)ctx->cred;";
    for (kernels, body, expected) in [
        (vec![old], READS, [8, 8, 16]),
        (
            vec![kernel("old", OLD, order), kernel("new", NEW, order)],
            of_both,
            [8, 8, 16],
        ),
    ] {
        let object = build(&kernels, body);
        for (target, at) in [
            (&kernels[0], expected[0]),
            (&new, expected[1]),
            (&moved, expected[2]),
        ] {
            let loader = Loader::for_kernel(&object, target).unwrap();
            let mut opened = loader.open_object(&mut ObjectBuilder::default()).unwrap();
            let programs = relocated(&mut opened);
            let loads: Vec<i16> = programs[0]
                .1
                .iter()
                .filter(|bytes| bytes[0] == 0x79)
                .map(|bytes| i16::from_ne_bytes([bytes[2], bytes[3]]))
                .collect();
            assert!(loads.contains(&at), "{body}: {loads:?}, {at}");
        }
    }
}

/// One field that both names reach, on both kernels.
#[test]
fn both_names_in_one_header() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let kernels = [("old", OLD), ("new", NEW)].map(|(name, of)| kernel(name, of, order));
        let merged = merge(&kernels, &"fentry/cap_capable".parse().unwrap()).unwrap();
        let ctx = CtxBtf::relocatable(&kernels, [merged]).unwrap();
        let header = render::header(&ctx).unwrap();
        assert!(
            header.contains(
                "\tunion { /* one argument: the prototypes have the same types in the same order */\n\
                 #endif\n\t\tstruct ns *targ_ns; /* called so on old */\n\
                 #ifndef __BINDGEN__\n\t\tstruct ns *target_ns; /* called so on new */\n\t};\n#endif\n"
            ),
            "{header}"
        );
        let body = "out = (unsigned long)ctx->targ_ns; \
                    if (field_exists(ctx->target_ns)) out += (unsigned long)ctx_get(ctx, target_ns);";
        let object = build(&kernels, body);
        let later = kernel(
            "later",
            "unsigned flags, cred * cred, ns * target_ns, int cap",
            order,
        );
        for (kernel, at) in [(&kernels[0], 8), (&kernels[1], 8), (&later, 16)] {
            let found = offsets(&object, kernel);
            for name in ["targ_ns", "target_ns"] {
                assert_eq!(found.get(name), Some(&at), "{name}: {found:?}");
            }
            let checked = checked(&object, kernel);
            assert!(checked.is_fine(), "{checked}");
        }
    }
}

/// Where more is different, only what leaves no second reading is found.
#[test]
fn where_more_has_changed() {
    let order = ByteOrder::HOST;
    let object = build(&[kernel("old", OLD, order)], READS);
    for (params, expected) in [
        (
            "unsigned flags, cred * cred, ns * target_ns, int cap",
            Some(16),
        ),
        ("cred * cred, ns * target_ns, ns * other, int cap", None),
        ("cred * cred, int cap, ns * target_ns", None),
        // What has the name is it, wherever.
        ("int cap, ns * other, ns * targ_ns", Some(16)),
    ] {
        let kernel = kernel("other", params, order);
        let found = offsets(&object, &kernel);
        assert_eq!(found.get("targ_ns").copied(), expected, "{params}");
        assert_eq!(
            checked(&object, &kernel).is_fine(),
            expected.is_some(),
            "{params}"
        );
    }
}

/// What no BTF has names for.
#[test]
fn arguments_without_names() {
    let order = ByteOrder::HOST;
    let unnamed = kernel(
        "unnamed",
        "cred * arg0, ns * arg1, int arg2, unsigned arg3",
        order,
    );
    let object = build(&[kernel("new", NEW, order)], "out = ctx_get(ctx, cap);");
    assert_eq!(offsets(&object, &unnamed).get("cap"), Some(&16));
    let object = build(
        &[unnamed, kernel("new", NEW, order)],
        "out = ctx->arg2 + ctx->cap;",
    );
    for params in [OLD, NEW] {
        let found = offsets(&object, &kernel("kernel", params, order));
        assert_eq!((found["arg2"], found["cap"]), (16, 16), "{found:?}");
    }
}

/// The function itself, from 6.1 to 7.2.
#[test]
fn of_real_kernels() {
    let kernels = full("renamed arguments of real kernels");
    let open = |name: &str| {
        let kernel = kernels
            .iter()
            .find(|kernel| kernel.name.starts_with(name))?;
        Some(KernelBtf::from_path(&kernel.btf).unwrap())
    };
    let (Some(old), Some(new)) = (open("6.1."), open("7.2.")) else {
        return;
    };
    let kernels = [old];
    let object = build(&kernels, READS);
    assert_eq!(offsets(&object, &new).get("targ_ns"), Some(&8));
    assert!(checked(&object, &new).is_fine());
    let [old] = kernels;
    let hook = "fentry/cap_capable".parse().unwrap();
    let drift = Drift::of(&[old, new], &hook).unwrap().unwrap();
    assert!(drift.is_in_names(), "{drift}");
    let line = "renamed: targ_ns to target_ns, in slot 1: the prototypes have the same types in the same \
                order";
    assert!(drift.to_string().contains(line), "{drift}");
}

/// Tracepoints of which the oldest kernel has no names: where a later one has the same prototype, its names
/// and the numbers are of one field.
#[test]
fn tracepoints_without_names() {
    let kernels = full("tracepoints without names");
    let open = |name: &str| {
        let kernel = kernels
            .iter()
            .find(|kernel| kernel.name.starts_with(name))?;
        Some(KernelBtf::from_path(&kernel.btf).unwrap())
    };
    let (Some(old), Some(new)) = (open("5.10."), open("6.1.")) else {
        return;
    };
    let kernels = [old, new];
    let family = Family::by_name("tp_btf").unwrap();
    let mut same = 0;
    for hook in prototype::hooks(&kernels[0], family) {
        let Ok(MergedShape::Generated { fields, .. }) =
            merge(&kernels, &hook).map(|merged| merged.shape)
        else {
            continue;
        };
        let has_number =
            |field: &&MergedField| field.others.iter().any(|other| other.name == "arg0");
        if let Some(first) = fields.iter().find(has_number) {
            assert!(first.lacking.is_empty(), "{hook}: {first:?}");
            same += 1;
        }
    }
    assert!(same > 5, "{same}");
}
