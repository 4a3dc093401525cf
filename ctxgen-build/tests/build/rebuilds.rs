//! What is made again by a second build, and what is not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::SystemTime;

use ctxgen_build::Artifacts;
use ctxgen_build::Builder;
use ctxgen_build::Vmlinux;

use crate::clang::fake;
use crate::support::INCLUDES;
use crate::support::Order;
use crate::support::Project;
use crate::support::kernel;
use crate::support::kernel_with;
use crate::support::later_kernel;

fn source(name: &str, header: &str) -> String {
    format!(
        "{INCLUDES}#include \"{header}\"\nSEC(\"lsm/file_open\")\n\
         int {name}(struct btf_lsm_file_open_ctx *ctx)\n{{\n\treturn ctx->file->f_flags & FLAG;\n}}\n"
    )
}

/// A package with two sources that have a header each, and a clang that keeps count.
struct Package {
    project: Project,
    clang: PathBuf,
}

impl Package {
    fn new() -> Self {
        let project = Project::new();
        for name in ["a", "b"] {
            let header = format!("{name}.h");
            project.file(&format!("src/{name}.bpf.c"), &source(name, &header));
            project.file(&format!("src/{header}"), "#define FLAG 1\n");
        }
        let log = project.path("log");
        let clang = fake(
            &project,
            &format!("echo \"$@\" >> {}\nexec clang \"$@\"", log.display()),
        );
        Self { project, clang }
    }

    fn builder(&self) -> Builder {
        let sources = ["a", "b"].map(|name| self.project.path(&format!("src/{name}.bpf.c")));
        let builder = self.project.builder().sources(sources);
        builder.clang(&self.clang)
    }

    /// The sources that were compiled, by their names, and what the build has to tell.
    fn run(&self, builder: Builder) -> (String, Artifacts) {
        let log = self.project.path("log");
        let _ = fs::remove_file(&log);
        let artifacts = builder.generate().unwrap();
        let log = fs::read_to_string(log).unwrap();
        let mut compiled: Vec<&str> = log
            .lines()
            .filter_map(|line| line.split_once(" -c ")?.1.split_once(".bpf.c"))
            .map(|(path, _)| path.rsplit_once('/').unwrap().1)
            .collect();
        compiled.sort_unstable();
        (compiled.concat(), artifacts)
    }

    fn compiled(&self) -> String {
        self.run(self.builder()).0
    }

    /// What is in the output folder, with the times of change.
    fn made(&self) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
        let entries = fs::read_dir(self.project.path("out")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let files = paths.filter(|path| path.is_file());
        files
            .map(|path| {
                let modified = fs::metadata(&path).unwrap().modified().unwrap();
                let bytes = fs::read(&path).unwrap();
                (path, (modified, bytes))
            })
            .collect()
    }

    fn write(&self, name: &str, text: &str) {
        self.project.file(name, text);
    }
}

fn touch(path: &Path) {
    let file = fs::File::options().append(true).open(path).unwrap();
    file.set_modified(SystemTime::now()).unwrap();
}

#[test]
fn nothing_of_the_same() {
    let package = Package::new();
    assert_eq!(package.compiled(), "ab");
    let made = package.made();
    assert_eq!(package.compiled(), "");
    for name in ["src/a.bpf.c", "src/b.h"] {
        touch(&package.project.path(name));
    }
    assert_eq!(package.compiled(), "");
    assert_eq!(made, package.made());
}

#[test]
fn warnings_are_said_again() {
    let package = Package::new();
    let source = source("a", "a.h");
    for (line, again) in [
        // As in a build script, where paths are relative to the package.
        ("#line 1 \"src/a.bpf.c\"\n", ""),
        // The path of this package is not recorded.
        ("", "a"),
    ] {
        package.write(
            "src/a.bpf.c",
            &format!("{source}{line}static int unused;\n"),
        );
        let (_, made) = package.run(package.builder());
        assert!(made.warnings.concat().contains("unused"), "{made:?}");
        let (compiled, reused) = package.run(package.builder());
        assert_eq!(compiled, again);
        assert_eq!(format!("{made:?}"), format!("{reused:?}"));
        let record = fs::read_to_string(package.project.path("out/a.inputs")).unwrap();
        assert!(
            !record.contains(&*package.project.root().to_string_lossy()),
            "{record}"
        );
    }
}

#[test]
fn what_depends_on_a_changed_file() {
    let package = Package::new();
    package.compiled();
    let changes = [
        ("src/a.bpf.c", source("a", "a.h") + "int more;\n", "a"),
        ("src/b.h", "#define FLAG 2\n".to_owned(), "b"),
        // Nothing of it is left by the preprocessor, but it might have changed other headers.
        (
            "src/a.h",
            "#define FLAG 1\n#define SOME 1\n".to_owned(),
            "a",
        ),
        ("src/a.h", "#include \"b.h\"\n".to_owned(), "a"),
        ("src/b.h", "#define FLAG 3\n".to_owned(), "ab"),
        // In front of the generated one.
        ("src/bpf/bpf_helpers.h", String::new(), ""),
        ("src/a.bpf.c", source("a", "b.h"), "a"),
    ];
    for (name, text, compiled) in changes {
        package.write(name, &text);
        assert_eq!(package.compiled(), compiled, "{name}: {text}");
        assert_eq!(package.compiled(), "", "{name}: {text}");
    }
}

#[test]
fn what_another_header_shadows() {
    let package = Package::new();
    let folder = package.project.path("first");
    fs::create_dir(&folder).unwrap();
    package.write("src/a.h", "#include <shared.h>\n");
    package.write("second/shared.h", "#define FLAG 1\n");
    let folders =
        ["first", "second"].map(|name| format!("-I{}", package.project.path(name).display()));
    let compiled = || package.run(package.builder().clang_args(&folders)).0;
    assert_eq!(compiled(), "ab");
    assert_eq!(compiled(), "");
    package.write("first/shared.h", "#define FLAG 2\n");
    assert_eq!(compiled(), "a");
}

