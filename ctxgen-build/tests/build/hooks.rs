//! Hooks that sources and `Builder::hook` ask for, and what is said of those that are not there.

use crate::support::Order;
use crate::support::Project;
use crate::support::kernel;

/// What a program of that section and context fails with, and the source's path.
fn error(section: &str, context: &str) -> (String, String) {
    let project = Project::with(&format!(
        "\nSEC(\"{section}\")\nint prog(struct {context} *ctx)\n{{\n\treturn 0;\n}}\n"
    ));
    let source = project.path("src/prog.bpf.c");
    (project.error(), source.display().to_string())
}

#[test]
fn an_unknown_tracepoint() {
    let (error, source) = error("tp_btf/sched_swich", "btf_trace_sched_swich_ctx");
    let kernel = kernel(Order::Little).display();
    assert_eq!(
        error,
        format!(
            "{source}:6: struct btf_trace_sched_swich_ctx: {kernel} has no hook \
             `tp_btf/sched_swich`: looked for btf_trace_sched_swich, __probestub_sched_swich, \
             __traceiter_sched_swich, __bpf_trace_sched_swich. Similar names: tp_btf/sched_switch"
        )
    );
}

#[test]
fn an_unknown_lsm_hook() {
    let (error, source) = error("lsm/file_mprotec", "btf_lsm_file_mprotec_ctx");
    let kernel = kernel(Order::Little).display();
    assert_eq!(
        error,
        format!(
            "{source}:6: struct btf_lsm_file_mprotec_ctx: {kernel} has no hook \
             `lsm/file_mprotec`: looked for the member file_mprotec of union \
             security_list_options, the function bpf_lsm_file_mprotec. Similar names: \
             lsm/file_mprotect"
        )
    );
}

#[test]
fn an_unknown_function() {
    let (error, _) = error("fexit/vfs_unlin", "btf_fexit_vfs_unlin_ctx");
    assert!(
        error.ends_with("looked for the function vfs_unlin. Similar names: fexit/vfs_unlink"),
        "{error}"
    );
}

#[test]
fn an_unknown_iterator() {
    let (error, source) = error("iter/tasks", "bpf_iter__tasks");
    assert!(
        error.starts_with(&format!("{source}:6: struct bpf_iter__tasks: ")),
        "{error}"
    );
    assert!(error.ends_with("Similar names: iter/task"), "{error}");
}

#[test]
fn nothing_is_similar() {
    let (error, _) = error("fentry/zzzzzzzz", "btf_fentry_zzzzzzzz_ctx");
    assert!(
        error.contains("looked for the function zzzzzzzz. If it is in a module, "),
        "{error}"
    );
}

#[test]
fn the_line_is_in_the_header_that_names_it() {
    let project = Project::with("#include \"own.h\"\n");
    let header = project.file("src/own.h", "\nint f(struct btf_lsm_nothing_ctx *ctx);\n");
    let error = project.error();
    let site = format!("{}:2: struct btf_lsm_nothing_ctx: ", header.display());
    assert!(error.starts_with(&site), "{error}");
}

#[test]
fn a_hook_that_nothing_can_be_attached_to() {
    let (error, source) = error("fentry/log_line", "btf_fentry_log_line_ctx");
    assert_eq!(
        error,
        format!(
            "{source}:6: struct btf_fentry_log_line_ctx: no program can attach to \
             `fentry/log_line`: the function is variadic, and trampolines cannot pass such \
             arguments on"
        )
    );
}

#[test]
fn a_tracepoint_that_only_raw_tp_can_attach_to() {
    let context = "btf_trace_without_typedef_ctx";
    let (error, source) = error("tp_btf/without_typedef", context);
    assert_eq!(
        error,
        format!(
            "{source}: program prog, SEC(\"tp_btf/without_typedef\"): its context cannot be struct \
             btf_trace_without_typedef_ctx: no program can attach to `tp_btf/without_typedef`: the \
             kernel's BTF lacks the typedef btf_trace_ of this tracepoint, as kernels built with \
             older clang do; a raw_tp program can attach"
        )
    );
    let project = Project::with(&format!(
        "SEC(\"raw_tp/without_typedef\")\nint prog(struct {context} *ctx) {{ return !ctx->p; }}\n"
    ));
    project.prog().generate().unwrap();
}

