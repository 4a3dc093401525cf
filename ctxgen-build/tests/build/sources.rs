//! Sources and the headers that they include: where they may be, how they may be called.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::path::PathBuf;

use ctxgen_build::Artifacts;
use ctxgen_build::Builder;

use crate::support::Child;
use crate::support::INCLUDES;
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

/// What the build depended on besides the kernel BTF, relative to the package.
fn depends_on(project: &Project, artifacts: &Artifacts) -> Vec<String> {
    let btf = kernel(Order::Little);
    assert!(artifacts.depends_on.contains(&btf.to_owned()));
    assert!(artifacts.depends_on.is_sorted());
    artifacts
        .depends_on
        .iter()
        .filter(|path| *path != btf)
        .map(|path| {
            let inside = path.strip_prefix(project.root()).unwrap_or(path);
            inside.display().to_string()
        })
        .collect()
}

#[test]
fn none() {
    let error = Project::new().builder().generate().unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is nothing to build: name a BPF C file with Builder::source"
    );
}

#[test]
fn missing() {
    let project = Project::new();
    assert_eq!(
        project.error(),
        format!(
            "cannot read {}: No such file or directory (os error 2). Name a file that is there",
            project.path("src/prog.bpf.c").display()
        )
    );
}

#[test]
fn missing_at_a_relative_path() {
    let project = Project::new();
    let error = Child::new("sources::missing_at_a_relative_path", &project)
        .build(|| Builder::new().source("src/prog.bpf.c"))
        .unwrap_err();
    assert_eq!(
        error,
        format!(
            "Error: cannot read {}: No such file or directory (os error 2). Name a file that is there",
            project.path("src/prog.bpf.c").display()
        )
    );
}

#[test]
fn of_one_name() {
    let project = Project::new();
    let builder = project.builder().sources(["a/prog.bpf.c", "b/prog.c"]);
    assert_eq!(
        builder.generate().unwrap_err().to_string(),
        "a/prog.bpf.c and b/prog.c would both become `prog`, the name that Builder::object gives or the \
         file name has before its first dot: give one of them another name with Builder::source_as or \
         Builder::obj_as"
    );
}

#[test]
fn given_twice() {
    let project = Project::with(PROGRAM);
    let source = project.path("src/prog.bpf.c");
    let error = project.prog().source(source).generate().unwrap_err();
    assert!(
        error.to_string().contains("would both become `prog`"),
        "{error}"
    );
}

#[test]
fn of_names_that_nothing_can_be_called_by() {
    for name in [".bpf.c", "_.bpf.c", "日本.bpf.c", "src/.."] {
        let error = Project::new().builder().source(name).generate();
        assert_eq!(
            error.unwrap_err().to_string(),
            format!(
                "the file name of {name} gives its skeleton no name: the part before the first dot has \
                 neither an ASCII letter nor a digit. Give it a name with \
                 Builder::source_as(\"name\", {name:?})"
            )
        );
    }
}

#[test]
fn of_any_other_names() {
    let project = Project::new();
    let mut builder = project.builder();
    for name in [
        "my__tool",
        "tool_",
        "__x",
        "accept-latency",
        "9p",
        "my tool (2)",
        "für",
        "self",
    ] {
        let text = format!("{INCLUDES}{PROGRAM}");
        builder = builder.source(project.file(&format!("{name}.bpf.c"), &text));
    }
    builder = builder.source_as("named", project.path("9p.bpf.c"));
    let artifacts = builder.generate().unwrap();
    let types = [
        ("my__tool", "MyTool"),
        ("tool_", "Tool"),
        ("__x", "X"),
        ("accept_latency", "AcceptLatency"),
        ("_9p", "_9p"),
        ("my_tool__2_", "MyTool2"),
        ("f_r", "FR"),
        ("self", "Self"),
        ("named", "Named"),
    ];
    for (object, (name, types)) in artifacts.objects.iter().zip(types) {
        assert_eq!(object.name, name);
        let skeleton = project.made(&format!("{name}.skel.rs"));
        for ty in [
            format!("pub struct {types}SkelBuilder "),
            format!("pub struct Open{types}Skel<"),
            format!("pub struct {types}Skel<"),
        ] {
            assert!(skeleton.contains(&ty), "{name}: {ty}");
        }
        assert!(
            project
                .made(&format!("{name}.rs"))
                .contains(&format!("\"{name}.skel.rs\""))
        );
    }
}

#[test]
fn folders() {
    let project = Project::new();
    std::fs::create_dir_all(project.path("src/prog.bpf.c")).unwrap();
    let error = project.error();
    assert!(error.contains("prog.bpf.c: Is a directory"), "{error}");
}