#[test]
fn everything_with_another_clang_or_other_arguments() {
    let package = Package::new();
    package.compiled();
    let with = |args: &[&str]| package.run(package.builder().clang_args(args)).0;
    assert_eq!(with(&["-DX"]), "ab");
    assert_eq!(with(&["-DX"]), "");
    assert_eq!(with(&["-O1", "-DX"]), "ab");
    assert_eq!(package.compiled(), "ab");

    let script = fs::read_to_string(&package.clang).unwrap();
    fs::write(
        &package.clang,
        script.replace("exec clang", "exec clang -O1"),
    )
    .unwrap();
    assert_eq!(package.compiled(), "ab");
    let other = package.project.path("other-clang");
    fs::copy(&package.clang, &other).unwrap();
    let compiled = || package.run(package.builder().clang(&other)).0;
    assert_eq!(compiled(), "ab");
    assert_eq!(compiled(), "");
}

#[test]
fn another_kernel_with_the_same_of_what_is_used() {
    let package = Package::new();
    package.compiled();
    let made = package.made();
    let types = package.write_types();
    let include = types.display().to_string();
    let same = kernel_with("more-types", Order::Little, &["-include", &include]);
    let with = |kernel: &Path| package.run(package.builder().btf(kernel)).0;
    assert_eq!(with(&same), "");
    let others: Vec<_> = made
        .iter()
        .zip(&package.made())
        .filter(|(one, other)| one != other)
        .map(|((path, _), _)| path.file_name().unwrap().to_owned())
        .collect();
    // It refers to the kernel's types by their numbers.
    assert_eq!(others, ["ctx.btf"]);
    // In this one, functions have other arguments, but not the ones that are used here.
    assert_eq!(with(&later_kernel(Order::Little)), "");
    let flags = ["-Df_flags=f_mode, f_flags"];
    assert_eq!(
        with(&kernel_with("more-flags", Order::Little, &flags)),
        "ab"
    );
    assert_eq!(with(kernel(Order::Little)), "ab");
}

impl Package {
    /// A header that gives the types of a kernel other numbers.
    fn write_types(&self) -> PathBuf {
        let text = "struct more_types { int one; long two; } *more_types;\n\
                    void more_types_function(struct more_types *types) { types->one = 1; }\n";
        self.project.file("more-types.h", text)
    }
}

#[test]
fn another_vmlinux() {
    let package = Package::new();
    package.compiled();
    let with = |vmlinux: Vmlinux| package.run(package.builder().vmlinux(vmlinux)).0;
    assert_eq!(with(Vmlinux::Full), "ab");
    assert_eq!(with(Vmlinux::Full), "");
    let header = package.project.path("out/include/vmlinux.h");
    let text = fs::read_to_string(header).unwrap();
    let provided = package.project.file("provided/vmlinux.h", &text);
    assert_eq!(with(Vmlinux::Provided(provided.clone())), "ab");
    assert_eq!(with(Vmlinux::Provided(provided.clone())), "");
    package.write("provided/vmlinux.h", &format!("{text}\n/* more */\n"));
    assert_eq!(with(Vmlinux::Provided(provided.clone())), "ab");
    assert_eq!(with(Vmlinux::Provided(provided)), "");
    assert_eq!(package.compiled(), "ab");
}

#[test]
fn what_was_lost_or_changed_in_the_output_folder() {
    let package = Package::new();
    package.compiled();
    let made = package.made();
    let names = ["a.bpf.o", "a.skel.rs", "a.rs", "ctx.btf", "a.inputs"];
    let bindings = cfg!(feature = "bindgen").then_some("a.ctx.rs");
    for name in names.into_iter().chain(bindings) {
        let path = package.project.path("out").join(name);
        for change in [
            |path: &Path| fs::remove_file(path),
            |path: &Path| fs::write(path, "garbled"),
        ] {
            change(&path).unwrap();
            let compiled = match name {
                "a.bpf.o" | "a.inputs" => "a",
                _ => "",
            };
            assert_eq!(package.compiled(), compiled, "{name}");
            let bytes = |made: BTreeMap<PathBuf, (SystemTime, Vec<u8>)>| {
                let files = made.into_iter();
                files
                    .map(|(path, (_, bytes))| (path, bytes))
                    .collect::<Vec<_>>()
            };
            assert_eq!(bytes(package.made()), bytes(made.clone()), "{name}");
            assert_eq!(package.compiled(), "", "{name}");
        }
    }
}

#[test]
fn a_program_that_does_not_fit_is_refused_each_time() {
    let package = Package::new();
    let text = source("a", "a.h").replace("lsm/file_open", "lsm/file_free_security");
    package.write("src/a.bpf.c", &text);
    let error = || package.builder().generate().unwrap_err().to_string();
    let first = error();
    assert!(first.contains("btf_lsm_file_open_ctx"), "{first}");
    assert_eq!(first, error());
}

/// What is left of it does no harm: `include_bpf!` of it goes on to work, as other generated files do
/// until `cargo clean`. Another builder may have written it to the same folder.
#[test]
fn a_source_that_is_taken_away() {
    let package = Package::new();
    package.compiled();
    let made = package.made();
    let a = package.project.path("src/a.bpf.c");
    let builder = || package.project.builder().source(&a).clang(&package.clang);
    assert_eq!(package.run(builder()).0, "");
    fs::remove_file(package.project.path("src/b.bpf.c")).unwrap();
    assert_eq!(package.run(builder()).0, "");
    assert_eq!(package.made(), made);
}
