//! C declarations and definitions: the text of each type is that of libbpf's `btf_dump`.

mod layouts;
mod libbpf;

use ctxgen::btf::Btf;
use ctxgen::btf::CPrinter;
use ctxgen::btf::Kind;
use ctxgen::btf::TypeId;
use ctxgen::kernel_btf_bytes;
use ctxgen_tests::Kernel;
use ctxgen_tests::fixtures;
use ctxgen_tests::full;
use ctxgen_tests::skip;
use ctxgen_tests::workspace;

use self::libbpf::Dump;

/// Definitions that differ from libbpf's, which compile to another layout: kernel, type and what is packed
/// in ours alone. [`layouts`] has a compiler tell which is right.
const DIFFERENCES: [(&str, &str, &str); 2] = [
    (
        "6.12.107-s390x",
        "kvm_s390_sie_block",
        "a union of 12 bytes with a number of 8",
    ),
    (
        "6.12.107-s390x",
        "pgid",
        "a union of 2 bytes with a number of 4, and a bitfield in two numbers of its type",
    ),
];

/// What libbpf does not write of unions, nor where bitfields tell.
const PACKED: &str = " __attribute__((packed))";

/// What was compared.
#[derive(Debug, Default)]
struct Compared {
    declarations: usize,
    /// Those of them that are packed in ours alone.
    packed: usize,
    definitions: usize,
    bytes: usize,
}

/// Whether a type can be declared at all.
fn is_type(btf: &Btf<'_>, id: u32) -> bool {
    let kind = btf.get(TypeId(id)).expect("a type").kind();
    !matches!(
        kind,
        Kind::Func(_) | Kind::Var(_) | Kind::DataSec | Kind::DeclTag { .. }
    )
}

fn is_enum(btf: &Btf<'_>, id: u32) -> bool {
    let kind = btf.get(TypeId(id)).expect("a type").kind();
    matches!(kind, Kind::Enum { .. } | Kind::Enum64 { .. })
}

/// Whether that type of a kernel is in the table.
fn is_other(btf: &Btf<'_>, kernel: &str, id: u32) -> bool {
    let ty = btf.get(TypeId(id)).expect("a type");
    let is_composite = matches!(ty.kind(), Kind::Struct(_) | Kind::Union(_));
    let mut known = DIFFERENCES.iter();
    is_composite && known.any(|(of, name, _)| *of == kernel && *name == ty.name())
}

/// Compares both texts of each type from `first` on.
fn compare(name: &str, ours: &Btf<'_>, theirs: &libbpf::Btf, first: u32) -> Compared {
    let ids = first..theirs.type_count();
    assert_eq!(ours.type_count(), ids.end, "{name}");
    let mut compared = Compared::default();
    let (printer, mut dump) = (CPrinter::new(ours), Dump::new(theirs));
    let mut declarations = printer.definitions();
    for id in ids.clone().filter(|id| is_type(ours, *id)) {
        for declared in ["", "declared"] {
            let expected = dump.declare(id, declared);
            let text = declarations.declare(TypeId(id), declared).unwrap();
            // What has no name and is packed in ours alone, as in the table.
            let is_packed = text.contains('{') && text.contains(PACKED);
            if is_packed && text != expected {
                assert_eq!(text.replace(PACKED, ""), expected.replace(PACKED, ""));
                compared.packed += 1;
            } else {
                assert_eq!(text, expected, "{name}, type {id}");
            }
            // Of what is written out, the values are told apart from those of other declarations.
            if !text.contains('{') {
                let alone = printer.declare(TypeId(id), declared).unwrap();
                assert_eq!(alone, expected, "{name}, type {id}");
            }
            compared.declarations += 1;
            compared.bytes += text.len();
        }
    }

    let mut dump = Dump::new(theirs);
    let mut definitions = printer.definitions();
    let (enums, others): (Vec<u32>, Vec<u32>) = ids.partition(|id| is_enum(ours, *id));
    for id in enums.into_iter().chain(others) {
        let expected = dump.define(id);
        let text = definitions.define(TypeId(id)).unwrap();
        if is_other(ours, name, id) {
            assert_ne!(text, expected, "{name}, type {id}");
            assert_eq!(text.replace(PACKED, ""), expected.replace(PACKED, ""));
        } else {
            assert_eq!(text, expected, "{name}, type {id}");
        }
        compared.definitions += 1;
        compared.bytes += text.len();
    }
    compared
}

fn compare_kernel(kernel: &Kernel) {
    let bytes = std::fs::read(&kernel.btf).unwrap();
    let btf = Btf::parse(&bytes).unwrap();
    let compared = compare(&kernel.name, &btf, &libbpf::Btf::parse(&bytes), 1);
    println!("{}: {compared:?}", kernel.name);
    assert!(compared.declarations > 1_000 && compared.definitions > 500);
}

#[test]
fn fixtures_are_alike() {
    for kernel in fixtures() {
        compare_kernel(&kernel);
    }
}

#[test]
fn whole_kernels_are_alike() {
    for kernel in full("C of whole kernels, beside libbpf's") {
        compare_kernel(&kernel);
    }
}

/// The types of modules, which are told apart from those of the kernel's.
#[test]
fn modules_are_alike() {
    let what = "C of modules, beside libbpf's";
    let folder = workspace().join("../shared/kernels/modules");
    let mut compared = 0;
    for kernel in full(what) {
        let Ok(modules) = std::fs::read_dir(folder.join(&kernel.name)) else {
            continue;
        };
        let bytes = std::fs::read(&kernel.btf).unwrap();
        let (base, their_base) = (Btf::parse(&bytes).unwrap(), libbpf::Btf::parse(&bytes));
        for module in modules.flatten() {
            let bytes = kernel_btf_bytes(module.path()).unwrap();
            let split = Btf::parse_split(&bytes, &base).unwrap();
            let theirs = libbpf::Btf::parse_split(&bytes, &their_base);
            let name = format!("{} on {}", module.path().display(), kernel.name);
            println!(
                "{name}: {:?}",
                compare(&name, &split, &theirs, base.type_count())
            );
            compared += 1;
        }
    }
    if compared == 0 {
        skip(what, "there are no modules (../shared/kernels/modules)");
    }
}
