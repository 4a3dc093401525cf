//! Headers of the user's own that are called as the generated ones.

use ctxgen_build::Artifacts;
use ctxgen_build::Vmlinux;

use crate::support::INCLUDES;
use crate::support::LICENSE;
use crate::support::PROGRAM;
use crate::support::Project;

/// A context that the user's own header names.
const OWN_CONTEXTS: &str = "\
#pragma once
static inline int tgid_of(struct btf_lsm_task_free_ctx *ctx) { return ctx->task->tgid; }
";
const USE: &str = "SEC(\"lsm/task_free\") int prog(void *ctx) { return tgid_of(ctx); }\n";

fn build(project: &Project) -> Artifacts {
    let artifacts = project.prog().generate().unwrap();
    assert_eq!(artifacts.warnings, [""; 0]);
    artifacts
}

#[test]
fn contexts_in_a_folder() {
    let project = Project::with(&format!("#include \"lib/ctx.h\"\n{USE}"));
    let own = project.file("src/lib/ctx.h", OWN_CONTEXTS);
    let artifacts = build(&project);
    assert_eq!(artifacts.objects[0].structs, ["btf_lsm_task_free_ctx"]);
    assert!(artifacts.depends_on.contains(&own));
}

#[test]
fn contexts_beside_the_source() {
    let project = Project::new();
    let own = project.file("src/ctx.h", OWN_CONTEXTS);
    let text = |include: &str| {
        format!(
            "#include \"vmlinux.h\"\n{include}\n#include <bpf/bpf_helpers.h>\n#include \"ctx.h\"\n{USE}{LICENSE}"
        )
    };
    project.file("src/prog.bpf.c", &text("#include <ctx.h>"));
    let artifacts = build(&project);
    assert_eq!(artifacts.objects[0].structs, ["btf_lsm_task_free_ctx"]);

    // Without the generated one.
    let source = project.file("src/prog.bpf.c", &text(""));
    let error = project.error();
    let expected = format!(
        "\n{own}:2: struct btf_lsm_task_free_ctx is defined in the generated ctx.h, which {} does not \
         include: it has {own} instead. `#include <ctx.h>` finds the generated one, or \
         `#include_next <ctx.h>` in {own}",
        source.display(),
        own = own.display()
    );
    assert!(error.ends_with(&expected), "{error}");

    // The header itself includes it.
    project.file(
        "src/ctx.h",
        &OWN_CONTEXTS.replace("once\n", "once\n#include_next <ctx.h>\n"),
    );
    build(&project);
}

/// Without what makes a file be read once.
fn wrapper(guard: &str) -> String {
    format!(
        "{guard}#include_next <vmlinux.h>\n#include <ctx.h>\n\
         struct task_struct___own {{ int pid; }};\n\
         static inline int flags_of(struct inode *inode) {{ return inode->i_flags; }}\n\
         static inline int pid_of(struct btf_lsm_task_free_ctx *ctx) {{ return ctx->task->pid; }}\n"
    )
}

/// Whether all is there, and no more: what the wrapper names counts.
fn assert_trimmed(project: &Project, artifacts: &Artifacts) {
    assert_eq!(
        artifacts.objects[0].structs,
        ["btf_lsm_file_open_ctx", "btf_lsm_task_free_ctx"]
    );
    let header = project.made("include/vmlinux.h");
    assert!(header.contains("struct inode {"), "{header}");
    assert!(!header.contains("struct xdp_md {"), "{header}");
}

#[test]
fn a_wrapper_of_the_kernels_types() {
    for guard in [
        "#pragma once\n",
        "#ifndef OWN_H\n#define OWN_H\n",
        "#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n",
        "#ifndef __VMLINUX_H__\n#define __VMLINUX_H__ 1\n",
    ] {
        let end = if guard.contains("ifndef") {
            "#endif\n"
        } else {
            ""
        };
        let project = Project::with(PROGRAM);
        let own = project.file("src/vmlinux.h", &format!("{}{end}", wrapper(guard)));
        let artifacts = build(&project);
        assert!(artifacts.depends_on.contains(&own), "{artifacts:?}");
        assert_trimmed(&project, &artifacts);
        let builder = project.prog().vmlinux(Vmlinux::Full);
        assert_eq!(builder.generate().unwrap().warnings, [""; 0], "{guard}");
    }
}

#[test]
fn a_wrapper_in_a_folder_and_under_another_name() {
    for (name, include) in [
        ("vmlinux/vmlinux.h", "<vmlinux.h>"),
        ("kernel.h", "\"vmlinux.h\""),
    ] {
        let project = Project::new();
        let guard = "#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n";
        let text =
            wrapper(guard).replace("include_next <vmlinux.h>", &format!("include {include}"));
        project.file(&format!("src/{name}"), &format!("{text}#endif\n"));
        project.file(
            "src/prog.bpf.c",
            &format!("#include \"{name}\"\n{INCLUDES}#include <vmlinux.h>\n{PROGRAM}{LICENSE}"),
        );
        let artifacts = build(&project);
        assert_trimmed(&project, &artifacts);
    }
}