#[test]
fn by_hand() {
    let project = Project::with("int nothing;\n");
    let artifacts = project
        .prog()
        .hook("lsm/file_open")
        .hook("?fexit.s/vfs_unlink")
        .hook("btf_trace_sched_switch_ctx")
        .generate()
        .unwrap();
    let structs = [
        "btf_fexit_vfs_unlink_ctx",
        "btf_lsm_file_open_ctx",
        "btf_trace_sched_switch_ctx",
    ];
    assert_eq!(artifacts.objects[0].structs, structs);
    let header = project.made("include/ctx.h");
    for name in structs {
        assert!(header.contains(&format!("struct {name} {{")), "{header}");
    }
    if cfg!(feature = "bindgen") {
        let bindings = project.made("prog.ctx.rs");
        for name in structs {
            assert!(
                bindings.contains(&format!("pub struct {name} {{")),
                "{bindings}"
            );
        }
    }
}

#[test]
fn by_hand_and_by_name_are_one() {
    let project = Project::with("int f(struct btf_lsm_file_open_ctx *ctx) { return 0; }\n");
    let builder = project.prog().hook("lsm/file_open").hook("lsm.s/file_open");
    let artifacts = builder.generate().unwrap();
    assert_eq!(artifacts.objects[0].structs, ["btf_lsm_file_open_ctx"]);
}

#[test]
fn by_hand_and_not_there() {
    let project = Project::with("");
    for (hook, says) in [
        ("lsm/file_opem", "Builder::hook(\"lsm/file_opem\"): "),
        ("lsm/file_opem", "Similar names: lsm/file_open"),
        (
            "kprobes/vfs_unlink",
            "`kprobes/vfs_unlink` is not of a hook family that ctxgen knows; a hook is written as \
             libbpf's SEC() name. Similar sections: kprobe, ",
        ),
        ("lsm", "`lsm` names no target: write `lsm/<target>`"),
        (
            "lsm/file-open",
            "`file-open` cannot be the target of a `lsm` hook: it is not a C identifier",
        ),
        ("fexit/log_line", "the function is variadic"),
    ] {
        let error = project
            .prog()
            .hook(hook)
            .generate()
            .unwrap_err()
            .to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn each_source_gets_the_bindings_of_its_own() {
    let project = Project::new();
    let source = |name: &str, context: &str| {
        let text = format!("{}struct {context};\n", crate::support::INCLUDES);
        project.file(&format!("{name}.bpf.c"), &text)
    };
    let sources = [
        source("a", "btf_lsm_file_open_ctx"),
        source("b", "btf_lsm_task_free_ctx"),
        source("c", "task_struct"),
    ];
    let artifacts = project.builder().sources(sources).generate().unwrap();
    let structs: Vec<_> = artifacts.objects.iter().map(|o| &o.structs[..]).collect();
    assert_eq!(
        structs,
        [
            &["btf_lsm_file_open_ctx".to_owned()][..],
            &["btf_lsm_task_free_ctx".to_owned()],
            &[]
        ]
    );
    let names: Vec<_> = artifacts.objects.iter().map(|o| &*o.name).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

/// Registers hold arguments at a function's start, and not behind it.
#[test]
fn behind_a_functions_start() {
    for (section, is_behind) in [
        ("kprobe/vfs_unlink", false),
        ("kprobe/vfs_unlink+0", false),
        ("kprobe/vfs_unlink+0x10", true),
        ("kprobe/vfs_unlink+5", true),
    ] {
        let project = Project::with(&format!(
            "SEC(\"{section}\") int p(struct btf_kprobe_vfs_unlink_ctx *ctx) {{ return !ctx->dentry; }}\n"
        ));
        let warnings = project.prog().generate().unwrap().warnings;
        assert_eq!(
            warnings.len(),
            usize::from(is_behind),
            "{section}: {warnings:?}"
        );
        let says = |warning: &String| {
            warning.contains("behind the start of the function, where registers need not")
        };
        assert!(warnings.iter().all(says), "{warnings:?}");
    }
}
