//! The ten mistakes that newcomers make, in the order in which they come to them. Each message says what to do.

use std::path::PathBuf;

use ctxgen_build::Builder;

use crate::support::INCLUDES;
use crate::support::LICENSE;
use crate::support::PROGRAM;
use crate::support::Project;

/// What is done wrong.
struct Mistake {
    what: &'static str,
    /// The text of `src/prog.bpf.c`.
    source: String,
    set_up: fn(&Project, Builder) -> Builder,
    /// What the message has to say: what is wrong, and what to do.
    says: &'static [&'static str],
}

fn as_usual(_: &Project, builder: Builder) -> Builder {
    builder
}

/// A program in a source that is otherwise right.
fn program(text: &str) -> String {
    format!("{INCLUDES}#include <bpf/bpf_tracing.h>\n{text}{LICENSE}")
}

fn mistakes() -> [Mistake; 9] {
    [
        Mistake {
            what: "clang is missing",
            source: program(PROGRAM),
            set_up: |_, builder| builder.clang("/nowhere/clang"),
            says: &[
                "cannot run clang as `/nowhere/clang`",
                "apt-get install clang",
            ],
        },
        Mistake {
            what: "no BTF at the path",
            source: program(PROGRAM),
            set_up: |project, builder| builder.btf(project.path("vmlinux.btf")),
            says: &["vmlinux.btf", "No such file or directory", "Builder::btf"],
        },
        Mistake {
            what: "the source is elsewhere",
            source: program(PROGRAM),
            set_up: |project, builder| builder.source(project.path("src/bpf/guard.bpf.c")),
            says: &[
                "src/bpf/guard.bpf.c",
                "No such file or directory",
                "Name a file that is there",
            ],
        },
        Mistake {
            what: "ctx.h is not included",
            source: program(PROGRAM).replace("#include \"ctx.h\"\n", ""),
            set_up: as_usual,
            says: &["#include \"ctx.h\""],
        },
        Mistake {
            what: "a hook is misspelt",
            source: program(
                "SEC(\"fexit/vfs_unlnk\")\nint prog(struct btf_fexit_vfs_unlnk_ctx *ctx)\n{\n\treturn 0;\n}\n",
            ),
            set_up: as_usual,
            says: &["fexit/vfs_unlnk", "Similar names: fexit/vfs_unlink"],
        },
        Mistake {
            what: "the struct is another hook's",
            source: program(
                "SEC(\"fexit/vfs_unlink\")\nint prog(struct btf_fentry_vfs_unlink_ctx *ctx)\n{\n\treturn \
                 !ctx->dentry;\n}\n",
            ),
            set_up: as_usual,
            says: &["fexit/vfs_unlink", "struct btf_fexit_vfs_unlink_ctx"],
        },
        Mistake {
            what: "BPF_PROG takes a kprobe's registers for slots",
            source: program(
                "SEC(\"kprobe/vfs_unlink\")\nint BPF_PROG(prog, struct inode *dir, struct dentry *dentry)\n{\n\t\
                 return !dentry;\n}\n",
            ),
            set_up: as_usual,
            says: &["kprobe/vfs_unlink", "struct btf_kprobe_vfs_unlink_ctx"],
        },
        Mistake {
            what: "the returned value of a function that returns none",
            source: program(
                "SEC(\"fexit/put_task\")\nint prog(struct btf_fexit_put_task_ctx *ctx)\n{\n\treturn \
                 !ctx->ret;\n}\n",
            ),
            set_up: as_usual,
            says: &["put_task", "returns nothing"],
        },
        Mistake {
            what: "no license",
            source: format!(
                "{INCLUDES}SEC(\"tp_btf/sched_switch\")\nint prog(struct btf_trace_sched_switch_ctx *ctx)\n{{\n\t\
                 bpf_printk(\"%d\", ctx->next->pid);\n\treturn 0;\n}}\n"
            ),
            set_up: as_usual,
            says: &[
                "needs a license",
                "Write char LICENSE[] SEC(\"license\") = \"GPL\";",
            ],
        },
    ]
}

#[test]
fn each_message_says_what_to_do() {
    for mistake in mistakes() {
        let project = Project::new();
        let source: PathBuf = project.file("src/prog.bpf.c", &mistake.source);
        let builder = (mistake.set_up)(&project, project.builder().source(source));
        let said = match builder.generate() {
            Err(error) => error.to_string(),
            Ok(artifacts) => artifacts.warnings.join("\n"),
        };
        println!("{}:\n{said}\n", mistake.what);
        for says in mistake.says {
            assert!(said.contains(says), "{}: {says}\n{said}", mistake.what);
        }
    }
}

/// The tenth: `include_bpf!` asks for an object by a name that is none's.
#[test]
fn another_name_than_the_objects() {
    let project = Project::with(PROGRAM);
    project.prog().generate().unwrap();
    let said = project.made("include_bpf.macro.rs");
    for says in [
        "no BPF object of this package's build script is called",
        "It makes: prog.",
    ] {
        assert!(said.contains(says), "{said}");
    }
}

/// The eleventh, where a feature is left out: the kernel's image for its BTF.
#[cfg(not(feature = "images"))]
#[test]
fn an_image_without_the_feature() {
    let project = Project::with(PROGRAM);
    let image = project.path("vmlinuz.xz");
    std::fs::write(&image, b"\xfd7zXZ\0\0\x04").unwrap();
    let said = project
        .prog()
        .btf(image)
        .generate()
        .unwrap_err()
        .to_string();
    assert!(said.contains("feature `images`"), "{said}");
}
