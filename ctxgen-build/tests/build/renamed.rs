//! Arguments with other names on other kernels.

use std::path::PathBuf;

use ctxgen_build::Builder;

use crate::support::Order;
use crate::support::Project;
use crate::support::kernel;
use crate::support::kernel_with;

/// The kernel with another name for an argument of `lsm/file_mprotect`, and for nothing else.
fn renamed(order: Order) -> PathBuf {
    kernel_with("renamed", order, &["-Dprot=protection"])
}

fn program(body: &str) -> String {
    format!(
        "#include <bpf/bpf_core_read.h>\n\
         SEC(\"lsm/file_mprotect\")\n\
         int prog(struct btf_lsm_file_mprotect_ctx *ctx)\n{{\n\t{body}\n}}\n"
    )
}

/// For both kernels, the one with the other name first.
fn both(project: &Project) -> Builder {
    Builder::new()
        .out_dir(project.path("out"))
        .target(Order::Little.triple())
        .kernel(renamed(Order::Little))
        .kernel(kernel(Order::Little))
        .source(project.path("src/prog.bpf.c"))
}

#[test]
fn an_older_name_in_a_fixed_context() {
    let project = Project::with(&program("return ctx->prot == 7;"));
    let error = both(&project).generate().unwrap_err().to_string();
    for part in [
        "no member named 'prot' in 'struct btf_lsm_file_mprotect_ctx'",
        "\nstruct btf_lsm_file_mprotect_ctx: prot is its name on kernel-bpfel.o; on renamed-bpfel.o slot \
         2 is called protection (the prototypes have the same types in the same order)",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

/// What it is on no kernel that the build knows of.
#[test]
fn a_name_that_is_not_known() {
    let project = Project::with(&program("return ctx->req_prot == 7;"));
    let builder = project.prog().btf(renamed(Order::Little));
    let error = builder.generate().unwrap_err().to_string();
    for part in [
        "struct btf_lsm_file_mprotect_ctx has no field req_prot on ",
        ". It has:\n    slot 0: struct vm_area_struct *vma\n    slot 1: unsigned long reqprot\n    \
         slot 2: unsigned long protection\n    slot 3: int ret\nSimilar names: reqprot",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

/// With other names alone, a fixed context is right on all kernels.
#[test]
fn names_alone_are_no_harm_to_fixed_contexts() {
    let project = Project::with(&program("return ctx->protection == 7;"));
    let artifacts = both(&project).generate().unwrap();
    let warning = "lsm/file_mprotect (btf_lsm_file_mprotect_ctx) is not the same on all kernels:\n  \
                   from renamed-bpfel.o to kernel-bpfel.o:\n    \
                   renamed: protection to prot, in slot 2: the prototypes have the same types in the \
                   same order";
    assert_eq!(artifacts.warnings, [warning]);
    let error = both(&project).deny_drift(true).generate().unwrap_err();
    assert!(error.to_string().contains(warning), "{error}");
}

/// Both names are there in relocatable contexts, in C and in what is said in Rust.
#[test]
fn both_names_in_relocatable_contexts() {
    let body = "if (bpf_core_field_exists(ctx->prot))\n\t\treturn ctx->protection == 7;\n\treturn ctx->prot;";
    let project = Project::with(&program(body));
    both(&project).relocatable(true).generate().unwrap();
    let header = project.made("include/ctx.h");
    assert!(
        header.contains("\t\tunsigned long prot; /* called so on kernel-bpfel.o */\n"),
        "{header}"
    );
    if cfg!(feature = "bindgen") {
        let rust = project.made("prog.ctx.rs");
        for (name, kernel) in [("protection", "renamed"), ("prot", "kernel")] {
            let said = format!("/// - `unsigned long {name}`: called so on {kernel}-bpfel.o\n");
            assert!(rust.contains(&said), "{rust}");
        }
    }
}
