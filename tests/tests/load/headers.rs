//! Generated headers with relocatable contexts, and the loader: what the one declares, the other finds.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use ctxgen::ByteOrder;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Family;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::Loader;
use ctxgen::Shape;
use ctxgen::btf::Btf;
use ctxgen::btf::Kind;
use ctxgen::check::Verdict;
use ctxgen::check::check;
use ctxgen::merge::merge;
use ctxgen::prototype;
use ctxgen::render;
use ctxgen_tests::fixtures;

use crate::object::compile_for;
use crate::object::compile_with;

/// The offsets of all fields of each struct, by name.
pub(crate) type Structs = BTreeMap<String, BTreeMap<String, u32>>;

/// What a kernel has.
fn of_kernel(kernel: &KernelBtf) -> (Vec<Hook>, Structs) {
    let mut hooks = Vec::new();
    let mut structs = Structs::new();
    let families = Family::all().filter(|family| family.name() != "iter");
    for hook in families.flat_map(|family| prototype::hooks(kernel, family)) {
        let Ok(Context {
            struct_name,
            shape: Shape::Generated { layout, .. },
            ..
        }) = Context::of_hook_alone(kernel, &hook)
        else {
            continue;
        };
        let fields = layout
            .fields
            .into_iter()
            .map(|field| (field.name, field.offset));
        let fields: BTreeMap<String, u32> = fields.collect();
        if !fields.is_empty() && structs.insert(struct_name, fields).is_none() {
            hooks.push(hook);
        }
    }
    (hooks, structs)
}

/// What libbpf gets.
pub(crate) fn of_loader(loader: &Loader<'_>) -> Structs {
    let bytes = fs::read(loader.btf_path().unwrap()).unwrap();
    let btf = Btf::parse(&bytes).unwrap();
    let structs = btf.types().filter_map(|ty| match ty.kind() {
        Kind::Struct(composite) if ty.name().ends_with("_ctx") => {
            let hook = Hook::from_struct_name(ty.name())?;
            let fields = composite.members();
            let fields = fields.map(|field| (field.name.to_owned(), field.bit_offset / 8));
            Some((hook.struct_name(), fields.collect()))
        }
        _ => None,
    });
    structs.collect()
}

/// A program that asks for every field.
fn source(structs: &Structs) -> String {
    let mut source = "#include \"vmlinux.h\"\n#include \"ctx.h\"\n\
         int prog(void *ctx, volatile int *out);\n\
         __attribute__((section(\"raw_tp/x\"), used)) int prog(void *ctx, volatile int *out)\n{\n"
        .to_owned();
    for (name, fields) in structs {
        for field in fields.keys() {
            let access = format!("((struct {name} *)ctx)->{field}");
            let _ = writeln!(
                source,
                "\t*out = __builtin_preserve_field_info({access}, 2);"
            );
        }
    }
    source.push_str("\treturn 0;\n}\n");
    source
}

#[test]
fn every_field_is_found_where_it_is() {
    for fixture in fixtures() {
        let kernels = [KernelBtf::from_path(&fixture.btf).unwrap()];
        let [kernel] = &kernels;
        let (hooks, structs) = of_kernel(kernel);
        let merged = hooks.iter().map(|hook| merge(&kernels, hook).unwrap());
        let ctx = CtxBtf::relocatable(&kernels, merged).unwrap();
        let headers = [
            ("vmlinux.h", render::vmlinux(kernel).unwrap()),
            ("ctx.h", render::header(&ctx).unwrap()),
        ];
        let target = match kernel.byte_order() {
            ByteOrder::Little => "bpfel",
            ByteOrder::Big => "bpfeb",
        };
        let object = compile_with(target, &source(&structs), &headers);
        let loader = Loader::for_kernel(&object, kernel).unwrap();
        let found = of_loader(&loader);
        let lacking: Vec<_> = structs
            .keys()
            .filter(|name| !found.contains_key(*name))
            .collect();
        assert!(lacking.is_empty(), "{}: {lacking:?}", fixture.name);
        assert_eq!(found.len(), structs.len(), "{}", fixture.name);
        for (name, fields) in &structs {
            assert_eq!(&found[name], fields, "{}: {name}", fixture.name);
        }
        println!("{}: {} structs", fixture.name, structs.len());
    }
}

