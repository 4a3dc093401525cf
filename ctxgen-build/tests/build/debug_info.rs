//! Functions of programs in user space that have debug information and no BTF.

mod languages;

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::KernelBtf;
use ctxgen_build::Builder;

use crate::support::Order;
use crate::support::Project;

const C: &str = "
struct pair { long a, b; };
struct triple { long a, b, c; };
struct mixed { double a; int b; };
enum color { RED, BLUE = 7 };
typedef unsigned long size_type;
static volatile int sink;

int handle(struct pair *request, short priority, unsigned char flags, long long deadline)
{
	return request->a + priority + flags + deadline;
}

int small_by_value(struct pair pair, int after) { return pair.a + after; }
int large_by_value(struct triple triple, int after) { return triple.b + after; }
int float_by_value(struct mixed mixed, int after) { return mixed.b + after; }
struct triple large_result(int first) { return (struct triple){ first }; }
int numbers(float f, int first, double d, _Bool second, enum color third) { return f + first + d + second + third; }
size_type named(const char *name, size_type size, int (*call)(int), void **place) { return size + sink; }
int variadic(const char *format, ...) { return sink + *format; }
static inline __attribute__((always_inline)) int only_inlined(int x) { return x * sink; }
static __attribute__((noinline)) int left_out(int unused, int used) { return used * sink; }
static __attribute__((noinline)) double parts(double f, int unused, struct pair pair, int used) { return f + pair.a + used * sink; }
int calls(int x) { struct pair p = { x }; return only_inlined(x) + left_out(x, x + 1) + parts(x, x, p, x); }
int main(int argc, char **argv) { return calls(argc); }
";

/// Runs a compiler in the project; false where there is none of the name.
fn compile(project: &Project, compiler: &str, args: &[&str]) -> bool {
    let mut command = Command::new(compiler);
    command.current_dir(project.root()).args(args);
    match command.output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{compiler} {args:?}: {said}");
            true
        }
        Err(error) => {
            eprintln!("skipped {compiler} {args:?}: {error}");
            false
        }
    }
}

/// The fields of the context of a uprobe on that function, or the error.
fn fields(app: &Path, function: &str) -> Result<Vec<String>, String> {
    let of_kernel = || -> Result<String, ctxgen::Error> {
        let kernel = KernelBtf::from_path(crate::support::kernel(Order::Little))?;
        let kernel = kernel.with_user_file(app)?;
        let hook = format!("btf_uprobe_{function}_ctx").parse()?;
        let context = Context::of_hook(&kernel, &hook)?;
        Ok(ctxgen::render::header(&CtxBtf::new(&kernel, [context])?)?)
    };
    let header = of_kernel().map_err(|error| error.to_string())?;
    Ok(fields_in(&header, function))
}

/// The same by a build.
fn fields_with(
    project: &Project,
    app: &Path,
    function: &str,
    with: impl Fn(Builder) -> Builder,
) -> Result<Vec<String>, String> {
    let hook = format!("uprobe/{}:{function}", app.display());
    let source = project.file(
        "src/prog.bpf.c",
        &format!(
            "{}\nSEC(\"{hook}\")\nint prog(struct btf_uprobe_{function}_ctx *ctx) {{ return 0; }}\n",
            crate::support::INCLUDES
        ),
    );
    let builder = project.builder().source(source).user(app);
    with(builder)
        .generate()
        .map_err(|error| error.to_string())?;
    let header = project.made("include/ctx.h");
    Ok(fields_in(&header, function))
}

fn fields_in(header: &str, function: &str) -> Vec<String> {
    let name = format!("struct btf_uprobe_{function}_ctx {{");
    let (_, own) = header.split_once(&name).unwrap();
    let (own, _) = own.split_once("\n}").unwrap();
    let mut fields: Vec<String> = own
        .lines()
        .filter(|line| line.contains("/*"))
        .map(|line| {
            line.trim()
                .replace("long int", "long")
                .replace("short int", "short")
        })
        .collect();
    // By register, so from the last argument to the first on x86-64.
    fields.reverse();
    fields
}

