//! Contexts that are relocated when a program is loaded, and contexts for several kernels.

use ctxgen::object::ObjectFile;
use ctxgen::object::RelocationKind;
use ctxgen::object::Step;
use ctxgen_build::Builder;

use crate::support::Order;
use crate::support::Project;
use crate::support::kernel;
use crate::support::later_kernel;

/// Reads what both kernels have, and what one has if it is there.
const PROGRAMS: &str = "
#include <bpf/bpf_core_read.h>

u64 sum;

SEC(\"fexit/vfs_unlink\")
int unlinked(struct btf_fexit_vfs_unlink_ctx *ctx)
{
\tsum += (u64)ctx->dentry + ctx_get(ctx, ret);
\tif (bpf_core_field_exists(ctx->idmap))
\t\tsum += (u64)ctx->idmap;
\treturn 0;
}

SEC(\"tp_btf/sched_switch\")
int switched(struct btf_trace_sched_switch_ctx *ctx)
{
\tif (bpf_core_field_exists(ctx->prev_state))
\t\tsum += ctx_get(ctx, prev_state);
\tif (ctx_get(ctx, preempt))
\t\tsum++;
\treturn 0;
}
";

fn both(project: &Project, order: Order) -> Builder {
    Builder::new()
        .out_dir(project.path("out"))
        .target(order.triple())
        .kernel(kernel(order))
        .kernel(later_kernel(order))
        .source(project.path("src/prog.bpf.c"))
        .clang_args(["-Wall", "-Werror"])
}

/// The fields of contexts that an object's relocations are of, with their kinds, sorted.
fn relocated(project: &Project) -> Vec<(String, RelocationKind)> {
    let bytes = std::fs::read(project.path("out/prog.bpf.o")).unwrap();
    let object = ObjectFile::parse(&bytes).unwrap();
    let contexts = object.relocated_contexts();
    let mut fields: Vec<_> = object
        .relocations()
        .iter()
        .filter(|relocation| contexts.contains(&relocation.type_id))
        .flat_map(|relocation| {
            let steps = object.steps(relocation).unwrap();
            steps.into_iter().filter_map(|step| match step {
                Step::Member { name, .. } => Some((name.to_owned(), relocation.kind)),
                Step::Element(_) => None,
            })
        })
        .collect();
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    fields.dedup();
    fields
}

#[test]
fn each_access_is_relocated() {
    for order in Order::BOTH {
        let project = Project::with(PROGRAMS);
        both(&project, order).relocatable(true).generate().unwrap();
        let fields = relocated(&project);
        let has = |name: &str, kind| fields.contains(&(name.to_owned(), kind));
        for name in ["dentry", "idmap", "preempt", "prev_state", "ret"] {
            assert!(
                has(name, RelocationKind::FieldByteOffset),
                "{name}: {fields:?}"
            );
        }
        for name in ["idmap", "prev_state"] {
            assert!(has(name, RelocationKind::FieldExists), "{name}: {fields:?}");
        }
    }
}

#[test]
fn fixed_contexts_are_not_relocated() {
    let project = Project::with(
        "\nSEC(\"fexit/vfs_unlink\")\nint prog(struct btf_fexit_vfs_unlink_ctx *ctx)\n{\n\treturn \
         ctx->ret;\n}\n",
    );
    project.prog().generate().unwrap();
    assert_eq!(relocated(&project), []);
}

#[test]
fn the_header_has_the_arguments_of_all_kernels() {
    let project = Project::with(PROGRAMS);
    let builder = both(&project, Order::Little).hook("fentry/vfs_rmdir");
    let artifacts = builder.relocatable(true).generate().unwrap();
    let header = project.made("include/ctx.h");
    let context = |name: &str| {
        let (_, rest) = header.split_once(&format!("struct {name} {{\n")).unwrap();
        rest.split_once("\n}").unwrap().0.to_owned()
    };
    assert_eq!(
        context("btf_fexit_vfs_unlink_ctx"),
        "\tstruct mnt_idmap *idmap; /* not on kernel-bpfel.o */\n\
         \tstruct inode *dir;\n\
         \tstruct dentry *dentry;\n\
         \tint ret __attribute__((aligned(8)));"
    );
    assert!(
        header.contains("} __attribute__((preserve_access_index));\n"),
        "{header}"
    );
    assert!(
        header.contains(
            "/*\n * fentry/vfs_rmdir\n *\n * Argument names are from vfs_rmdir.\n \
             * Not there on later-bpfel.o.\n */\n"
        ),
        "{header}"
    );
    assert_eq!(
        artifacts.warnings,
        [
            "fentry/vfs_rmdir (btf_fentry_vfs_rmdir_ctx) is not the same on all kernels:\n  \
             from kernel-bpfel.o to later-bpfel.o:\n    \
             absent: the kernel does not have it",
            "fexit/vfs_unlink (btf_fexit_vfs_unlink_ctx) is not the same on all kernels:\n  \
             from kernel-bpfel.o to later-bpfel.o:\n    \
             added: struct mnt_idmap *idmap, in slot 0\n    \
             moved: dir from slot 0 to 1, dentry from slot 1 to 2, ret from slot 2 to 3",
            "tp_btf/sched_switch, raw_tp/sched_switch (btf_trace_sched_switch_ctx) is not the same \
             on all kernels:\n  \
             from kernel-bpfel.o to later-bpfel.o:\n    \
             added: unsigned int prev_state, in slot 3",
        ]
    );
}

/// An argument of other types on other kernels is a field for each.
#[test]
fn another_type_is_another_field() {
    let program = |field: &str| {
        format!(
            "\nSEC(\"fentry/put_task\")\nint prog(struct btf_fentry_put_task_ctx *ctx)\n{{\n\
             \treturn !ctx->{field};\n}}\n"
        )
    };
    for order in Order::BOTH {
        for field in ["t___task_struct_ptr", "t___file_ptr"] {
            let project = Project::with(&program(field));
            both(&project, order).relocatable(true).generate().unwrap();
            let expected = (field.to_owned(), RelocationKind::FieldByteOffset);
            assert_eq!(relocated(&project), [expected]);
        }
        let project = Project::with(&program("t"));
        let error = both(&project, order)
            .relocatable(true)
            .generate()
            .unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("no member named 't' in 'struct btf_fentry_put_task_ctx'"),
            "{error}"
        );
    }
}

#[test]
fn drift_is_denied() {
    let project = Project::with(PROGRAMS);
    let builder = both(&project, Order::Little).relocatable(true);
    let error = builder.deny_drift(true).generate().unwrap_err().to_string();
    assert!(
        error.starts_with("fexit/vfs_unlink (btf_fexit_vfs_unlink_ctx) is not the same"),
        "{error}"
    );
    assert!(
        error.ends_with("Builder::deny_drift makes that an error"),
        "{error}"
    );
}

#[test]
fn fixed_contexts_serve_kernels_that_agree() {
    let project = Project::with(
        "\nSEC(\"tp_btf/sched_wakeup\")\nint prog(struct btf_trace_sched_wakeup_ctx *ctx)\n{\n\
         \treturn !ctx->p;\n}\n",
    );
    let artifacts = both(&project, Order::Little)
        .deny_drift(true)
        .generate()
        .unwrap();
    assert_eq!(artifacts.warnings, [""; 0]);

    let project = Project::with(
        "\nSEC(\"fexit/vfs_unlink\")\nint prog(struct btf_fexit_vfs_unlink_ctx *ctx)\n{\n\treturn \
         ctx->ret;\n}\n",
    );
    let error = both(&project, Order::Little)
        .generate()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("added: struct mnt_idmap *idmap, in slot 0"),
        "{error}"
    );
    assert!(
        error.contains("make them relocatable with Builder::relocatable(true)"),
        "{error}"
    );
}

