//! Builds against a pinned BTF: what is found by itself, and what is said when it does not suffice.

use std::collections::BTreeMap;
use std::path::Path;

use ctxgen_build::Builder;
use ctxgen_build::Error;

use crate::support::Child;
use crate::support::Order;
use crate::support::Project;
use crate::support::kernel;

const PROGRAM: &str = "
SEC(\"lsm/file_open\")
int prog(struct btf_lsm_file_open_ctx *ctx)
{
	return ctx->file->f_flags;
}
";

/// A package with a pinned BTF of what `PROGRAM` reaches.
fn pinned(order: Order) -> Project {
    let project = Project::with(PROGRAM);
    project.file("Cargo.toml", "");
    let builder = project.builder_for(order);
    let builder = builder.source(project.path("src/prog.bpf.c"));
    builder.pin(project.path(file(order))).unwrap();
    project
}

fn file(order: Order) -> &'static str {
    match order {
        Order::Little => "btf/x86_64.btf",
        Order::Big => "btf/s390x.btf",
    }
}

fn text(project: &Project, order: Order) -> String {
    std::fs::read_to_string(project.path(&format!("{}.txt", file(order)))).unwrap()
}

fn with_pinned(project: &Project, more: &str) -> Result<(), Error> {
    let includes = crate::support::INCLUDES;
    project.file("src/prog.bpf.c", &format!("{includes}{PROGRAM}{more}"));
    let builder = project.prog().btf(project.path(file(Order::Little)));
    builder.generate().map(drop)
}

/// The error's text, once it was seen to say what can be done.
fn stale(project: &Project, more: &str) -> String {
    let error = with_pinned(project, more).unwrap_err();
    assert!(matches!(error, Error::Stale { .. }), "{error}");
    let error = error.to_string();
    assert!(
        error.contains("\nbtf/x86_64.btf is a pinned BTF of kernel-bpfel.o: it has only"),
        "{error}"
    );
    assert!(
        error.ends_with("\n    ctxgen pin -o btf/x86_64.btf --btf VMLINUX src/prog.bpf.c"),
        "{error}"
    );
    error
}

fn made(project: &Project) -> BTreeMap<String, Vec<u8>> {
    let names = [
        "include/vmlinux.h",
        "include/ctx.h",
        "prog.bpf.o",
        "prog.skel.rs",
        "prog.rs",
    ];
    names
        .iter()
        .map(|name| {
            let bytes = std::fs::read(project.path("out").join(name)).unwrap();
            ((*name).to_owned(), bytes)
        })
        .collect()
}

#[test]
fn found_in_the_package() {
    let project = pinned(Order::Little);
    let build = |child: Child<'_>| {
        let said = child.build(|| Builder::new().source("src/prog.bpf.c"));
        (said.unwrap(), made(&project))
    };
    let test = "pinned::found_in_the_package";
    let (_, full) = build(Child::new(test, &project));
    std::fs::remove_dir_all(project.path("out")).unwrap();
    let (said, pinned) = build(Child::new(test, &project).without("CTXGEN_BTF"));
    assert_eq!(pinned, full);
    for file in ["btf/x86_64.btf", "btf/x86_64.btf.txt"] {
        let line = format!("cargo::rerun-if-changed={}\n", project.path(file).display());
        assert!(said.contains(&line), "{said}");
    }
}

#[test]
fn beside_it_stands_what_it_is() {
    for (order, arch) in [(Order::Little, "x86_64"), (Order::Big, "s390x")] {
        let project = pinned(order);
        let text = text(&project, order);
        let size = std::fs::metadata(project.path(file(order))).unwrap().len();
        let name = kernel(order).file_name().unwrap().to_string_lossy();
        for line in [
            format!("kernel: {name}\n"),
            format!("arch: {arch}\n"),
            format!("bytes: {size} of "),
            format!(
                "renew: ctxgen pin -o {} --btf VMLINUX src/prog.bpf.c\n",
                file(order)
            ),
        ] {
            assert!(text.contains(&line), "{text}");
        }
        assert!(!text.contains(&*project.root().to_string_lossy()), "{text}");
    }
}