/// All of the kernel's types as bpftool would write them, with or without a guard.
fn complete(guard: &str) -> String {
    let project = Project::with(PROGRAM);
    project.prog().vmlinux(Vmlinux::Full).generate().unwrap();
    let header = project.made("include/vmlinux.h");
    let (_, header) = header.split_once("#define __VMLINUX_H__\n").unwrap();
    let (header, _) = header.rsplit_once("#endif").unwrap();
    // No kernel has as few as the one of these tests.
    let more: String = (0..600)
        .map(|number| format!("struct more_{number} {{\n\tint x;\n}};\n"))
        .collect();
    match guard {
        "" => format!("#pragma once\n{header}{more}struct bpf_iter__cgroup;\n"),
        guard => format!(
            "#ifndef {guard}\n#define {guard}\n{header}{more}struct bpf_iter__cgroup;\n#endif\n"
        ),
    }
}

#[test]
fn complete_ones_are_taken_instead() {
    for guard in ["__VMLINUX_H__", "", "VMLINUX_OF_OURS_H"] {
        for name in ["vmlinux.h", "x86/vmlinux_610.h"] {
            let project = Project::new();
            project.file(
                "src/prog.bpf.c",
                &format!(
                    "#include \"{name}\"\n#include <vmlinux.h>\n{INCLUDES}{PROGRAM}{LICENSE}\
                          int more(struct more_7 *more) {{ return more->x; }}\n"
                ),
            );
            let own = project.file(&format!("src/{name}"), &complete(guard));
            let artifacts = build(&project);
            assert!(artifacts.depends_on.contains(&own), "{guard} {name}");
            // It mentions all that there is, which is no request.
            assert_eq!(artifacts.objects[0].structs, ["btf_lsm_file_open_ctx"]);
            let header = project.made("include/vmlinux.h");
            assert!(!header.contains("struct xdp_md {"), "{header}");
        }
    }
}

/// A header of many structs that are none of the kernel's: those are still there.
#[test]
fn headers_with_many_structs_are_none_of_a_kernel() {
    let structs: String = (0..600)
        .map(|number| format!("struct more_{number} {{\n\tint x;\n}};\n"))
        .collect();
    let project = Project::new();
    project.file("src/many.h", &format!("#pragma once\n{structs}"));
    project.file(
        "src/prog.bpf.c",
        &format!("#include \"many.h\"\n{INCLUDES}{PROGRAM}{LICENSE}"),
    );
    build(&project);
    let header = project.made("include/vmlinux.h");
    assert!(header.contains("struct file {"), "{header}");
}

/// A header that has some of the types, in place of the generated one.
#[test]
fn small_ones_are_taken_instead() {
    let project = Project::with("int from_the_folder(struct own_type *t) { return t->x; }\n");
    let path = project.file(
        "src/vmlinux.h",
        "typedef unsigned char __u8; typedef unsigned short __u16; typedef unsigned int __u32;\n\
         typedef unsigned long long __u64; typedef int __s32; typedef long long __s64;\n\
         typedef __u16 __be16; typedef __u32 __be32; typedef __u32 __wsum;\n\
         struct own_type { int x; };\nstruct btf_lsm_task_free_ctx;\n",
    );
    let artifacts = build(&project);
    assert!(artifacts.depends_on.contains(&path), "{artifacts:?}");
    // It is a header like others: what it names counts.
    assert_eq!(artifacts.objects[0].structs, ["btf_lsm_task_free_ctx"]);
}

#[test]
fn sources_with_and_without_one() {
    let project = Project::new();
    let sources = ["a", "b"].map(|name| {
        let text = format!("{INCLUDES}{}{LICENSE}", PROGRAM.replace("prog", name));
        project.file(&format!("src/{name}/{name}.bpf.c"), &text)
    });
    let guard = "#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n";
    project.file("src/a/vmlinux.h", &format!("{}#endif\n", wrapper(guard)));
    let artifacts = project.builder().sources(sources).generate().unwrap();
    assert_eq!(artifacts.warnings, [""; 0]);
}

/// `vmlinux.h` leaves out a struct that a header has, and a member of the kernel's own is missing then.
#[test]
fn a_struct_that_a_header_hides() {
    let project = Project::new();
    project.file("src/regs.h", "struct pt_regs { unsigned long other; };\n");
    project.file(
        "src/prog.bpf.c",
        &format!(
            "{INCLUDES}#include \"regs.h\"\n{LICENSE}SEC(\"kprobe/vfs_unlink\")\n\
             int prog(struct pt_regs *ctx)\n{{\n\treturn ctx->di != 0;\n}}\n"
        ),
    );
    let error = project.error();
    assert!(
        error.contains("the struct pt_regs that clang sees is that of "),
        "{error}"
    );
    assert!(
        error.contains("src/regs.h, and vmlinux.h leaves out what is defined elsewhere: the kernel's own has di"),
        "{error}"
    );
}
