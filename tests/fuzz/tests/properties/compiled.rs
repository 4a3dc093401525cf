//! Headers of generated kernels, held against what compilers make of them.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use ctxgen::ByteOrder;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::KernelBtf;
use ctxgen::btf::Btf;
use ctxgen::btf::CPrinter;
use ctxgen::btf::Kind;
use ctxgen::kernel_btf_bytes;
use ctxgen::prototype;
use ctxgen::render;
use ctxgen_fuzz::agree;
use ctxgen_fuzz::generate;
use ctxgen_fuzz::layouts::assertions;
use ctxgen_fuzz::rounds;

use super::bytes;

/// How many kernels: each takes a compiler as long as a small program.
const KERNELS: usize = 50;

/// So many hooks of each family.
const HOOKS: usize = 6;

/// For BPF, and for machines of the same byte order that a kernel runs on.
fn targets(order: ByteOrder) -> [&'static str; 2] {
    match order {
        ByteOrder::Little => ["bpfel", "x86_64-linux-gnu"],
        ByteOrder::Big => ["bpfeb", "powerpc64-linux-gnu"],
    }
}

/// A source with both headers, assertions of all places in them, and a variable of each struct.
fn source(kernel: &KernelBtf) -> String {
    let types = render::vmlinux(kernel).unwrap_or_else(|error| panic!("{error}"));
    let families = ctxgen::Family::all();
    let hooks = families.flat_map(|family| prototype::hooks(kernel, family).take(HOOKS));
    let contexts: Vec<Context> = hooks
        .filter_map(|hook| Context::of_hook(kernel, &hook).ok())
        .collect();
    let ctx = CtxBtf::new(kernel, contexts).unwrap();
    let mut source = types;
    // A context that C cannot say is one alone.
    if let Ok(header) = render::header(&ctx) {
        source.push_str(&header);
        source.push_str(&places(&ctx));
    }
    source.push_str(&assertions(kernel.btf()));
    for (number, name) in tags(kernel.btf()).into_iter().enumerate() {
        source.push_str(&format!("{name} variable{number};\n"));
    }
    source
}

/// Assertions of what the reports say of contexts.
fn places(ctx: &CtxBtf<'_>) -> String {
    let mut text = String::new();
    for report in render::reports(ctx).into_iter().flatten() {
        if report.unsupported.is_some() {
            continue;
        }
        let name = &report.context;
        let size = report.size;
        text.push_str(&format!(
            "_Static_assert(sizeof({name}) == {size}, \"{name}\");\n"
        ));
        for field in &report.fields {
            let (field, offset) = (&field.name, field.offset);
            text.push_str(&format!(
                "_Static_assert(__builtin_offsetof({name}, {field}) == {offset}, \"{name}.{field}\");\n"
            ));
        }
    }
    text
}

/// How C calls the structs and unions with names, in id order.
fn tags(btf: &Btf<'_>) -> Vec<String> {
    let printer = CPrinter::new(btf);
    let types = btf.types().filter(|ty| !ty.name().is_empty());
    types
        .filter(|ty| matches!(ty.kind(), Kind::Struct(_) | Kind::Union(_)))
        .map(|ty| printer.declare(ty.id(), "").unwrap())
        .collect()
}

/// The size of a struct, and its members.
type Places = (u32, Vec<(String, u32, u32)>);

/// The members with names of a struct: name, place and width in bits. What has none fills gaps, and compilers
/// do not mention it.
fn members(btf: &Btf<'_>, tag: &str) -> Option<Places> {
    let printer = CPrinter::new(btf);
    let ty = btf.types().find(|ty| {
        matches!(ty.kind(), Kind::Struct(_) | Kind::Union(_))
            && !ty.name().is_empty()
            && printer.declare(ty.id(), "").is_ok_and(|own| own == tag)
    })?;
    let (Kind::Struct(composite) | Kind::Union(composite)) = ty.kind() else {
        return None;
    };
    let members = composite.members().filter(|member| !member.name.is_empty());
    let members = members.map(|member| (member.name.to_owned(), member.bit_offset, member.bits));
    Some((composite.size, members.collect()))
}

fn compile(folder: &Path, sources: &[PathBuf], target: &str) {
    let clang = std::env::var_os("CLANG").unwrap_or_else(|| "clang".into());
    let output = Command::new(clang)
        .args([
            "-target",
            target,
            "-g",
            "-O1",
            "-c",
            "-w",
            "-ferror-limit=3",
            "-std=gnu11",
        ])
        .args(sources)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| panic!("clang: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    let said: String = said
        .lines()
        .take(40)
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(output.status.success(), "{target}: {said}");
}

/// All headers compile, and each member is where BTF has it: the compiler checks assertions, and its own BTF
/// tells of bitfields too.
#[test]
fn little_endian() {
    compiled_headers_have_the_layouts(ByteOrder::Little);
}

#[test]
fn big_endian() {
    compiled_headers_have_the_layouts(ByteOrder::Big);
}

fn compiled_headers_have_the_layouts(order: ByteOrder) {
    let mut compared = 0;
    for batch in 0..rounds(1) {
        let seeds = batch * KERNELS..(batch + 1) * KERNELS;
        compared += compare(order, &seeds.map(|seed| seed as u64).collect::<Vec<_>>());
    }
    println!("{order}: {compared} structs and unions");
    assert!(compared > 200, "{compared}");
}

fn compare(order: ByteOrder, seeds: &[u64]) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let mut kernels = Vec::new();
    let mut sources = Vec::new();
    for seed in seeds {
        let kernel = agree::kernel(&generate::kernel(&bytes(*seed), order).to_bytes());
        let path = folder.path().join(format!("k{seed}.c"));
        std::fs::write(&path, source(&kernel)).unwrap();
        sources.push(path);
        kernels.push((seed, kernel));
    }
    let [bpf, host] = targets(order);
    compile(folder.path(), &sources, host);
    compile(folder.path(), &sources, bpf);
    let mut compared = 0;
    for (seed, kernel) in &kernels {
        let tags = tags(kernel.btf());
        if tags.is_empty() {
            continue;
        }
        let object = kernel_btf_bytes(folder.path().join(format!("k{seed}.o"))).unwrap();
        let object = Btf::parse(&object).unwrap();
        for tag in tags {
            let ours = members(kernel.btf(), &tag);
            assert_eq!(members(&object, &tag), ours, "{seed}: {tag}");
            compared += 1;
        }
    }
    compared
}
