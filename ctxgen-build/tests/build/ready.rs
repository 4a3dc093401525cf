//! Ready-made objects, and skeletons that refer to their objects.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use ctxgen_build::Builder;
use ctxgen_build::Error;

use crate::support::Order;
use crate::support::PROGRAM;
use crate::support::Project;
use crate::support::kernel_with;
use crate::support::later_kernel;

/// The object of `text`, which another package has built.
fn prebuilt(text: &str, order: Order) -> (Project, PathBuf) {
    let project = Project::with(text);
    let source = project.path("src/prog.bpf.c");
    let builder = project.builder_for(order).source(source);
    builder.generate().unwrap();
    let object = project.path("out/prog.bpf.o");
    (project, object)
}

/// A builder without a clang.
fn builder(project: &Project, order: Order) -> Builder {
    project.builder_for(order).clang("/no/clang")
}

/// What building this object fails with.
fn error(object: &Path) -> Error {
    let project = Project::new();
    let builder = builder(&project, Order::Little).obj(object);
    builder.generate().unwrap_err()
}

#[test]
fn need_no_clang_and_have_what_built_ones_have() {
    for order in Order::BOTH {
        let (built, object) = prebuilt(PROGRAM, order);
        let project = Project::new();
        let artifacts = builder(&project, order).obj(&object).generate().unwrap();
        assert_eq!(artifacts.warnings, [""; 0]);
        let [made] = &artifacts.objects[..] else {
            panic!("{artifacts:?}");
        };
        assert_eq!(made.name, "prog");
        assert_eq!(made.structs, ["btf_lsm_file_open_ctx"]);
        assert!(artifacts.depends_on.contains(&object));
        let copied = std::fs::read(&made.object).unwrap();
        assert_eq!(copied, std::fs::read(&object).unwrap());
        for file in ["prog.skel.rs", "prog.rs", "prog.bpf.rs"] {
            assert_eq!(project.made(file), built.made(file), "{file}");
        }
        #[cfg(feature = "bindgen")]
        assert_eq!(project.made("prog.ctx.rs"), built.made("prog.ctx.rs"));
    }
}

#[test]
fn are_used_as_clang_writes_them() {
    let (built, _) = prebuilt(PROGRAM, Order::Little);
    let project = Project::new();
    let object = project.path("prog.bpf.o");
    let status = Command::new("clang")
        .args(["-target", "bpfel", "-g", "-O2", "-D__TARGET_ARCH_x86", "-I"])
        .arg(built.path("out/include"))
        .arg("-c")
        .arg(built.path("src/prog.bpf.c"))
        .arg("-o")
        .arg(&object)
        .status()
        .unwrap();
    assert!(status.success());
    let artifacts = builder(&project, Order::Little)
        .obj_as("guard", &object)
        .generate()
        .unwrap();
    assert_eq!(artifacts.warnings, [""; 0]);
    let skeleton = project.made("guard.skel.rs");
    assert!(skeleton.contains("pub struct GuardSkelBuilder "));
    assert_eq!(
        std::fs::read(project.path("out/guard.bpf.o")).unwrap(),
        std::fs::read(&object).unwrap()
    );
    // What it was made of is in it: nothing more is kept.
    assert!(!project.path("out/guard.debug0.o").exists());
}

#[test]
fn are_in_one_build_with_sources_in_order() {
    let (_built, object) = prebuilt(PROGRAM, Order::Little);
    let other =
        "SEC(\"lsm/task_free\") int other(struct btf_lsm_task_free_ctx *ctx) { return 0; }\n";
    let project = Project::with(other);
    let source = project.path("src/prog.bpf.c");
    let builder = project
        .builder()
        .obj_as("first", &object)
        .source_as("second", &source)
        .obj_as("third", &object);
    let artifacts = builder.clone().generate().unwrap();
    let made = artifacts.objects.iter();
    let made: Vec<_> = made.map(|made| (&*made.name, &*made.structs[0])).collect();
    let expected = [
        ("first", "btf_lsm_file_open_ctx"),
        ("second", "btf_lsm_task_free_ctx"),
        ("third", "btf_lsm_file_open_ctx"),
    ];
    assert_eq!(made, expected);

    let error = builder.obj(source.with_file_name("second.o")).generate();
    let said = error.unwrap_err().to_string();
    assert!(said.contains("would both become `second`"), "{said}");
}

#[test]
fn are_copied_again_if_they_change() {
    let (_one, first) = prebuilt(PROGRAM, Order::Little);
    let (_two, second) = prebuilt(&format!("{PROGRAM}u32 count;\n"), Order::Little);
    let project = Project::new();
    let object = project.path("prog.bpf.o");
    let made = || {
        let builder = builder(&project, Order::Little).obj(&object);
        builder.generate().unwrap();
        let file = std::fs::metadata(project.path("out/prog.bpf.o")).unwrap();
        (project.made("prog.skel.rs"), file.modified().unwrap())
    };
    std::fs::copy(&first, &object).unwrap();
    let before = made();
    assert_eq!(made(), before);
    std::fs::copy(&second, &object).unwrap();
    let after = made();
    assert_ne!(after, before);
    assert!(after.0.contains("pub count: u32,"));
}