#[test]
fn a_hook_that_is_not_in_it() {
    let more = "SEC(\"tp_btf/sched_wakeup\")\n\
                int other(struct btf_trace_sched_wakeup_ctx *ctx) { return 0; }\n";
    let error = stale(&pinned(Order::Little), more);
    assert!(
        error.contains("has no hook `tp_btf/sched_wakeup`"),
        "{error}"
    );
}

#[test]
fn a_type_that_has_only_its_name_there() {
    let more = "static int more(struct file *file) { return file->f_inode->i_flags; }\n\
                SEC(\"lsm/file_open\") int other(struct btf_lsm_file_open_ctx *ctx)\n\
                { return more(ctx->file); }\n";
    let error = stale(&pinned(Order::Little), more);
    assert!(
        error.contains("of struct inode it has only the name and the size"),
        "{error}"
    );
    // So it is where the text beside it was lost.
    let project = pinned(Order::Little);
    std::fs::remove_file(project.path("btf/x86_64.btf.txt")).unwrap();
    let error = with_pinned(&project, more).unwrap_err().to_string();
    assert!(error.contains("of struct inode it has only"), "{error}");
    assert!(error.ends_with("--btf VMLINUX src/prog.bpf.c"), "{error}");
}

#[test]
fn a_name_that_is_not_in_it() {
    let project = pinned(Order::Little);
    let error = stale(&project, "struct xdp_md whole;\n");
    assert!(error.contains("is never completed"), "{error}");
    // What is no name of any kernel's is said as ever.
    let error = with_pinned(&project, "int x = ;\n").unwrap_err();
    assert!(matches!(error, Error::Compile { .. }), "{error}");
}

/// A line may be missing in the source or in the pinned BTF: the message names both.
#[test]
fn a_source_without_the_contexts() {
    let project = pinned(Order::Little);
    let includes = crate::support::INCLUDES.replace("#include \"ctx.h\"\n", "");
    project.file("src/prog.bpf.c", &format!("{includes}{PROGRAM}"));
    let builder = project.prog().btf(project.path(file(Order::Little)));
    let error = builder.generate().unwrap_err().to_string();
    assert!(
        error.contains("add `#include \"ctx.h\"` before this\n"),
        "{error}"
    );
    assert!(error.contains("is a pinned BTF of"), "{error}");
}

/// With all types asked for, those that are not there do not become others.
#[test]
fn all_types_are_those_that_are_whole() {
    let project = pinned(Order::Little);
    let builder = project.prog().btf(project.path(file(Order::Little)));
    let builder = builder.vmlinux(ctxgen_build::Vmlinux::Full);
    builder.generate().unwrap();
    let header = project.made("include/vmlinux.h");
    assert!(header.contains("struct file {"), "{header}");
    assert!(header.contains("struct inode;"), "{header}");
    assert!(!header.contains("struct inode {"), "{header}");
}

#[test]
fn what_several_builders_build() {
    let project = Project::with(PROGRAM);
    let other = "SEC(\"tp_btf/sched_wakeup\")\n\
                 int other(struct btf_trace_sched_wakeup_ctx *ctx) { return ctx->p->pid; }\n";
    let includes = crate::support::INCLUDES;
    let second = project.file("src/other.bpf.c", &format!("{includes}{other}"));
    let path = project.path("btf/x86_64.btf");
    let builders = || {
        let second = project.builder().source(&second).relocatable(true);
        [project.prog(), second.hook("iter/task")]
    };
    ctxgen_build::pin(&path, builders()).unwrap();
    for (builder, name) in builders().into_iter().zip(["prog", "other"]) {
        let build = |btf: &Path| {
            builder.clone().btf(btf).generate().unwrap();
            ["include/vmlinux.h".to_owned(), format!("{name}.bpf.o")]
                .map(|name| std::fs::read(project.path("out").join(name)).unwrap())
        };
        assert_eq!(build(&path), build(kernel(Order::Little)));
    }
}