#[test]
fn one_object_is_of_one_byte_order() {
    let project = Project::with(PROGRAMS);
    let builder = both(&project, Order::Little).kernel(kernel(Order::Big));
    let error = builder
        .relocatable(true)
        .generate()
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "the kernels kernel-bpfel.o and kernel-bpfeb.o are of different byte order, and one BPF \
         object cannot serve both: build one for each"
    );
}

#[test]
fn a_hook_that_no_kernel_has() {
    let project = Project::with(
        "\nSEC(\"fentry/vfs_unlik\")\nint prog(struct btf_fentry_vfs_unlik_ctx *ctx)\n{\n\treturn \
         0;\n}\n",
    );
    let builder = both(&project, Order::Little).relocatable(true);
    let error = builder.generate().unwrap_err().to_string();
    assert!(error.contains("has no hook `fentry/vfs_unlik`"), "{error}");
    assert!(
        error.ends_with("Similar names: fentry/vfs_unlink"),
        "{error}"
    );
}

/// Rust has types without a layout, which nobody can take for a kernel's.
#[cfg(feature = "bindgen")]
#[test]
fn bindings_say_that_they_are_relocatable() {
    let project = Project::with(PROGRAMS);
    both(&project, Order::Little)
        .relocatable(true)
        .generate()
        .unwrap();
    let bindings = project.made("prog.ctx.rs");
    assert!(
        bindings.contains("These contexts are relocatable"),
        "{bindings}"
    );
    assert!(
        bindings.contains("/// - `unsigned int prev_state`: not on kernel-bpfel.o\n"),
        "{bindings}"
    );
    assert!(
        bindings.contains("\npub enum btf_trace_sched_switch_ctx {}\n"),
        "{bindings}"
    );
    assert!(!bindings.contains("pub struct"), "{bindings}");
    assert!(
        project
            .made("prog.rs")
            .contains("include_bytes!(\"prog.bpf.o\")")
    );
}
