//! The programs of `tests/families`: of every section that libbpf knows, small ones in the manner of
//! real tools, which read their contexts through the structs that ctxgen generates.

mod expect;
pub mod load;

use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use ctxgen::ByteOrder;
use ctxgen::KernelBtf;
use ctxgen_build::Builder;

pub use self::expect::Expected;
pub use self::expect::Machine;

use crate::clangs::Clang;
use crate::program::Program;
use crate::workspace;

/// How the contexts of an object are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contexts {
    /// As the kernel has them that it is built for.
    Fixed,
    /// As the kernel has them that it is loaded into.
    Relocatable,
}

impl Contexts {
    /// Both ways.
    pub const BOTH: [Self; 2] = [Self::Fixed, Self::Relocatable];

    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Relocatable => "relocatable",
        }
    }
}

fn folder() -> PathBuf {
    workspace().join("tests/families")
}

/// The sources, by name.
///
/// # Panics
/// If the folder cannot be read.
pub fn sources() -> Vec<Program> {
    programs_in(&folder())
}

/// Those that note what they see, so that whoever has made the calls can compare.
///
/// # Panics
/// If the folder cannot be read.
pub fn values() -> Vec<Program> {
    programs_in(&folder().join("values"))
}

fn programs_in(folder: &Path) -> Vec<Program> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{error}"));
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(".bpf.c"));
    paths.sort();
    paths.iter().map(|path| Program::read(path)).collect()
}

/// The SEC names of a source's programs.
///
/// # Panics
/// If it cannot be read.
pub fn sections(source: &Program) -> Vec<String> {
    let text = std::fs::read_to_string(&source.path).unwrap_or_else(|error| panic!("{error}"));
    // What is no program is a licence, a map or an ops struct.
    let is_program = |name: &&str| !name.starts_with('.') && *name != "license";
    text.split("SEC(\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(is_program)
        .map(str::to_owned)
        .collect()
}

/// An object.
#[derive(Debug)]
pub struct Built {
    /// The source's name.
    pub name: String,
    /// What clang made.
    pub bytes: Vec<u8>,
}

/// The sources that read alternative fields of contexts, which clang makes one load of if it can.
///
/// # Panics
/// If the folder cannot be read.
pub fn choices() -> Vec<Program> {
    programs_in(&workspace().join("tests/choices"))
}

/// Builds all of these sources that a kernel has what they need for; those of the others are said to be
/// skipped. Their SEC names and contexts are held against each other by the build.
///
/// # Panics
/// If that fails, or warns.
pub fn build(
    sources: &[Program],
    name: &str,
    release: &str,
    btf: &Path,
    contexts: Contexts,
) -> Vec<Built> {
    let clang = Clang::of_builds();
    build_with(sources, name, release, btf, contexts, clang, &[])
}

/// As [`build`], with this clang, to which these arguments are given.
///
/// # Panics
/// If that fails, or warns.
pub fn build_with(
    sources: &[Program],
    name: &str,
    release: &str,
    btf: &Path,
    contexts: Contexts,
    clang: &Clang,
    args: &[&str],
) -> Vec<Built> {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let kernel = KernelBtf::from_path(btf).unwrap_or_else(|error| panic!("{error}"));
    let user = user_btf(folder.path(), kernel.byte_order());
    let kernel = kernel
        .with_user_file(&user)
        .unwrap_or_else(|error| panic!("{error}"));
    let label = format!("{name}, {} contexts, {clang}", contexts.name());
    let fitting: Vec<&Path> = sources
        .iter()
        .filter(|source| source.fits(&label, release, &kernel))
        .map(|source| &*source.path)
        .collect();
    let arch = kernel
        .arch()
        .map(ctxgen::Arch::rust_name)
        .unwrap_or_default();
    let built = Builder::new()
        .sources(fitting)
        .clang(&clang.path)
        .clang_args(args)
        .btf(btf)
        .user(&user)
        .relocatable(contexts == Contexts::Relocatable)
        .target(format!("{arch}-unknown-linux-gnu"))
        .out_dir(folder.path().join("out"))
        .generate()
        .unwrap_or_else(|error| panic!("{label}: {error}"));
    let mut warnings = built.warnings;
    // Programs that no kernel before 7.1 takes are built for all.
    warnings.retain(|warning| !warning.contains("tracepoint that may sleep"));
    assert_eq!(warnings, [""; 0], "{label}");
    let objects = built.objects.into_iter().map(|object| Built {
        name: object.name,
        bytes: std::fs::read(object.object).unwrap_or_else(|error| panic!("{error}")),
    });
    objects.collect()
}

/// BTF of the functions in user space, in a folder: what clang makes of them for a BPF machine has it, for any byte
/// order.
pub fn user_btf(folder: &Path, order: ByteOrder) -> PathBuf {
    let object = folder.join("user.o");
    let clang = std::env::var_os("CLANG").unwrap_or_else(|| OsString::from("clang"));
    let target = match order {
        ByteOrder::Little => "bpfel",
        ByteOrder::Big => "bpfeb",
    };
    let status = Command::new(clang)
        .args(["-target", target, "-g", "-O2", "-c", "-o"])
        .arg(&object)
        .arg(self::folder().join("user.c"))
        .status()
        .unwrap_or_else(|error| panic!("clang: {error}"));
    assert!(status.success(), "clang: {status}");
    object
}