#[test]
fn relative_paths() {
    let project = Project::with(PROGRAM);
    project.file(
        "src/prog.bpf.c",
        &format!("{INCLUDES}#include \"own.h\"\n{PROGRAM}"),
    );
    project.file("src/own.h", "#define OWN\n");
    let lines = Child::new("sources::relative_paths", &project)
        .env("CTXGEN_BTF", kernel(Order::Little))
        .build(|| Builder::new().source("src/prog.bpf.c"))
        .unwrap();
    let changed: Vec<&str> = lines
        .lines()
        .filter_map(|line| line.strip_prefix("cargo::rerun-if-changed="))
        .filter(|path| Path::new(path) != kernel(Order::Little))
        .collect();
    assert_eq!(changed, ["src/own.h", "src/prog.bpf.c"]);
}

#[test]
fn paths_with_odd_characters() {
    let project = Project::new();
    let folder = "my prógs $HOME #1 %s 'q' (x) [y] & co";
    let source = format!("{folder}/prog.bpf.c");
    let header = format!("{folder}/own header.h");
    project.file(
        &source,
        &format!("{INCLUDES}#include \"own header.h\"\n{PROGRAM}"),
    );
    project.file(&header, "struct btf_lsm_task_free_ctx;\n");
    let artifacts = project
        .builder()
        .source(project.path(&source))
        .generate()
        .unwrap();
    assert_eq!(depends_on(&project, &artifacts), [header, source]);
    assert_eq!(
        artifacts.objects[0].structs,
        ["btf_lsm_file_open_ctx", "btf_lsm_task_free_ctx"]
    );
}

#[test]
fn an_output_folder_with_odd_characters() {
    let project = Project::with(PROGRAM);
    let out = project.path("out 'of': $HOME #1 \"[y]*");
    let artifacts = project.prog().out_dir(&out).generate().unwrap();
    assert_eq!(artifacts.objects[0].object, out.join("prog.bpf.o"));
    assert_eq!(depends_on(&project, &artifacts), ["src/prog.bpf.c"]);
}

#[test]
fn an_output_folder_that_is_a_file() {
    let project = Project::with(PROGRAM);
    let out = project.file("out", "");
    assert_eq!(
        project.error(),
        format!("cannot write {}: File exists (os error 17)", out.display())
    );
}

#[test]
fn headers_in_own_folders() {
    let project = Project::new();
    let source = project.file(
        "src/bpf/prog.bpf.c",
        &format!(
            "{INCLUDES}\
             #include \"beside.h\"\n#include \"../up.h\"\n#include \"sub/down.h\"\n\
             #include \"quoted.h\"\n#include <angled.h>\n#  include   \"spaced.h\"\n{PROGRAM}"
        ),
    );
    for (header, text) in [
        ("src/bpf/beside.h", "struct btf_lsm_task_free_ctx;"),
        ("src/up.h", "struct btf_fentry_vfs_unlink_ctx;"),
        // It finds what is beside itself, not what is beside the source.
        ("src/bpf/sub/down.h", "#include \"deep.h\""),
        ("src/bpf/sub/deep.h", "struct btf_fexit_vfs_unlink_ctx;"),
        ("headers/quoted.h", "struct btf_fentry_put_task_ctx;"),
        ("headers/angled.h", "struct btf_fexit_put_task_ctx;"),
        ("more headers/spaced.h", "struct btf_fentry_vfs_rmdir_ctx;"),
        ("headers/unused.h", "struct btf_fexit_vfs_rmdir_ctx;"),
    ] {
        project.file(header, &format!("#pragma once\n{text}\n"));
    }
    let mut one = std::ffi::OsString::from("-I");
    one.push(project.path("headers"));
    let artifacts = project
        .builder()
        .source(source)
        .clang_args([one, "-I".into(), project.path("more headers").into()])
        .generate()
        .unwrap();
    assert_eq!(
        artifacts.objects[0].structs,
        [
            "btf_fentry_put_task_ctx",
            "btf_fentry_vfs_rmdir_ctx",
            "btf_fentry_vfs_unlink_ctx",
            "btf_fexit_put_task_ctx",
            "btf_fexit_vfs_unlink_ctx",
            "btf_lsm_file_open_ctx",
            "btf_lsm_task_free_ctx",
        ]
    );
    let depends_on = normal(&depends_on(&project, &artifacts));
    assert_eq!(
        depends_on,
        [
            "headers/angled.h",
            "headers/quoted.h",
            "more headers/spaced.h",
            "src/bpf/beside.h",
            "src/bpf/prog.bpf.c",
            "src/bpf/sub/deep.h",
            "src/bpf/sub/down.h",
            "src/up.h",
        ]
    );
}

/// Paths without `..`, sorted.
fn normal(paths: &[String]) -> Vec<String> {
    let one = |path: &String| {
        let mut normal = PathBuf::new();
        for component in Path::new(path).components() {
            match component.as_os_str() == ".." {
                true => drop(normal.pop()),
                false => normal.push(component),
            }
        }
        normal.display().to_string()
    };
    let mut paths: Vec<String> = paths.iter().map(one).collect();
    paths.sort();
    paths
}