fn is_x86() -> bool {
    let is = cfg!(target_arch = "x86_64");
    if !is {
        eprintln!("skipped: the registers of these programs are those of x86-64");
    }
    is
}

/// Prototypes are the same for each compiler and each version of DWARF.
#[test]
fn prototypes_of_c() {
    if !is_x86() {
        return;
    }
    let project = Project::new();
    project.file("app.c", C);
    let app = project.path("app");
    for compiler in ["cc", "clang", "clang-19"] {
        for flags in [
            ["-gdwarf-4", "-O0"],
            ["-gdwarf-5", "-O2"],
            ["-gdwarf-5", "-gz"],
            ["-gdwarf-4", "-fdebug-types-section"],
        ] {
            let args = ["app.c", "-w", "-o", "app", flags[0], flags[1]];
            if !compile(&project, compiler, &args) {
                break;
            }
            for (function, expected) in [
                (
                    "handle",
                    &[
                        "struct pair *request; /* di */",
                        "short priority; /* si */",
                        "unsigned char flags; /* dx */",
                        "long long deadline; /* cx */",
                    ][..],
                ),
                ("small_by_value", &["int after; /* dx */"]),
                ("large_by_value", &["int after; /* di */"]),
                ("float_by_value", &[]),
                ("large_result", &["int first; /* si */"]),
                (
                    "numbers",
                    &[
                        "int first; /* di */",
                        "_Bool second; /* si */",
                        "unsigned int third; /* dx */",
                    ],
                ),
                ("variadic", &["const char *format; /* di */"]),
            ] {
                let found = fields(&app, function).unwrap();
                assert_eq!(found, expected, "{compiler} {flags:?} {function}");
            }
            let named = fields(&app, "named").unwrap();
            for (field, start) in named
                .iter()
                .zip(["const char *name;", "", "", "void **place;"])
            {
                assert!(field.starts_with(start), "{compiler} {flags:?}: {named:?}");
            }
            assert_eq!(named.len(), 4, "{compiler} {flags:?}: {named:?}");
        }
    }
}

/// What optimization leaves of a function is not what its source says.
#[test]
fn what_a_compiler_has_changed() {
    if !is_x86() {
        return;
    }
    let project = Project::new();
    project.file("app.c", C);
    let app = project.path("app");
    for compiler in ["cc", "clang", "clang-19"] {
        let args = ["app.c", "-w", "-o", "app", "-g", "-O2"];
        if !compile(&project, compiler, &args) {
            continue;
        }
        let error = fields(&app, "only_inlined").unwrap_err();
        assert!(
            error.contains("inlined at every call"),
            "{compiler}: {error}"
        );
        for function in ["left_out", "parts"] {
            let error = fields(&app, function).unwrap_err();
            let says = [
                "left out or moved",
                "inlined",
                "has made ",
                "its own calling convention",
            ];
            assert!(
                says.iter().any(|says| error.contains(says)),
                "{compiler}: {error}"
            );
        }
    }
}

/// Stripped, with the debug information in a file of its own.
#[test]
fn separate_debug_information() {
    if !is_x86() {
        return;
    }
    let project = Project::new();
    project.file("app.c", C);
    let app = project.path("app");
    let args = [
        "app.c",
        "-w",
        "-o",
        "app",
        "-g",
        "-O2",
        "-Wl,--build-id=0xabcdef0123",
    ];
    if !compile(&project, "cc", &args)
        || !compile(
            &project,
            "objcopy",
            &["--only-keep-debug", "app", "app.debug"],
        )
        || !compile(&project, "objcopy", &["--strip-all", "app"])
    {
        return;
    }
    let root = project.path("debug");
    let with_root = |builder: Builder| builder.debug_root(&root);
    let error = fields_with(&project, &app, "handle", with_root).unwrap_err();
    assert!(error.contains(".build-id/ab/cdef0123.debug"), "{error}");

    // Of another build.
    project.file("debug/.build-id/ab/cdef0123.debug", "");
    let debug = project.path("debug/.build-id/ab/cdef0123.debug");
    let args = [
        "app.c",
        "-w",
        "-o",
        "other",
        "-g",
        "-Wl,--build-id=0xabcdef0124",
    ];
    assert!(compile(&project, "cc", &args));
    std::fs::copy(project.path("other"), &debug).unwrap();
    assert!(fields_with(&project, &app, "handle", with_root).is_err());

    std::fs::copy(project.path("app.debug"), &debug).unwrap();
    let found = fields_with(&project, &app, "handle", with_root).unwrap();
    assert_eq!(found[0], "struct pair *request; /* di */");
    let source = project.path("src/prog.bpf.c");
    let builder = project.builder().source(source).user(&app);
    let built = builder.debug_root(&root).generate().unwrap();
    assert!(built.depends_on.contains(&debug), "{:?}", built.depends_on);

    // By a link that has its checksum.
    std::fs::remove_file(&debug).unwrap();
    let args = ["--add-gnu-debuglink=app.debug", "app"];
    assert!(compile(&project, "objcopy", &args));
    assert!(fields_with(&project, &app, "handle", with_root).is_ok());
}

