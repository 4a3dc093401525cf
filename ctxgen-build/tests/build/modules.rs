//! Hooks in modules.
//!
//! The modules are made by hand on top of `kernel.c`, which has `struct file` and `vfs_unlink`.

use std::path::PathBuf;

use ctxgen::KernelBtf;
use ctxgen::btf::BtfWriter;
use ctxgen_build::Builder;

use crate::support::Order;
use crate::support::Project;
use crate::support::kernel;
use crate::support::later_kernel;

/// Writes the raw BTF of a module: `int <name>_in(struct file *file, struct <name>_entry *entry)`, and
/// a `vfs_unlink` of its own, which takes that entry.
fn module(project: &Project, order: Order, name: &str) -> PathBuf {
    let kernel = KernelBtf::from_path(kernel(order)).unwrap();
    let base = kernel.btf();
    let id = |name: &str| base.types().find(|ty| ty.name() == name).unwrap().id();
    let mut writer = BtfWriter::split(base);
    let file = writer.pointer(id("file"));
    let mark = writer.typedef("mark_t", id("int"));
    let entry = writer.structure(&format!("{name}_entry"), 4, &[("mark", mark, 0)]);
    let entry = writer.pointer(entry);
    let proto = writer.prototype(&[("file", file), ("entry", entry)], id("int"));
    writer.function(&format!("{name}_in"), proto);
    let proto = writer.prototype(&[("entry", entry)], id("int"));
    writer.function("vfs_unlink", proto);
    let path = project.path(&format!("modules/{name}.btf"));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, writer.finish()).unwrap();
    path
}

const TWO: &str = r#"
SEC("fentry/one:one_in")
int entered(struct btf_fentry_one_in_ctx *ctx)
{
	return ctx->entry->mark == 1 && ctx->file;
}

SEC("fexit/two_in")
int left(struct btf_fexit_two_in_ctx *ctx)
{
	return ctx->entry->mark == (mark_t)ctx->ret;
}
"#;

fn with_modules(project: &Project, order: Order, names: &[&str]) -> Builder {
    let builder = project.builder_for(order);
    let builder = builder.source(project.path("src/prog.bpf.c"));
    names.iter().fold(builder, |builder, name| {
        builder.module(*name, module(project, order, name))
    })
}

#[test]
fn by_plain_name_and_with_the_modules() {
    for order in Order::BOTH {
        let project = Project::with(TWO);
        let built = with_modules(&project, order, &["one", "two"]).generate();
        let artifacts = built.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(artifacts.warnings, [""; 0]);
        assert_eq!(
            artifacts.objects[0].structs,
            ["btf_fentry_one_in_ctx", "btf_fexit_two_in_ctx"]
        );
        for name in ["one", "two"] {
            let path = project.path(&format!("modules/{name}.btf"));
            assert!(artifacts.depends_on.contains(&path), "{artifacts:?}");
        }
        let header = project.made("include/ctx.h");
        assert!(header.contains("struct one_entry *entry;"), "{header}");
        // Both modules have one.
        let vmlinux = project.made("include/vmlinux.h");
        assert_eq!(vmlinux.matches(" mark_t;").count(), 1, "{vmlinux}");
    }
}

#[test]
fn a_module_that_was_not_given() {
    let project = Project::with(TWO);
    let error = with_modules(&project, Order::Little, &["one"]).generate();
    let error = error.unwrap_err().to_string();
    assert!(error.contains("fexit/two_in"), "{error}");
    // The struct is there, for the kernel's function of that name; the module is not.
    let project = Project::with(
        "SEC(\"fentry/one:vfs_unlink\")\n\
         int unlinked(struct btf_fentry_vfs_unlink_ctx *ctx) { return !ctx->dir; }\n",
    );
    let error = project.error();
    assert!(
        error.contains("does not have: give the module's BTF too")
            && error.contains("Builder::module"),
        "{error}"
    );
}

#[test]
fn a_function_called_like_one_of_the_kernel() {
    let source = "SEC(\"fentry/one:vfs_unlink\")\n\
                  int unlinked(struct btf_fentry_vfs_unlink_ctx *ctx) { return !ctx->FIELD; }\n";
    let hook = "fentry/one:vfs_unlink";
    let build = |field: &str, hook: Option<&str>| {
        let project = Project::with(&source.replace("FIELD", field));
        let builder = with_modules(&project, Order::Little, &["one"]);
        let builder = hook.into_iter().fold(builder, Builder::hook);
        builder.generate().map_err(|error| error.to_string())
    };
    let error = build("dir", None).unwrap_err();
    assert!(
        error.contains("the context of another function of that name")
            && error.contains(&format!("Builder::hook({hook:?})")),
        "{error}"
    );
    assert!(build("entry", Some(hook)).is_ok());
    // The kernel's own is not affected, with the module there or not.
    let project = Project::with(&source.replace("one:", "vmlinux:").replace("FIELD", "dir"));
    let built = with_modules(&project, Order::Little, &["one"]).generate();
    built.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_module_of_another_kernel() {
    let project = Project::with(TWO);
    let path = module(&project, Order::Little, "one");
    let error = project
        .prog()
        .btf(later_kernel(Order::Little))
        .module("one", &path)
        .generate()
        .unwrap_err()
        .to_string();
    assert!(error.contains("the module one ("), "{error}");
    assert!(error.contains("of the very same build"), "{error}");
    assert!(error.ends_with("(from Builder::module)"), "{error}");

    // Of several kernels, it goes with its own.
    let project = Project::with(
        "SEC(\"fentry/one_in\")\n\
         int entered(struct btf_fentry_one_in_ctx *ctx) { return !ctx->entry; }\n",
    );
    let built = with_modules(&project, Order::Little, &["one"])
        .kernel(later_kernel(Order::Little))
        .relocatable(true)
        .generate();
    built.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_module_for_a_kernel() {
    let project = Project::with(TWO);
    let path = module(&project, Order::Little, "one");
    let error = project.prog().btf(path).generate().unwrap_err().to_string();
    assert!(
        error.contains("it is the BTF of a kernel module") && error.contains("Builder::module"),
        "{error}"
    );
}
