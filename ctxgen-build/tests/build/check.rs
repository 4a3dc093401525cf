//! The SEC name of each program against the type of its context, in objects of either byte order.

mod accepted;

use ctxgen_build::Error;
use ctxgen_build::Mismatch;

use crate::support::Order;
use crate::support::Project;
use crate::support::clang_keeps_offsets;

/// A program: its section, and how its argument is declared. What the declaration needs may stand
/// before it, up to a `|`, and what the program returns behind it, from `=>` on.
type Case<'c> = (&'c str, &'c str);

/// What is the matter with each of these programs, all of one source.
fn mismatches(cases: &[Case<'_>]) -> Vec<Option<Mismatch>> {
    let mut text = String::new();
    for (number, (section, declared)) in cases.iter().enumerate() {
        let (before, argument) = declared.split_once('|').unwrap_or(("", declared));
        let (argument, returned) = argument.split_once("=>").unwrap_or((argument, "0"));
        text.push_str(&format!(
            "{before}\nSEC(\"{section}\")\nint prog{number}({argument})\n{{\n\treturn {returned};\n}}\n"
        ));
    }
    let project = Project::with(&text);
    let source = project.path("src/prog.bpf.c");
    let [little, big] = Order::BOTH.map(|order| {
        let built = project.builder_for(order).source(&source).generate();
        match built {
            Ok(_) => Vec::new(),
            Err(Error::Mismatch(mismatches)) => mismatches,
            Err(error) => panic!("{cases:?}: {error}"),
        }
    });
    assert_eq!(little, big);
    assert!(little.iter().all(|mismatch| mismatch.source == source));
    let of = |number| {
        let name = format!("prog{number}");
        little.iter().find(|found| found.program == name).cloned()
    };
    (0..cases.len()).map(of).collect()
}

/// The one sentence about such a program, without its source's path and its name before it.
fn refusal(section: &str, declared: &str) -> String {
    let [Some(found)] = &mismatches(&[(section, declared)])[..] else {
        panic!("{section}, {declared}: accepted");
    };
    let text = found.to_string();
    let start = format!("{}: program prog0, ", found.source.display());
    let rest = text.strip_prefix(&start);
    rest.unwrap_or_else(|| panic!("{text}")).to_owned()
}

/// Of several functions, a program may read what all have; of a pattern, nobody knows them.
#[test]
fn several_functions() {
    for (section, takes, says) in [
        (
            "fentry.multi/vfs_unlink,put_task",
            "btf_fentry_vfs_unlink_ctx *ctx => (long)ctx->dir",
            "`dir` of fentry/vfs_unlink, which it reads, is not the same in fentry/put_task",
        ),
        (
            "fexit.multi/vfs_unlink,vfs_rmdir",
            "btf_fentry_vfs_unlink_ctx *ctx",
            "and should be struct btf_fexit_vfs_unlink_ctx",
        ),
        (
            "fentry.multi/vfs_*",
            "btf_fentry_vfs_unlink_ctx *ctx",
            "it gets their slots, `unsigned long long *ctx`",
        ),
    ] {
        let said = refusal(section, &format!("struct {takes}"));
        assert!(said.contains(says), "{section}: {said}");
    }
}

#[test]
fn another_hooks_context() {
    assert_eq!(
        refusal("lsm/file_open", "struct btf_lsm_file_mprotect_ctx *ctx"),
        "SEC(\"lsm/file_open\"): its context is declared as struct \
         btf_lsm_file_mprotect_ctx, and should be struct btf_lsm_file_open_ctx"
    );
}

#[test]
fn another_familys_context() {
    let cases = [
        (
            "fexit/vfs_unlink",
            "btf_fentry_vfs_unlink_ctx",
            "btf_fexit_vfs_unlink_ctx",
        ),
        (
            "fmod_ret/vfs_unlink",
            "btf_fexit_vfs_unlink_ctx",
            "btf_fmod_ret_vfs_unlink_ctx",
        ),
        (
            "lsm.s/file_open",
            "btf_lsm_cgroup_file_open_ctx",
            "btf_lsm_file_open_ctx",
        ),
        ("iter/task", "btf_trace_sched_wakeup_ctx", "bpf_iter__task"),
        (
            "raw_tracepoint/sched_switch",
            "bpf_iter__task",
            "btf_trace_sched_switch_ctx",
        ),
        // Not of ctxgen's making, and wrong all the same.
        ("lsm/file_open", "file", "btf_lsm_file_open_ctx"),
    ];
    let declared = cases.map(|(_, takes, _)| format!("const struct {takes} *ctx"));
    let sections = cases.iter().map(|(section, ..)| *section);
    let programs: Vec<Case<'_>> = sections.zip(declared.iter().map(String::as_str)).collect();
    for ((section, takes, gets), found) in cases.into_iter().zip(mismatches(&programs)) {
        let found = found.unwrap_or_else(|| panic!("{section}, {takes}"));
        assert_eq!(found.section, section);
        assert_eq!(found.takes, takes);
        assert_eq!(found.gets.as_deref(), Some(gets));
    }
}

#[test]
fn behind_typedefs_and_flavors() {
    let typedef = "typedef struct btf_lsm_file_mprotect_ctx *ptr;|ptr ctx";
    let flavor = "struct btf_lsm_file_mprotect_ctx___v2 { int ret; };|\
                  struct btf_lsm_file_mprotect_ctx___v2 *ctx";
    for declared in [typedef, flavor] {
        let refusal = refusal("lsm/file_open", declared);
        assert!(
            refusal.contains("as struct btf_lsm_file_mprotect_ctx,"),
            "{refusal}"
        );
    }
}

#[test]
fn where_the_context_is_the_kernels_own() {
    for (section, context, should_be) in [
        ("xdp", "btf_lsm_file_open_ctx", "xdp_md"),
        ("xdp", "__sk_buff", "xdp_md"),
        ("tc", "bpf_iter__task", "__sk_buff"),
        ("cgroup/connect4", "xdp_md", "bpf_sock_addr"),
        (
            "kprobe/vfs_unlink",
            "btf_fentry_vfs_unlink_ctx",
            "btf_kprobe_vfs_unlink_ctx",
        ),
        (
            "kprobe/vfs_unlink",
            "btf_kprobe_vfs_rmdir_ctx",
            "btf_kprobe_vfs_unlink_ctx",
        ),
        (
            "kprobe.multi/vfs_*",
            "btf_kretprobe_vfs_unlink_ctx",
            "pt_regs",
        ),
        ("usdt//bin/sh:a:b", "btf_kprobe_vfs_unlink_ctx", "pt_regs"),
    ] {
        let refusal = refusal(section, &format!("struct {context} *ctx"));
        let says = format!(
            "SEC(\"{section}\"): its context is declared as struct {context}, and should be struct \
             {should_be}"
        );
        assert_eq!(refusal, says);
    }
}

#[test]
fn where_the_context_is_no_struct() {
    let refusal = refusal("syscall", "struct btf_lsm_file_open_ctx *ctx");
    assert_eq!(
        refusal,
        "SEC(\"syscall\"): its context cannot be struct btf_lsm_file_open_ctx: it gets a pointer to \
         void, which is what user space hands over with BPF_PROG_TEST_RUN, in a struct of the \
         program's own"
    );
}

#[test]
fn under_a_section_that_libbpf_does_not_know() {
    for (section, own, declared, similar) in [
        ("socket1", "socket1", "__sk_buff", " (similar: socket)"),
        ("?filter/one/two", "filter", "__sk_buff", ""),
        ("bogus", "bogus", "pt_regs", ""),
        ("bogus/x", "bogus/x", "btf_lsm_file_open_ctx", ""),
        (
            "fentyr/vfs_unlink",
            "fentyr",
            "btf_fentry_vfs_unlink_ctx",
            " (similar: fentry)",
        ),
    ] {
        let project = Project::with(&format!(
            "SEC(\"{section}\") int prog(struct {declared} *ctx) {{ return 0; }}\n"
        ));
        let plain = section.trim_start_matches('?');
        let source = project.path("src/prog.bpf.c");
        let says = format!(
            "{}: program prog, SEC({section:?}): libbpf knows no such section{similar}. Its context, \
             struct {declared}, is not checked, and its loader has to set the program's type: \
             Builder::own_section({plain:?}) says that it does",
            source.display()
        );
        assert_eq!(project.prog().generate().unwrap().warnings, [says]);
        for (own, is_silent) in [(own, true), ("other", false), ("s", false)] {
            let artifacts = project.prog().own_section(own).generate().unwrap();
            assert_eq!(artifacts.warnings.is_empty(), is_silent, "{section} {own}");
        }
    }
    // What is the program's own says nothing that could be wrong.
    let project = Project::with(
        "struct mine { int x; }; SEC(\"own\") int prog(struct mine *ctx) { return ctx->x; }\n",
    );
    assert_eq!(project.prog().generate().unwrap().warnings, [""; 0]);
}

#[test]
fn under_a_hook_that_no_kernel_has() {
    for (section, declared, says) in [
        (
            "fexit/vfs_unlnik",
            "btf_fexit_vfs_unlink_ctx",
            &[
                "has no hook `fexit/vfs_unlnik`",
                "Similar names: fexit/vfs_unlink",
            ][..],
        ),
        (
            "lsm.s/file_opne",
            "btf_lsm_file_open_ctx",
            &[
                "has no hook `lsm/file_opne`",
                "lsm/file_open",
                "SEC(\"lsm.s\")",
            ],
        ),
        (
            "fentry/dummy",
            "btf_fentry_vfs_unlink_ctx",
            &[
                "has no hook `fentry/dummy`",
                "If what it is attached to is said at run time, its section is SEC(\"fentry\")",
            ],
        ),
        (
            "tp_btf/placeholder",
            "btf_trace_sched_switch_ctx",
            &[
                "has no hook `tp_btf/placeholder`",
                "its section is SEC(\"tp_btf\")",
            ],
        ),
        (
            "kprobe/dummy_kprobe",
            "btf_kprobe_vfs_unlink_ctx",
            &[
                "has no hook `kprobe/dummy_kprobe`",
                "its section is SEC(\"kprobe\")",
            ],
        ),
        (
            "iter/taks",
            "bpf_iter__task",
            &["has no hook `iter/taks`", "iter/task"],
        ),
    ] {
        let project = Project::with(&format!(
            "SEC(\"{section}\") int prog(struct {declared} *ctx) {{ return 0; }}\n"
        ));
        let refusal = project.error();
        let start = format!("SEC(\"{section}\"): its context cannot be struct {declared}: ");
        assert!(refusal.contains(&start), "{refusal}");
        for part in says {
            assert!(refusal.contains(part), "{refusal}");
        }
        assert!(!refusal.contains("should be"), "{refusal}");
    }
}

#[test]
fn under_a_section_without_a_target_of_another_family() {
    let refusal = refusal("fexit", "struct btf_fentry_vfs_unlink_ctx *ctx");
    assert!(
        refusal.contains("its context cannot be struct btf_fentry_vfs_unlink_ctx: "),
        "{refusal}"
    );
}

#[test]
fn all_are_reported_at_once() {
    let project = Project::new();
    let source = |name: &str, text: &str| {
        let text = format!("{}{text}", crate::support::INCLUDES);
        project.file(&format!("{name}.bpf.c"), &text)
    };
    let sources = [
        source(
            "a",
            "SEC(\"lsm/file_open\") int z(struct btf_lsm_task_free_ctx *ctx) { return 0; }\n\
             SEC(\"lsm/file_open\") int y(struct btf_lsm_file_open_ctx *ctx) { return 0; }\n\
             SEC(\"lsm/file_open\") int x(struct btf_lsm_task_free_ctx *ctx) { return 0; }\n",
        ),
        source(
            "b",
            "SEC(\"lsm/task_free\") int w(struct btf_lsm_file_open_ctx *ctx) { return 0; }\n",
        ),
    ];
    let error = project.builder().sources(&sources).generate().unwrap_err();
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().collect();
    for (line, (program, source)) in
        lines
            .iter()
            .zip([("x", &sources[0]), ("z", &sources[0]), ("w", &sources[1])])
    {
        assert!(
            line.starts_with(&format!("{}: program {program}, ", source.display())),
            "{line}"
        );
    }
    assert_eq!(lines.len(), 3, "{text}");
}

#[test]
fn subprograms_take_what_they_like() {
    let project = Project::with(
        "__attribute__((noinline)) int helper(struct btf_lsm_task_free_ctx *ctx) { return 1; }\n\
         SEC(\"lsm/file_open\") int prog(struct btf_lsm_file_open_ctx *ctx)\n\
         { return helper((void *)ctx); }\n",
    );
    project.prog().generate().unwrap();
}

#[test]
fn what_macros_have_relocated_is_told() {
    const READ: &str = "#include <bpf/bpf_core_read.h>\n\
                        SEC(\"kprobe/vfs_unlink\")\n\
                        int prog(struct btf_kprobe_vfs_unlink_ctx *ctx)\n";
    // A compiler that knows the attribute relocates no access to a fixed context.
    let is_relocated = !clang_keeps_offsets();
    for (body, is_told) in [
        (
            "{ return BPF_CORE_READ(ctx->dir, i_flags); }\n",
            is_relocated,
        ),
        (
            "{ struct inode *dir = ctx->dir; return BPF_CORE_READ(dir, i_flags); }\n",
            false,
        ),
    ] {
        let project = Project::with(&format!("{READ}{body}"));
        let warnings = project.prog().generate().unwrap().warnings;
        let told = warnings.iter().any(|warning| {
            warning.contains("prog.bpf.c: prog has an access to its context within a macro")
        });
        assert_eq!(told, is_told, "{body}: {warnings:?}");
        // Relocatable contexts are loaded with what resolves them.
        let relocatable = project.prog().relocatable(true).generate().unwrap();
        assert!(relocatable.warnings.is_empty(), "{body}");
    }
}
