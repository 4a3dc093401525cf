//! Functions that are not written in C.

use ctxgen::btf::BtfWriter;
use ctxgen::btf::ByteOrder;
use ctxgen::btf::IntEncoding;

use super::compile;
use super::fields;
use super::is_x86;
use crate::support::Project;

const RUST: &str = "
pub struct Big { a: u64, b: u64, c: u64 }
#[inline(never)]
pub fn inner(big: Big, after: i32) -> i32 { (big.a + big.b + big.c) as i32 + after }
#[unsafe(no_mangle)]
#[inline(never)]
pub extern \"C\" fn plain(a: i32, c: char, p: *const u8, u: u8, b: bool) -> usize {
    a as usize + c as usize + p as usize + u as usize + b as usize
}
#[unsafe(no_mangle)]
#[inline(never)]
pub fn by_value(big: Big, after: i32) -> i32 { inner(big, after) }
#[unsafe(no_mangle)]
#[inline(never)]
pub fn text(text: &str, after: i32) -> usize { text.len() + after as usize }
fn main() {
    let n = std::env::args().count() as u64;
    println!(\"{}\", plain(n as i32, 'x', std::ptr::null(), 2, true) + text(\"abc\", n as i32));
    println!(\"{}\", by_value(Big { a: n, b: n, c: n }, 1));
}
";

#[test]
fn rust_has_conventions_of_its_own() {
    if !is_x86() {
        return;
    }
    let project = Project::new();
    project.file("app.rs", RUST);
    let app = project.path("app");
    for flags in [["-g", "-Copt-level=0"], ["-g", "-Copt-level=2"]] {
        let args = [
            "--edition=2024",
            "-Awarnings",
            "app.rs",
            "-o",
            "app",
            flags[0],
            flags[1],
        ];
        if !compile(&project, "rustc", &args) {
            return;
        }
        for function in ["by_value", "text", "inner"] {
            let error = fields(&app, function).unwrap_err();
            assert!(error.contains("a function of Rust"), "{function}: {error}");
        }
        let found = fields(&app, "plain").unwrap();
        assert_eq!(
            found,
            [
                "int a; /* di */",
                "unsigned int c; /* si */",
                "unsigned char *p; /* dx */",
                "unsigned char u; /* cx */",
                "_Bool b; /* r8 */",
            ]
        );
    }
}

/// Types and functions as pahole finds them in such a program.
fn btf() -> Vec<u8> {
    let mut writer = BtfWriter::new(ByteOrder::Little);
    let i32 = writer.int("i32", 4, IntEncoding::Signed);
    let u64 = writer.unsigned("u64", 8);
    let char = writer.int("char", 4, IntEncoding::Char);
    let u8 = writer.unsigned("u8", 1);
    let pointer = writer.pointer(u8);
    let big = writer.structure("Big", 24, &[("a", u64, 0), ("b", u64, 8), ("c", u64, 16)]);
    let text = writer.structure("&str", 16, &[("data_ptr", pointer, 0), ("length", u64, 8)]);
    let to_text = writer.pointer(text);
    for (name, params) in [
        ("by_value", &[("big", big), ("after", i32)][..]),
        ("text", &[("text", text), ("after", i32)]),
        (
            "plain",
            &[("a", i32), ("c", char), ("p", to_text), ("u", u8)],
        ),
    ] {
        let proto = writer.prototype(params, u64);
        writer.function(name, proto);
    }
    writer.finish()
}

/// BTF that was made of such a program, with nothing but `.comment` to tell.
#[test]
fn btf_of_a_rust_program() {
    if !is_x86() {
        return;
    }
    let project = Project::new();
    std::fs::write(project.path("app.btf"), btf()).unwrap();

    // As raw BTF, nothing tells of what it was made.
    let raw = fields(&project.path("app.btf"), "plain").unwrap();
    assert_eq!(
        raw,
        [
            "int a; /* di */",
            "unsigned int c; /* si */",
            "void *p; /* dx */",
            "unsigned char u; /* cx */",
        ]
    );

    project.file("app.rs", RUST);
    let args = [
        "--edition=2024",
        "-Awarnings",
        "-Cstrip=debuginfo",
        "app.rs",
        "-o",
        "app",
    ];
    if !compile(&project, "rustc", &args)
        || !compile(
            &project,
            "objcopy",
            &["--strip-debug", "--add-section", ".BTF=app.btf", "app"],
        )
    {
        return;
    }
    let app = project.path("app");
    for function in ["by_value", "text"] {
        let error = fields(&app, function).unwrap_err();
        assert!(error.contains("a function of Rust"), "{function}: {error}");
    }
    assert_eq!(fields(&app, "plain").unwrap(), raw);
}

const CPP: &str = "
struct Plain { long a, b; };
struct Owner { long a; Owner(long); ~Owner(); Owner(const Owner &); };
Owner::Owner(long a) : a(a) {}
Owner::~Owner() {}
Owner::Owner(const Owner &other) : a(other.a) {}
struct Some { int field; int method(int x, Plain plain, int after); };
int Some::method(int x, Plain plain, int after) { return field + x + plain.b + after; }
extern \"C\" int takes(Owner owner, int after) { return owner.a + after; }
extern \"C\" Owner gives(int first) { return Owner(first); }
extern \"C\" int refers(const Owner &owner, bool flag, char32_t wide) { return owner.a + flag + wide; }
int main() { return 0; }
";

/// What C++ passes by its address, and methods, by the linker's names.
#[test]
fn methods_and_objects() {
    if !is_x86() {
        return;
    }
    let project = Project::new();
    project.file("app.cc", CPP);
    let app = project.path("app");
    for compiler in ["c++", "clang++", "clang++-19"] {
        for flag in ["-gdwarf-5", "-gdwarf-4"] {
            if !compile(&project, compiler, &["app.cc", "-o", "app", flag]) {
                break;
            }
            let method = "_ZN4Some6methodEi5Plaini";
            let found = fields(&app, method).unwrap();
            assert_eq!(
                found,
                [
                    "struct Some *this; /* di */",
                    "int x; /* si */",
                    "int after; /* r8 */",
                ],
                "{compiler} {flag}"
            );
            let error = fields(&app, "method").unwrap_err();
            assert!(error.contains(method), "{error}");
            let found = fields(&app, "refers").unwrap();
            assert_eq!(
                found,
                [
                    "const struct Owner *owner; /* di */",
                    "_Bool flag; /* si */",
                    "unsigned int wide; /* dx */",
                ]
            );
            // Where the compiler does not say how a class is passed, nothing is guessed.
            match fields(&app, "takes") {
                Ok(found) => assert_eq!(
                    found,
                    ["struct Owner *owner; /* di */", "int after; /* si */"]
                ),
                Err(error) => assert!(error.contains("by its address"), "{error}"),
            }
            match fields(&app, "gives") {
                Ok(found) => assert_eq!(found, ["int first; /* si */"]),
                Err(error) => assert!(error.contains("by its address"), "{error}"),
            }
        }
    }
}
