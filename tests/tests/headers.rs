//! Sources of the field whose own definitions and headers stand beside the generated ones.

use std::process::Command;

use ctxgen_build::Artifacts;
use ctxgen_build::Builder;
use ctxgen_build::Error;
use ctxgen_tests::full;
use ctxgen_tests::running;
use ctxgen_tests::skip;
use ctxgen_tests::workspace;

/// A source, more arguments for clang, and which of its versions do not have them.
const CASES: [(&str, &[&str], &[&str]); 6] = [
    ("05-libc-headers/stddef_before", &[], &[]),
    ("06-uapi-headers/owntcp", &[], &[]),
    ("06-uapi-headers/plain", &[], &[]),
    ("07-c23/c23", &["-std=gnu23"], &["clang-14"]),
    ("15-usdt/min", &[], &[]),
    ("24-own-flavour/tty", &[], &[]),
];

fn build(case: &str, clang: &str, args: &[&str]) -> Option<Result<Artifacts, Error>> {
    let source = workspace().join(format!("../shared/field-cases/{case}.bpf.c"));
    let kernel = running(case)?;
    if !source.exists() {
        skip(case, "the field's sources are not there");
        return None;
    }
    if Command::new(clang).arg("--version").output().is_err() {
        skip(case, &format!("there is no {clang}"));
        return None;
    }
    let out = tempfile::tempdir().unwrap();
    let builder = Builder::new()
        .source(source)
        .btf(kernel.btf)
        .target(format!("{}-unknown-linux-gnu", std::env::consts::ARCH))
        .clang(clang)
        .clang_args(args)
        .out_dir(out.path());
    Some(builder.generate())
}

#[test]
fn own_definitions_and_headers() {
    for clang in ["clang-14", "clang-19"] {
        for (case, args, without) in CASES {
            if without.contains(&clang) {
                continue;
            }
            if let Some(built) = build(case, clang, args) {
                let built = built.unwrap_or_else(|error| panic!("{case}, {clang}: {error}"));
                // They need not have a license.
                let mut warnings = built.warnings.iter();
                let other = warnings.find(|warning| !warning.contains("license"));
                assert_eq!(other, None, "{case}, {clang}");
            }
        }
    }
}

/// The kernel's own contexts, as another kernel has them or as far as the source needs them.
#[test]
fn a_header_of_another_kernel() {
    let Some(kernel) = running("a header of another kernel") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("marked.bpf.c");
    let types = "#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n\
        typedef unsigned int __u32;\n\
        struct __sk_buff { __u32 len; __u32 pkt_type; __u32 mark; };\n\
        #pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)\n\
        struct task_struct { int pid; };\nstruct bpf_iter__task { struct task_struct *task; };\n\
        #pragma clang attribute pop\n#endif\n";
    let text = "#include \"vmlinux.h\"\n#include \"ctx.h\"\n\
        __attribute__((section(\"license\"), used)) char LICENSE[] = \"GPL\";\n\
        __attribute__((section(\"tc\"), used))\n\
        int marked(struct __sk_buff *skb)\n{\n\treturn skb->mark;\n}\n\
        __attribute__((section(\"iter/task\"), used))\n\
        int task(struct bpf_iter__task *ctx)\n{\n\tstruct task_struct *task = ctx->task;\n\n\treturn task && task->pid == 1;\n}\n";
    std::fs::write(folder.path().join("vmlinux.h"), types).unwrap();
    std::fs::write(&source, text).unwrap();
    let built = Builder::new()
        .source(&source)
        .btf(&kernel.btf)
        .target(format!("{}-unknown-linux-gnu", std::env::consts::ARCH))
        .out_dir(folder.path().join("out"))
        .generate()
        .unwrap();
    assert_eq!(built.objects[0].structs, ["__sk_buff", "bpf_iter__task"]);
    assert_eq!(built.warnings, [""; 0]);
}