/// On big-endian kernels a narrow argument is at the end of its slot, where no load is allowed: a field
/// of its own type, as one may write it by hand, is not there.
#[test]
fn narrow_fields_of_big_endian_kernels() {
    let source = "
struct btf_trace_block_rq_complete_ctx___by_hand { u8 error; unsigned long rq; } RELOCATED;
SEC(\"tp_btf/block_rq_complete\")
int prog(struct btf_trace_block_rq_complete_ctx___by_hand *ctx)
{
	return field_exists(ctx->error) + 2 * field_exists(ctx->rq);
}
";
    for (name, target, offsets) in [
        ("6.12-s390x", "bpfeb", &[][..]),
        ("7.2-x86_64", "bpfel", &[("error", 8)][..]),
    ] {
        let fixture = fixtures().into_iter().find(|kernel| kernel.name == name);
        let kernel = KernelBtf::from_path(fixture.unwrap().btf).unwrap();
        let object = compile_for(target, source);
        let loader = Loader::for_kernel(&object, &kernel).unwrap();
        let structs = of_loader(&loader);
        let fields = &structs["btf_trace_block_rq_complete_ctx"];
        let expected = offsets.iter().map(|(name, at)| ((*name).to_owned(), *at));
        assert_eq!(*fields, expected.collect(), "{name}");
    }
}

/// How many hooks of a family are taken.
const HOOKS: usize = 8;

/// Programs on hooks of each family that has structs of its own, with a question about a field.
fn programs(kernel: &KernelBtf) -> (Vec<Hook>, String) {
    let mut hooks = Vec::new();
    let mut source = "#include \"vmlinux.h\"\n#include \"ctx.h\"\nunsigned long out;\n".to_owned();
    let of_family = |family| prototype::hooks(kernel, family).take(HOOKS);
    for hook in Family::all().flat_map(of_family) {
        let Ok(Context {
            struct_name,
            shape: Shape::Generated { layout, .. },
            ..
        }) = Context::of_hook_alone(kernel, &hook)
        else {
            continue;
        };
        let Some(field) = layout.fields.last().map(|field| &field.name) else {
            continue;
        };
        let number = hooks.len();
        let _ = writeln!(
            source,
            "__attribute__((section(\"{hook}\"), used)) int p{number}(struct {struct_name} *ctx)\n\
             {{ out = (unsigned long)ctx + __builtin_preserve_field_info(ctx->{field}, FIELD_EXISTS); \
             return 0; }}"
        );
        hooks.push(hook);
    }
    (hooks, source)
}

/// Whatever the family: a context, fixed or relocatable, is the one of the kernel that it was made for.
#[test]
fn every_context_agrees_with_its_own_kernel() {
    for fixture in fixtures() {
        let kernels = [KernelBtf::from_path(&fixture.btf).unwrap()];
        let [kernel] = &kernels;
        let (hooks, source) = programs(kernel);
        let vmlinux = render::vmlinux(kernel).unwrap();
        let target = match kernel.byte_order() {
            ByteOrder::Little => "bpfel",
            ByteOrder::Big => "bpfeb",
        };
        let contexts = hooks
            .iter()
            .map(|hook| Context::of_hook(kernel, hook).unwrap());
        let fixed = CtxBtf::new(kernel, contexts).unwrap();
        let merged = hooks.iter().map(|hook| merge(&kernels, hook).unwrap());
        let relocatable = CtxBtf::relocatable(&kernels, merged).unwrap();
        for (ctx, verdict) in [
            (fixed, Verdict::Agrees),
            (relocatable, Verdict::Relocatable),
        ] {
            // Of what is fixed, nothing may be asked that is relocated.
            let source = match ctx.is_relocatable() {
                true => source.replace("FIELD_EXISTS", "2"),
                false => source.replace("__builtin_preserve_field_info", "__builtin_offset"),
            };
            let offset = "#define __builtin_offset(field, kind) sizeof(field)\n";
            let headers = [
                ("vmlinux.h", vmlinux.clone()),
                ("ctx.h", render::header(&ctx).unwrap()),
            ];
            let object = compile_with(target, &format!("{offset}{source}"), &headers);
            let all = check(&object, kernel).unwrap();
            assert_eq!(all.len(), hooks.len());
            for checked in all {
                assert_eq!(checked.verdict, verdict, "{}: {checked}", fixture.name);
            }
        }
    }
}