#[test]
fn a_header_in_two_sources_and_twice_in_one() {
    let project = Project::new();
    project.file(
        "common.h",
        "#ifndef COMMON_H\n#define COMMON_H\n#include \"common.h\"\n\
         static inline int opened(struct btf_lsm_file_open_ctx *ctx)\n\
         { return ctx->file->f_flags; }\n#endif\n",
    );
    let sources = ["a", "b"].map(|name| {
        let text = format!(
            "{INCLUDES}#include \"common.h\"\n#include \"./common.h\"\n\
             SEC(\"lsm/file_open\") int {name}(struct btf_lsm_file_open_ctx *ctx)\n\
             {{ return opened(ctx); }}\n"
        );
        project.file(&format!("{name}.bpf.c"), &text)
    });
    let artifacts = project.builder().sources(sources).generate().unwrap();
    for object in &artifacts.objects {
        assert_eq!(object.structs, ["btf_lsm_file_open_ctx"]);
    }
    let depends_on = depends_on(&project, &artifacts);
    let mut files = normal(&depends_on);
    files.dedup();
    assert_eq!(files, ["a.bpf.c", "b.bpf.c", "common.h"]);
}

#[test]
fn headers_that_the_preprocessor_skips_do_not_count() {
    let project = Project::with("#if 0\n#include \"skipped.h\"\n#endif\n");
    project.file("src/skipped.h", "struct btf_lsm_file_open_ctx;\n");
    let artifacts = project.prog().generate().unwrap();
    assert_eq!(artifacts.objects[0].structs, [""; 0]);
    assert_eq!(depends_on(&project, &artifacts), ["src/prog.bpf.c"]);
}

#[test]
fn comments_strings_and_own_definitions_ask_for_nothing() {
    let project = Project::with(
        "// struct btf_lsm_a_ctx\n/* struct btf_lsm_b_ctx */\n\
         const char text[] = \"struct btf_lsm_c_ctx\";\n\
         struct btf_lsm_d_ctx { u64 own; };\n\
         int f(struct btf_lsm_d_ctx *d) { return d->own; }\n\
         struct __attribute__((packed)) btf_lsm_e_ctx { u64 own; };\n\
         struct btf_lsm_file_open_ctx___old { u64 own; };\n",
    );
    let artifacts = project.prog().generate().unwrap();
    assert_eq!(artifacts.objects[0].structs, [""; 0]);
    assert!(!project.made("include/ctx.h").contains("struct btf_"));
}

#[test]
fn a_source_without_programs() {
    let project = Project::with("");
    let artifacts = project.prog().generate().unwrap();
    assert_eq!(artifacts.objects[0].structs, [""; 0]);
}

#[test]
fn a_source_that_is_not_utf_8() {
    let project = Project::with(PROGRAM);
    let path = project.path("src/prog.bpf.c");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend_from_slice(b"/* \xff\xfe J\xf6rg */\n");
    std::fs::write(&path, bytes).unwrap();
    let artifacts = project.prog().generate().unwrap();
    assert_eq!(artifacts.objects[0].structs, ["btf_lsm_file_open_ctx"]);
}

#[test]
fn macros_from_arguments() {
    let project = Project::with(
        "#ifdef WANTED\nSEC(\"lsm/file_open\")\n\
         int prog(struct btf_lsm_file_open_ctx *ctx) { return WANTED; }\n#endif\n",
    );
    project
        .prog()
        .clang_args(["-DWANTED=1"])
        .generate()
        .unwrap();
    let skeleton = project.made("prog.skel.rs");
    assert!(skeleton.contains(".prog(\"prog\")"), "{skeleton}");
}

#[test]
fn the_architecture_is_defined() {
    for (order, arch) in [(Order::Little, "x86"), (Order::Big, "s390")] {
        let project = Project::with(&format!(
            "#ifndef __TARGET_ARCH_{arch}\n#error no __TARGET_ARCH_{arch}\n#endif\n"
        ));
        let source = project.path("src/prog.bpf.c");
        project
            .builder_for(order)
            .source(source)
            .generate()
            .unwrap();
    }
}

/// Neither a folder's nor a source's path need be text.
#[test]
fn folders_that_are_no_text() {
    let project = Project::with(PROGRAM);
    let folder = project.root().join(OsStr::from_bytes(b"\xff\xfe"));
    fs::create_dir_all(&folder).unwrap();
    let source = folder.join("other.bpf.c");
    fs::write(&source, "#include \"own.h\"\nint own = OWN;\n").unwrap();
    fs::write(folder.join("own.h"), "#define OWN 1\n").unwrap();
    let artifacts = project
        .prog()
        .source(&source)
        .out_dir(folder.join("out"))
        .generate()
        .unwrap();
    for path in [source, folder.join("own.h")] {
        assert!(artifacts.depends_on.contains(&path), "{artifacts:?}");
    }
}