/// `asm` and `typeof` are words of the GNU dialects alone.
#[test]
fn other_dialects() {
    let Some(kernel) = running("dialects of C") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("chosen.bpf.c");
    let text = "#include \"vmlinux.h\"\n#include \"ctx.h\"\n\
        __attribute__((section(\"license\"), used)) char LICENSE[] = \"GPL\";\n\
        __attribute__((section(\"tp_btf/sched_switch\"), used))\n\
        int chosen(struct btf_trace_sched_switch_ctx *ctx)\n{\n\
        \tstruct task_struct *task = ctx_get(ctx, preempt) ? ctx_get(ctx, next) : ctx_get(ctx, prev);\n\n\
        \treturn task->pid;\n}\n";
    std::fs::write(&source, text).unwrap();
    for dialect in ["c99", "c11", "c17", "gnu17", "c2x"] {
        for relocatable in [false, true] {
            let built = Builder::new()
                .source(&source)
                .btf(&kernel.btf)
                .target(format!("{}-unknown-linux-gnu", std::env::consts::ARCH))
                .clang_args([
                    format!("-std={dialect}"),
                    "-Wall".into(),
                    "-Wextra".into(),
                    "-Wpedantic".into(),
                ])
                .relocatable(relocatable)
                .out_dir(folder.path().join("out"))
                .generate();
            let built = built.unwrap_or_else(|error| panic!("{dialect}: {error}"));
            assert_eq!(built.warnings, [""; 0], "{dialect}");
        }
    }
}

/// CO-RE looks for a type under the name that the access is written with.
#[test]
fn a_typedef_of_the_sources_own() {
    let Some(kernel) = running("a typedef of a kernel's struct") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("aliased.bpf.c");
    let text = "#include \"vmlinux.h\"\n#include \"ctx.h\"\n\
        __attribute__((section(\"license\"), used)) char LICENSE[] = \"GPL\";\n\
        typedef struct task_struct task_t;\n\
        typedef struct btf_trace_sched_switch_ctx ctx_t;\n\
        __attribute__((section(\"tp_btf/sched_switch\"), used))\n\
        int switched(ctx_t *ctx)\n{\n\ttask_t *task = ctx->prev;\n\
        \treturn task->pid + ctx->next->usage.refs.counter;\n}\n";
    std::fs::write(&source, text).unwrap();
    for relocatable in [false, true] {
        let built = Builder::new()
            .source(&source)
            .btf(&kernel.btf)
            .target(format!("{}-unknown-linux-gnu", std::env::consts::ARCH))
            .relocatable(relocatable)
            .out_dir(folder.path().join("out"))
            .generate()
            .unwrap();
        let [warning] = &built.warnings[..] else {
            panic!("{:?}", built.warnings);
        };
        assert!(
            warning.contains(
                "struct task_struct is accessed by switched through its typedef task_t, which the kernel does \
                 not have"
            ) && warning.ends_with("write struct task_struct"),
            "{warning}"
        );
    }
}

#[test]
fn a_function_that_is_misspelt() {
    for clang in ["clang-14", "clang-19"] {
        if let Some(built) = build("10-undeclared/typo", clang, &[]) {
            let error = built.unwrap_err().to_string();
            assert!(error.contains("typo.bpf.c:7:57: error: "), "{error}");
            assert!(error.contains("'bpf_get_curent_pid_tgid'"), "{error}");
        }
    }
}

/// What functions in libbpf's headers use has to be there, whether or not a source names it: a build with
/// all types instead would be a fault, and says so.
#[test]
fn libbpfs_headers_alone() {
    for kernel in full("libbpf's headers alone") {
        let name = &kernel.name;
        let targets = [
            ("amd64", "x86_64"),
            ("arm64", "aarch64"),
            ("s390x", "s390x"),
        ];
        let target = targets.iter().find(|(debian, _)| name.contains(debian));
        let (_, target) = target.unwrap();
        for header in [
            "bpf_tracing.h",
            "bpf_core_read.h",
            "bpf_endian.h",
            "usdt.bpf.h",
        ] {
            let dir = tempfile::tempdir().unwrap();
            let source = dir.path().join("prog.bpf.c");
            let text = format!(
                "#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\n#include <bpf/{header}>\n\
                 char LICENSE[] SEC(\"license\") = \"GPL\";\nint seen;\n\
                 SEC(\"usdt\") int prog(void *ctx) {{ seen = 1; return 0; }}\n"
            );
            std::fs::write(&source, text).unwrap();
            let built = Builder::new()
                .source(&source)
                .btf(&kernel.btf)
                .target(format!("{target}-unknown-linux-gnu"))
                .out_dir(dir.path())
                .generate();
            let made = built.unwrap_or_else(|error| panic!("{name} {header}: {error}"));
            assert_eq!(made.warnings, [""; 0], "{name} {header}");
        }
    }
}