#[test]
fn several_functions_of_one_name() {
    if !is_x86() {
        return;
    }
    let project = Project::new();
    let source = |ty: &str, name: &str| {
        format!(
            "static int same({ty} x) {{ return (int)(long)x; }}\nint {name}(void) {{ return same(0); }}\n"
        )
    };
    project.file("one.c", &source("int", "one"));
    project.file(
        "main.c",
        "int one(void), two(void); int main(void) { return one() + two(); }",
    );
    let app = project.path("app");
    for (ty, agree) in [("char *", false), ("int", true)] {
        project.file("two.c", &source(ty, "two"));
        let args = ["one.c", "two.c", "main.c", "-g", "-o", "app"];
        if !compile(&project, "cc", &args) {
            return;
        }
        match fields(&app, "same") {
            Ok(found) => assert_eq!((found, agree), (vec!["int x; /* di */".to_owned()], true)),
            Err(error) => {
                assert!(!agree && error.contains("ambiguous"), "{error}");
                assert!(error.contains("same(char *"), "{error}");
            }
        }
    }
}

#[test]
fn what_is_not_read_is_said() {
    let project = Project::new();
    project.file("app.c", C);
    let app = project.path("app");
    if compile(
        &project,
        "cc",
        &["app.c", "-w", "-o", "app", "-g", "-gsplit-dwarf"],
    ) {
        let error = fields(&app, "handle").unwrap_err();
        assert!(error.contains("-gsplit-dwarf"), "{error}");
    }
    for compiler in ["cc", "clang"] {
        let args = ["app.c", "-w", "-o", "app", "-g1", "-O1"];
        if compile(&project, compiler, &args) {
            let error = fields(&app, "handle").unwrap_err();
            assert!(error.contains("-g"), "{compiler}: {error}");
        }
    }
    if compile(&project, "cc", &["app.c", "-w", "-o", "app"]) {
        let error = fields(&app, "handle").unwrap_err();
        assert!(error.contains("neither debug information"), "{error}");
    }
}

/// Debug information is not trusted.
#[test]
fn damaged_debug_information() {
    use object::Object;
    use object::ObjectSection;

    let project = Project::new();
    project.file("app.c", C);
    if !compile(&project, "cc", &["app.c", "-w", "-o", "app", "-g", "-O2"]) {
        return;
    }
    let app = std::fs::read(project.path("app")).unwrap();
    let kernel = || KernelBtf::from_path(crate::support::kernel(Order::Little)).unwrap();
    let file = object::File::parse(&*app).unwrap();
    let mut tried = 0;
    for name in [
        ".debug_info",
        ".debug_abbrev",
        ".debug_str",
        ".debug_loclists",
    ] {
        let Some(section) = file.section_by_name(name) else {
            continue;
        };
        let (start, len) = section.file_range().unwrap();
        for at in (0..len).step_by(len.div_ceil(60) as usize) {
            for value in [0, 0xff, 0x7f] {
                let mut bad = app.clone();
                bad[(start + at) as usize] = value;
                let path: PathBuf = project.path("bad");
                std::fs::write(&path, &bad).unwrap();
                let _ = kernel().with_user_file(&path);
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "{tried}");
}
