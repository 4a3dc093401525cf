//! One object of several sources.

use ctxgen_build::Artifacts;
use ctxgen_build::Builder;
use ctxgen_build::Error;

use crate::support::INCLUDES;
use crate::support::LICENSE;
use crate::support::Order;
use crate::support::Project;

const HEADER: &str = "
struct step { u64 count; };
struct steps {
	__uint(type, 2);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, struct step);
};
extern struct steps steps SEC(\".maps\");
extern u64 total;
int note(u32 key);
";

const MAIN: &str = "
SEC(\"lsm/file_open\")
int opened(struct btf_lsm_file_open_ctx *ctx)
{
	total += ctx->file->f_flags;
	return note(3);
}
";

const LIB: &str = "
struct steps steps SEC(\".maps\");
u64 total = 40;

__attribute__((noinline)) int note(u32 key)
{
	struct step *step = bpf_map_lookup_elem(&steps, &key);

	if (step)
		step->count++;
	return 0;
}

SEC(\"fexit/vfs_unlink\")
int unlinked(struct btf_fexit_vfs_unlink_ctx *ctx)
{
	return ctx->ret;
}
";

/// Two sources with a header of both.
fn project(main: &str, lib: &str) -> Project {
    let project = Project::new();
    project.file("src/lib.h", HEADER);
    let own = "#include \"lib.h\"\n";
    project.file("src/main.bpf.c", &format!("{INCLUDES}{own}{LICENSE}{main}"));
    project.file("src/lib.bpf.c", &format!("{INCLUDES}{own}{lib}"));
    project
}

fn builder(project: &Project, order: Order) -> Builder {
    let sources = ["src/main.bpf.c", "src/lib.bpf.c"].map(|name| project.path(name));
    project.builder_for(order).object("tool", sources)
}

fn made(project: &Project) -> Artifacts {
    builder(project, Order::Little).generate().unwrap()
}

#[test]
fn have_one_skeleton_and_the_contexts_of_all() {
    for order in Order::BOTH {
        let project = project(MAIN, LIB);
        let artifacts = builder(&project, order).generate().unwrap();
        assert_eq!(artifacts.warnings, [""; 0]);
        let [object] = &artifacts.objects[..] else {
            panic!("{artifacts:?}");
        };
        assert_eq!(object.name, "tool");
        assert_eq!(
            object.structs,
            ["btf_fexit_vfs_unlink_ctx", "btf_lsm_file_open_ctx"]
        );
        let skeleton = project.made("tool.skel.rs");
        for part in [
            ".prog(\"opened\")",
            ".prog(\"unlinked\")",
            ".map(\"steps\", false)",
            "pub struct ToolSkelBuilder ",
            "pub total: u64,",
            "pub struct step {",
        ] {
            assert!(skeleton.contains(part), "{part}");
        }
        for file in ["main.bpf.c", "lib.bpf.c", "lib.h"] {
            let path = project.path(&format!("src/{file}"));
            assert!(artifacts.depends_on.contains(&path), "{file}");
        }
        #[cfg(feature = "bindgen")]
        {
            let bindings = project.made("tool.ctx.rs");
            assert!(bindings.contains("pub struct btf_fexit_vfs_unlink_ctx"));
            assert!(bindings.contains("pub struct btf_lsm_file_open_ctx"));
        }
        let mut names: Vec<String> = std::fs::read_dir(project.path("out"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("tool") || name.starts_with("main"))
            .collect();
        names.sort();
        let bindings = cfg!(feature = "bindgen").then_some("tool.ctx.rs");
        let expected = ["tool.bpf.o", "tool.bpf.rs"].into_iter().chain(bindings);
        let expected = expected.chain(["tool.inputs", "tool.rs", "tool.skel.rs"]);
        assert_eq!(names, expected.collect::<Vec<_>>());
    }
}

#[test]
fn relocatable() {
    let project = project(MAIN, LIB);
    builder(&project, Order::Little)
        .relocatable(true)
        .generate()
        .unwrap();
}

#[test]
fn are_made_again_if_one_of_them_changes() {
    let project = project(MAIN, LIB);
    let time = || {
        let file = std::fs::metadata(project.path("out/tool.bpf.o")).unwrap();
        file.modified().unwrap()
    };
    made(&project);
    let first = time();
    made(&project);
    assert_eq!(time(), first);
    for (file, text) in [
        ("lib.bpf.c", "u64 one = 1;\n"),
        ("main.bpf.c", "u64 two = 2;\n"),
    ] {
        let before = time();
        let path = project.path(&format!("src/{file}"));
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{whole}{text}")).unwrap();
        made(&project);
        assert_ne!(time(), before, "{file}");
    }
    assert!(project.made("tool.skel.rs").contains("pub two: u64,"));
}

#[test]
fn keep_the_warnings_of_each_from_one_build_to_the_next() {
    let [main, lib] = ["main", "lib"].map(|name| format!("#warning \"of {name}\"\n"));
    let project = project(&format!("{main}{MAIN}"), &format!("{lib}{LIB}"));
    for _ in 0..2 {
        let warnings = made(&project).warnings.concat();
        let [main, lib] = ["of main", "of lib"].map(|text| warnings.find(text).unwrap());
        assert!(main < lib, "{warnings}");
    }
}

#[test]
fn a_source_may_be_of_several() {
    let project = project(MAIN, LIB);
    let path = |name: &str| project.path(&format!("src/{name}.bpf.c"));
    let artifacts = builder(&project, Order::Little)
        .object("other", [path("main"), path("lib")])
        .source_as("alone", path("lib"))
        .generate()
        .unwrap();
    let names: Vec<&str> = artifacts
        .objects
        .iter()
        .map(|object| &*object.name)
        .collect();
    assert_eq!(names, ["tool", "other", "alone"]);
}

#[test]
fn that_do_not_fit() {
    for (main, lib, expected) in [
        // A function in both.
        (
            "__attribute__((noinline)) int note(u32 key) { return key; }\n",
            "__attribute__((noinline)) int note(u32 key) { return 0; }\n",
            "(note) definition in '",
        ),
        // Two types of one variable.
        (
            "extern u32 other; SEC(\"lsm/file_open\") \
             int opened(struct btf_lsm_file_open_ctx *ctx) { return other; }\n",
            "u64 other = 1;\n",
            "incompatible",
        ),
    ] {
        let project = project(main, lib);
        let error = builder(&project, Order::Little).generate().unwrap_err();
        let error = error.to_string();
        let [main, lib] = ["main", "lib"].map(|name| project.path(&format!("src/{name}.bpf.c")));
        let start = format!(
            "libbpf cannot link what clang made of {} and {}: ",
            main.display(),
            lib.display()
        );
        assert!(error.starts_with(&start), "{error}");
        assert!(error.contains(expected), "{error}");
        assert!(
            !error.contains(".0.o") && !error.contains(".1.o"),
            "{error}"
        );
    }
}

#[test]
fn that_lack_something() {
    let project = project(MAIN, "u64 total;\n");
    let error = builder(&project, Order::Little).generate().unwrap_err();
    let error = error.to_string();
    for part in ["main.bpf.c and ", "lib.bpf.c: ", "note"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn with_a_context_that_is_anothers() {
    let wrong =
        "SEC(\"lsm/file_open\") int wrong(struct btf_lsm_task_free_ctx *ctx) { return 0; }\n";
    let project = project(MAIN, &format!("{LIB}{wrong}"));
    let error = builder(&project, Order::Little).generate().unwrap_err();
    let error = error.to_string();
    assert!(error.contains("lib.bpf.c: program wrong, "), "{error}");
}

/// What is said of a program begins with its own source, and names no other.
#[test]
fn are_told_apart_in_what_is_said_of_a_program() {
    let inlined = "
static __always_inline int next(u64 *slots) { return slots[1] > total ? slots[1] : 1; }
static __always_inline int from_header(int x) { return of_header(x) + 1; }
SEC(\"lsm/file_open\")
int wrong(struct btf_lsm_task_free_ctx *ctx) { return from_header(total); }
SEC(\"kprobe/vfs_unlink\")
int misread(u64 *ctx) { return next(ctx); }
SEC(\"sockets1\")
int unknown(struct xdp_md *ctx) { return from_header(ctx->data); }
";
    let project = project(MAIN, &format!("{LIB}{inlined}"));
    let header =
        format!("{HEADER}static __always_inline int of_header(int x) {{ return total * x; }}\n");
    project.file("src/lib.h", &header);
    let error = builder(&project, Order::Little).generate().unwrap_err();
    let Error::Mismatch(mismatches) = error else {
        panic!("{error}");
    };
    let path = project.path("src/lib.bpf.c");
    let found: Vec<_> = mismatches
        .iter()
        .map(|found| (&*found.program, &found.source))
        .collect();
    assert_eq!(found, [("misread", &path), ("wrong", &path)]);

    let unknown = "SEC(\"sockets1\")\n\
                   int unknown(struct xdp_md *ctx) { bpf_printk(\"x\"); return ctx->data; }\n";
    let project = self::project(MAIN, &format!("{LIB}{unknown}"));
    let main = std::fs::read_to_string(project.path("src/main.bpf.c")).unwrap();
    project.file("src/main.bpf.c", &main.replace(LICENSE, ""));
    let artifacts = made(&project);
    let start = format!(
        "{}: program unknown, ",
        project.path("src/lib.bpf.c").display()
    );
    let about = |part: &str| {
        let mut warnings = artifacts.warnings.iter();
        warnings.find(|warning| warning.contains(part)).unwrap()
    };
    let about_section = about("libbpf knows no such section");
    assert!(about_section.starts_with(&start), "{about_section}");
    let license = about("needs a license");
    let start = format!("{}: opened ", project.path("src/main.bpf.c").display());
    assert!(license.starts_with(&start), "{license}");
}

#[test]
fn pinned() {
    let project = project(MAIN, LIB);
    let pinned = project.path("pinned.btf");
    builder(&project, Order::Little).pin(&pinned).unwrap();
    made(&project);
    let whole = std::fs::read(project.path("out/tool.bpf.o")).unwrap();
    std::fs::remove_dir_all(project.path("out")).unwrap();
    builder(&project, Order::Little)
        .btf(&pinned)
        .generate()
        .unwrap();
    assert_eq!(
        std::fs::read(project.path("out/tool.bpf.o")).unwrap(),
        whole
    );
}
