//! Objects of published crates, made of the BPF sources that they carry.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use ctxgen_build::Builder;
use libbpf_rs::Linker;

use super::Found;
use crate::Clang;

/// A crate, and what its object is linked of.
struct Published {
    name: &'static str,
    /// The folder of its sources.
    folder: &'static str,
    /// Below that, without the ending. What stands first has the programs.
    sources: &'static [&'static str],
}

/// As the crates' build scripts have it.
const ALL: &[Published] = &[
    Published {
        name: "below",
        folder: "src/bpf",
        sources: &["exitstat"],
    },
    Published {
        name: "scx_bpfland",
        folder: "src/bpf",
        sources: &["main"],
    },
    Published {
        name: "scx_cosmos",
        folder: "src/bpf",
        sources: &["main", "lib/pmu"],
    },
    Published {
        name: "scx_lavd",
        folder: "src/bpf",
        sources: &[
            "main",
            "balance",
            "idle",
            "introspec",
            "lat_cri",
            "lock",
            "power",
            "preempt",
            "sys_stat",
            "util",
            "lib/arena",
            "lib/common",
            "lib/atq",
            "lib/bitmap",
            "lib/cgroup_bw",
            "lib/cpumask",
            "lib/rbtree",
            "lib/minheap",
            "lib/sdt_alloc",
            "lib/sdt_task",
            "lib/topology",
            "lib/ravg",
        ],
    },
    Published {
        name: "scx_rustland_core",
        folder: "assets/bpf",
        sources: &["main"],
    },
    Published {
        name: "scx_rusty",
        folder: "src/bpf",
        sources: &["main", "sdt_task", "sdt_alloc"],
    },
];

/// The crate that has the headers of the schedulers, and where.
const HEADERS: (&str, [&str; 2]) = ("scx_cargo", ["bpf_h", "bpf_h/bpf-compat"]);
/// How the schedulers' names begin.
const SCHEDULER: &str = "scx_";

/// The objects of the crates in a folder, each in a folder of its own with its version behind its name. The kernel
/// whose types they are compiled with is the one that this BTF is of.
///
/// # Errors
/// Where a crate is not there, or one of its sources does not compile.
pub fn published(crates: &Path, btf: &Path, clang: &Clang) -> Result<Vec<Found>, Box<dyn Error>> {
    let mut all = Vec::new();
    for of in ALL {
        let root = of_crate(crates, of.name)?;
        let folder = root.join(of.folder);
        let mut more = vec![
            "-Wno-everything".to_owned(),
            format!("-I{}", folder.display()),
        ];
        if of.name.starts_with(SCHEDULER) {
            let headers = of_crate(crates, HEADERS.0)?;
            more.extend(
                HEADERS
                    .1
                    .map(|part| format!("-I{}", headers.join(part).display())),
            );
            more.push("-D__SCX_TARGET_ARCH_x86".to_owned());
        }
        let scratch = tempfile::tempdir()?;
        let linked = scratch.path().join("linked.bpf.o");
        let mut linker = Linker::new(&linked)?;
        for (number, source) in of.sources.iter().enumerate() {
            let object = scratch.path().join(format!("{number}.bpf.o"));
            let source = folder.join(format!("{source}.bpf.c"));
            compile(&source, btf, clang, &more, &object)?;
            linker.add_file(&object)?;
        }
        linker.link()?;
        let name = root.file_name().unwrap_or_default().to_string_lossy();
        all.push(Found {
            name: format!("crates_{name}"),
            bytes: fs::read(&linked)?,
        });
    }
    Ok(all)
}

fn compile(
    source: &Path,
    btf: &Path,
    clang: &Clang,
    more: &[String],
    object: &Path,
) -> Result<(), Box<dyn Error>> {
    let builder = Builder::new()
        .btf(btf)
        .clang(&clang.path)
        .clang_args(more)
        .object("source", [source]);
    let made = builder.headers(object.with_extension("include"))?;
    let mut command = Command::new(&clang.path);
    command
        .args(made.arguments.into_iter().flatten())
        .args(more);
    command.arg("-c").arg(source).arg("-o").arg(object);
    match command.status()?.success() {
        true => Ok(()),
        false => Err(format!("{clang} does not compile {}", source.display()).into()),
    }
}

/// The folder of a crate, whose name is followed by a version.
fn of_crate(crates: &Path, name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let start = format!("{name}-");
    let mut folders = fs::read_dir(crates)?.flatten().map(|entry| entry.path());
    let is_it = |path: &PathBuf| {
        let folder = path.file_name().unwrap_or_default().to_string_lossy();
        let version = folder.strip_prefix(&start).unwrap_or_default();
        version.starts_with(|c: char| c.is_ascii_digit())
    };
    let found = folders.find(is_it);
    found.ok_or_else(|| format!("{name} is not in {}", crates.display()).into())
}
