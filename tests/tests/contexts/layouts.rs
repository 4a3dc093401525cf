//! Every compiler agrees with ctxgen about size and offsets, for every hook of every fixture.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use ctxgen::ByteOrder;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Family;
use ctxgen::KernelBtf;
use ctxgen::Shape;
use ctxgen::btf::Kind;
use ctxgen::render;
use ctxgen_tests::Kernel;
use ctxgen_tests::blob::Blob;
use ctxgen_tests::fixture;
use ctxgen_tests::fixtures;
use libbpf_rs::libbpf_sys as sys;

use crate::facts;
use crate::golden::bindings;
use crate::hooks::contexts;
use crate::hooks::open;
use crate::hooks::open_fixture;
use crate::tools::bpftool;
use crate::tools::clang;
use crate::tools::host_compiler;
use crate::tools::run;
use crate::tools::rustc;
use crate::tools::text;
use crate::tools::write;

/// Fixtures are of both byte orders, or half of this shows nothing.
#[test]
fn fixtures_are_of_both_byte_orders() {
    let orders: Vec<_> = fixtures()
        .iter()
        .map(|kernel| open(kernel).byte_order())
        .collect();
    assert!(orders.contains(&ByteOrder::Little) && orders.contains(&ByteOrder::Big));
}

#[test]
fn c_compilers_agree() {
    let what = "layouts with the vmlinux.h of bpftool";
    let bpftool = bpftool(what);
    for fixture in fixtures() {
        let start = Instant::now();
        let kernel = open(&fixture);
        let mut all = contexts(&kernel, Family::all());
        let own = render::vmlinux(&kernel).unwrap();
        let (structs, facts) = check(&kernel, &all, own);
        println!(
            "{}: {structs} structs, {facts} numbers, {:.1?}",
            fixture.name,
            start.elapsed()
        );
        let Some(bpftool) = &bpftool else { continue };
        let start = Instant::now();
        if !knows_small_enums(bpftool) {
            all.retain(|context| !has_small_enum(&kernel, context));
        }
        let header = vmlinux_of_bpftool(bpftool, &fixture);
        let (structs, facts) = check(&kernel, &all, header);
        println!(
            "{}, header of bpftool: {structs} structs, {facts} numbers, {:.1?}",
            fixture.name,
            start.elapsed()
        );
    }
}

/// Holds the layouts of these contexts against those of both C compilers, with that `vmlinux.h`;
/// how many structs they were, and how many sizes and offsets.
pub(crate) fn check(
    kernel: &KernelBtf,
    contexts: &[Context],
    vmlinux: impl AsRef<[u8]>,
) -> (usize, usize) {
    let ctx = CtxBtf::new(kernel, contexts.to_vec()).unwrap();
    let facts = facts::of(&ctx);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "ctx.h", render::header(&ctx).unwrap());
    let system_headers = folder.join("system");
    write(&system_headers, "vmlinux.h", vmlinux);
    facts::check_c(host_compiler(&system_headers), folder, &facts);
    facts::check_c(clang(kernel.byte_order(), &system_headers), folder, &facts);
    (ctx.structs().len(), facts.len())
}

/// The fixtures that Rust's layouts are tried on: the oldest and the newest, and a big-endian one.
const FOR_RUST: [&str; 3] = ["5.10-x86_64", "6.12-s390x", "7.2-x86_64"];

/// How many structs bindgen is given at a time: what it does takes time by the square.
const BATCH: usize = 128;

#[test]
fn rust_agrees() {
    for name in FOR_RUST {
        let start = Instant::now();
        let fixture = fixture(name);
        let kernel = open(&fixture);
        // A fentry context is the beginning of a fexit one.
        let families = Family::all().filter(|family| family.name() != "fentry");
        let all = contexts(&kernel, families);
        let (mut structs, mut numbers) = (0, 0);
        for batch in all.chunks(BATCH) {
            let folder = tempfile::tempdir().unwrap();
            let hooks: Vec<String> = batch
                .iter()
                .map(|context| context.hooks[0].to_string())
                .collect();
            let bindings = bindings(&fixture, &kernel, &hooks, folder.path());
            let ctx = CtxBtf::new(&kernel, batch.to_vec()).unwrap();
            let facts = facts::of(&ctx);
            facts::check_rust(rustc(), folder.path(), &bindings, &facts);
            structs += batch.len();
            numbers += facts.len();
        }
        println!(
            "{name}: {structs} structs, {numbers} numbers, {:.1?}",
            start.elapsed()
        );
    }
}

/// A header that has an enum's size wrong is found out, and not the values that are read.
#[test]
fn a_wrong_size_is_found_out() {
    let kernel = open_fixture("7.2-x86_64");
    let all: Vec<_> = contexts(&kernel, Family::all())
        .into_iter()
        .filter(|context| has_small_enum(&kernel, context))
        .collect();
    assert!(
        !all.is_empty(),
        "the fixture has no argument that is an enum of one byte"
    );
    let ctx = CtxBtf::new(&kernel, all).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let right = render::vmlinux(&kernel).unwrap();
    let wrong = right.replace(" __attribute__((mode(byte)))", "");
    assert_ne!(right, wrong);
    write(folder.path(), "vmlinux.h", wrong);
    let header = write(folder.path(), "ctx.h", render::header(&ctx).unwrap());
    let output = clang(ByteOrder::Little, folder.path())
        .arg("-fsyntax-only")
        .arg(header)
        .output()
        .unwrap();
    let stderr = text(&output.stderr);
    assert!(
        !output.status.success() && stderr.contains("its type has another size in vmlinux.h"),
        "{stderr}"
    );
}

/// Whether an argument is an enum of another size than an int's.
pub(crate) fn has_small_enum(kernel: &KernelBtf, context: &Context) -> bool {
    let Shape::Generated { layout, .. } = &context.shape else {
        return false;
    };
    layout.fields.iter().any(|field| {
        let resolved = kernel.btf().resolve(field.type_id).map(|ty| ty.kind());
        matches!(resolved, Some(Kind::Enum { size }) if size != 4)
    })
}

pub(crate) fn knows_small_enums(bpftool: &Path) -> bool {
    let mut blob = Blob::new(ByteOrder::HOST);
    let value = blob.string("VALUE");
    blob.add("small", sys::BTF_KIND_ENUM, 1, 1, &[value, 0]);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, blob.to_bytes()).unwrap();
    let btf = file.path().to_owned();
    let kernel = Kernel {
        name: "an enum".to_owned(),
        btf,
    };
    text(&vmlinux_of_bpftool(bpftool, &kernel)).contains("mode(byte)")
}

/// The header that bpftool makes of a kernel's BTF.
pub(crate) fn vmlinux_of_bpftool(bpftool: &Path, kernel: &Kernel) -> Vec<u8> {
    let mut command = Command::new(bpftool);
    command.args(["btf", "dump", "file"]).arg(&kernel.btf);
    run(command.args(["format", "c"])).stdout
}
