//! The BTF of `kernel.c`.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use super::child::is_child;

/// A byte order to compile it for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

impl Order {
    pub(crate) const BOTH: [Self; 2] = [Self::Little, Self::Big];

    fn clang_target(self) -> &'static str {
        match self {
            Self::Little => "bpfel",
            Self::Big => "bpfeb",
        }
    }

    /// A target triple of an architecture with that order, which `kernel.c` has the marks of.
    pub(crate) fn triple(self) -> &'static str {
        match self {
            Self::Little => "x86_64-unknown-linux-gnu",
            Self::Big => "s390x-unknown-linux-gnu",
        }
    }
}

/// An ELF file with the kernel's BTF, compiled once in a run of the tests.
pub(crate) fn kernel(order: Order) -> &'static Path {
    static LITTLE: OnceLock<PathBuf> = OnceLock::new();
    static BIG: OnceLock<PathBuf> = OnceLock::new();
    let cell = match order {
        Order::Little => &LITTLE,
        Order::Big => &BIG,
    };
    cell.get_or_init(|| compile("kernel", order, &[]))
}

/// The same kernel some years later: some of its prototypes are other ones.
pub(crate) fn later_kernel(order: Order) -> PathBuf {
    compile("later", order, &["-DLATER"])
}

/// The same kernel with other definitions; `name` tells it from others.
pub(crate) fn kernel_with(name: &str, order: Order, definitions: &[&str]) -> PathBuf {
    compile(name, order, definitions)
}

fn compile(name: &str, order: Order, arguments: &[&str]) -> PathBuf {
    let target = order.clang_target();
    let done = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{target}.o"));
    if is_child() {
        return done;
    }
    // Tests and their processes run side by side: each compiles its own, and whoever renames last has
    // the same bytes.
    let own = tempfile::Builder::new()
        .prefix(name)
        .tempfile_in(env!("CARGO_TARGET_TMPDIR"))
        .unwrap()
        .into_temp_path();
    let status = Command::new("clang")
        .args(["-target", target, "-g", "-O2", "-Wall", "-Werror", "-c"])
        .args(arguments)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/build/kernel.c"))
        .arg("-o")
        .arg(&own)
        .status()
        .unwrap();
    assert!(status.success(), "clang: {status}");
    own.persist(&done).unwrap();
    done
}