#[test]
fn are_checked() {
    // Built for another kernel, whose hook has another argument there.
    let text = "SEC(\"fexit/vfs_unlink\") int prog(struct btf_fexit_vfs_unlink_ctx *ctx)\n\
                {\n\treturn ctx->dentry != 0 && ctx->ret;\n}\n";
    let project = Project::with(text);
    project
        .prog()
        .btf(later_kernel(Order::Little))
        .generate()
        .unwrap();
    let object = project.path("out/prog.bpf.o");
    let said = error(&object).to_string();
    let start = format!("{}", object.display());
    assert!(said.starts_with(&start), "{said}");
    let expected = "its context cannot be struct btf_fexit_vfs_unlink_ctx: the object was built for a \
                    kernel whose prototype differs (";
    assert!(said.contains(expected), "{said}");

    // With a hook that the kernel does not have.
    let text = "SEC(\"fentry/check_ptr_off_reg\") int prog(struct btf_fentry_check_ptr_off_reg_ctx *ctx)\n\
                {\n\treturn 0;\n}\n";
    let project = Project::with(text);
    let later = kernel_with("7.2-takes", Order::Little, &["-DTAKES_MODIFIED"]);
    project.prog().btf(later).generate().unwrap();
    let object = project.path("out/prog.bpf.o");
    let said = error(&object).to_string();
    let start = format!(
        "{}: struct btf_fentry_check_ptr_off_reg_ctx: ",
        object.display()
    );
    assert!(said.starts_with(&start), "{said}");
}

#[test]
fn with_relocatable_contexts() {
    let project = Project::with(PROGRAM);
    project.prog().relocatable(true).generate().unwrap();
    let object = project.path("out/prog.bpf.o");
    let other = Project::new();
    let builder = builder(&other, Order::Little).obj(&object);
    let artifacts = builder.clone().relocatable(true).generate().unwrap();
    assert_eq!(artifacts.warnings, [""; 0]);
    #[cfg(feature = "bindgen")]
    assert_eq!(other.made("prog.ctx.rs"), project.made("prog.ctx.rs"));

    let artifacts = builder.generate().unwrap();
    let [warning] = &artifacts.warnings[..] else {
        panic!("{artifacts:?}");
    };
    let start = format!("{}: ", object.display());
    assert!(warning.starts_with(&start), "{warning}");
    assert!(warning.contains("Builder::relocatable(true)"), "{warning}");
}

#[test]
fn that_are_none() {
    let project = Project::new();
    let missing = project.path("missing.bpf.o");
    let said = error(&missing).to_string();
    let expected = format!("cannot read {}: ", missing.display());
    assert!(said.starts_with(&expected), "{said}");

    let text = project.file("text.bpf.o", "no object\n");
    let said = error(&text).to_string();
    let expected = format!("cannot read the programs of {}: ", text.display());
    assert!(said.starts_with(&expected), "{said}");

    let (_big, object) = prebuilt(PROGRAM, Order::Big);
    let said = error(&object).to_string();
    let expected = "it is big-endian, and the target kernel is little-endian";
    assert!(said.ends_with(expected), "{said}");
}

#[test]
fn have_their_contexts_in_pinned_btf() {
    let (_built, object) = prebuilt(PROGRAM, Order::Little);
    let project = Project::new();
    let pinned = project.path("pinned.btf");
    let builder = builder(&project, Order::Little).obj(&object);
    builder.clone().pin(&pinned).unwrap();
    let note = std::fs::read_to_string(project.path("pinned.btf.txt")).unwrap();
    assert!(note.contains("lsm/file_open"), "{note}");
    builder.btf(&pinned).generate().unwrap();
}

#[test]
fn skeletons_that_refer_to_objects() {
    let project = Project::with(PROGRAM);
    let own = project.path("own.skel.rs");
    let build = |reference: bool, rustfmt: Option<&str>| {
        let mut builder = project.prog().skeleton("prog", &own);
        builder.apply(|builder| builder.reference_obj(reference));
        if let Some(rustfmt) = rustfmt {
            builder.apply(|builder| builder.rustfmt(rustfmt));
        }
        builder.generate().unwrap();
        let own = std::fs::read_to_string(&own).unwrap();
        (project.made("prog.skel.rs"), own)
    };
    let object = std::fs::read(project.path("out/prog.bpf.o"));
    assert!(object.is_err());
    for rustfmt in [None, Some("rustfmt")] {
        let (inline, own) = build(false, rustfmt);
        assert_eq!(inline, own);
        assert!(!inline.contains("include_bytes!"));
        let (reference, own) = build(true, rustfmt);
        let len = std::fs::metadata(project.path("out/prog.bpf.o"))
            .unwrap()
            .len();
        let data = format!("static DATA: [u8; {len}] = *include_bytes!(\"prog.bpf.o\");\n");
        assert!(reference.contains(&data), "{reference}");
        assert_eq!(own, inline);
    }
}
