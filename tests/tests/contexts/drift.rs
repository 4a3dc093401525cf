//! Contexts for several kernels, and how their hooks differ.

use ctxgen::CtxBtf;
use ctxgen::Drift;
use ctxgen::Family;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::merge::MergedField;
use ctxgen::merge::MergedShape;
use ctxgen::merge::merge;
use ctxgen::prototype;
use ctxgen::render;
use ctxgen_tests::bless;
use ctxgen_tests::workspace;

use crate::accessor::is_array;
use crate::hooks::hook;
use crate::hooks::open_fixture;
use crate::tools::clang;
use crate::tools::run;
use crate::tools::write;

/// The kernels, and what their golden files are called by.
const KERNELS: [&str; 3] = ["5.10-x86_64", "6.1-x86_64", "7.2-x86_64"];
const NAME: &str = "5.10-6.1-7.2";

/// Hooks that changed between them, each in its own way.
const HOOKS: [&str; 9] = [
    // In front, and of another type later.
    "fexit/vfs_unlink",
    // At the end.
    "tp_btf/sched_switch",
    "tp_btf/kfree_skb",
    "lsm/path_rename",
    // A number of another size and sign.
    "tp_btf/block_rq_complete",
    // Nothing.
    "lsm/file_mprotect",
    // The kernel's own.
    "iter/task",
    // By another name on older ones, where nothing tells it.
    "btf_struct_ops_tcp_congestion_ops_set_state_ctx",
    // On the newest only, and what it returns.
    "struct_ops/Qdisc_ops/dequeue",
];

fn kernels() -> Vec<KernelBtf> {
    KERNELS.map(open_fixture).into()
}

fn relocatable<'k>(kernels: &'k [KernelBtf], hooks: &[Hook]) -> CtxBtf<'k> {
    let merged = hooks.iter().map(|hook| merge(kernels, hook).unwrap());
    CtxBtf::relocatable(kernels, merged).unwrap()
}

/// Compiles a header of relocatable contexts with a program that reads whatever is in them.
fn compile(ctx: &CtxBtf<'_>, header: &str) {
    let mut source = "#include \"vmlinux.h\"\n#include \"ctx.h\"\n\n".to_owned();
    for ctx_struct in ctx.structs() {
        let ctxgen::Shape::Generated { layout, .. } = &ctx_struct.context.shape else {
            continue;
        };
        let name = &ctx_struct.context.struct_name;
        source.push_str(&format!(
            "void {name}_all(struct {name} *ctx);\nvoid {name}_all(struct {name} *ctx)\n{{\n\t(void)ctx;\n"
        ));
        for field in &layout.fields {
            let is_never = matches!(field.access, ctxgen::layout::Access::Never(_));
            if !is_never && !is_array(ctx.btf(), field) {
                source.push_str(&format!("\t(void)ctx_get(ctx, {});\n", field.name));
            }
        }
        source.push_str("}\n\n");
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let system_headers = folder.join("system");
    let kernel = ctx.kernel();
    write(
        &system_headers,
        "vmlinux.h",
        render::vmlinux(kernel).unwrap(),
    );
    write(folder, "ctx.h", header);
    let source = write(folder, "all.c", source);
    run(clang(kernel.byte_order(), &system_headers)
        // Nothing here is loaded, and without debug info it takes a third of the time.
        .args(["-g0", "-c"])
        .arg(source)
        .arg("-o")
        .arg(folder.join("all.o")));
}

#[test]
fn golden_headers() {
    let kernels = kernels();
    let hooks = HOOKS.map(hook);
    let ctx = relocatable(&kernels, &hooks);
    let path = workspace().join(format!("tests/golden/{NAME}.ctx.h"));
    let header = render::header(&ctx).unwrap();
    compile(&ctx, &bless(&path, &header));
    assert_eq!(
        render::header(&relocatable(&kernels, &hooks)).unwrap(),
        header
    );
}

#[test]
fn golden_drift() {
    let kernels = kernels();
    let mut text = String::new();
    for hook in HOOKS.map(hook) {
        match Drift::of(&kernels, &hook).unwrap() {
            Some(drift) => text.push_str(&format!("{drift}\n")),
            None => text.push_str(&format!("{hook} is the same on all kernels\n")),
        }
    }
    bless(
        &workspace().join(format!("tests/golden/{NAME}.drift.txt")),
        &text,
    );
}

/// Whatever hook of whatever kernel, and whichever kernel is the first: the header compiles, and each
/// kernel that has the hook has each of its arguments in a field, once.
#[test]
fn every_hook_of_every_kernel() {
    let mut kernels = kernels();
    for _ in 0..kernels.len() {
        kernels.rotate_left(1);
        let mut hooks: Vec<Hook> = kernels
            .iter()
            .flat_map(|kernel| {
                Family::all()
                    .flat_map(|family| prototype::hooks(kernel, family).collect::<Vec<_>>())
            })
            .collect();
        hooks.sort();
        hooks.dedup_by_key(|hook| hook.struct_name());
        let mut all = Vec::new();
        for hook in &hooks {
            // An iterator that the first kernel lacks, or what no program can attach to.
            let Ok(merged) = merge(&kernels, hook) else {
                continue;
            };
            if let MergedShape::Generated { fields, .. } = &merged.shape {
                for (index, kernel) in kernels.iter().enumerate() {
                    let has = fields
                        .iter()
                        .filter(|field| !field.lacking.contains(&index));
                    let Ok(context) = ctxgen::Context::of_struct(kernel, hook) else {
                        assert!(merged.lacking.contains(&index), "{hook}");
                        continue;
                    };
                    let ctxgen::Shape::Generated { layout, .. } = &context.shape else {
                        panic!("{hook}");
                    };
                    for field in &layout.fields {
                        let of_it = |name: &str| {
                            name == field.name || name.starts_with(&format!("{}___", field.name))
                        };
                        let names = |has: &MergedField| {
                            let others = has.others.iter().map(|other| &other.name);
                            others.chain([&has.field.name]).any(|name| of_it(name))
                        };
                        let fields = has.clone().filter(|has| names(has)).count();
                        assert!(fields >= 1, "{hook}, {}: {fields} fields", field.name);
                    }
                    assert!(has.count() >= layout.fields.len(), "{hook}");
                }
            }
            all.push(merged);
        }
        assert!(all.len() > 100, "{}", all.len());
        let ctx = CtxBtf::relocatable(&kernels, all).unwrap();
        compile(&ctx, &render::header(&ctx).unwrap());
    }
}
