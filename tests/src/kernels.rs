//! Kernel BTFs to test on.

use std::fs::File;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::RUNNING_BTF;
use ruzstd::decoding::StreamingDecoder;

use crate::skip;
use crate::workspace;

/// A kernel's BTF in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kernel {
    /// Release, architecture and build: `6.12.107-amd64-cloud`.
    pub name: String,
    /// A raw BTF.
    pub btf: PathBuf,
}

/// The folder of full kernel BTFs, beside the project. It is no part of it.
fn full_folder() -> PathBuf {
    workspace().join("../shared/kernels/btf")
}

/// The full BTFs of real kernels, sorted by name. Where there are none, that is said for `what`.
pub fn full(what: &str) -> Vec<Kernel> {
    let folder = full_folder();
    let Ok(entries) = std::fs::read_dir(&folder) else {
        skip(
            what,
            "the full kernel BTFs (../shared/kernels/btf) are not there",
        );
        return Vec::new();
    };
    let mut kernels: Vec<Kernel> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let name = name.strip_suffix(".btf.zst")?.to_owned();
            let btf = decompressed(&entry.path(), &name);
            Some(Kernel { name, btf })
        })
        .collect();
    kernels.sort();
    kernels
}

/// The trimmed BTFs that are part of the project, sorted by name.
pub fn fixtures() -> Vec<Kernel> {
    let folder = workspace().join("tests/fixtures");
    let mut kernels: Vec<Kernel> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let name = name.strip_suffix(".btf")?.to_owned();
            Some(Kernel {
                name,
                btf: entry.path(),
            })
        })
        .collect();
    kernels.sort();
    kernels
}

/// The trimmed BTF of this name.
pub fn fixture(name: &str) -> Kernel {
    fixtures()
        .into_iter()
        .find(|kernel| kernel.name == name)
        .unwrap_or_else(|| panic!("tests/fixtures/{name}.btf is missing"))
}

/// Of the full kernels, those that differ most from each other: in age, compiler, byte order.
pub const VARIED: [&str; 5] = [
    "5.10.223-amd64-cloud",
    "6.12.107-amd64-clang",
    "6.12.107-arm64-cloud",
    "6.12.107-s390x",
    "7.2.13-amd64-cloud",
];

/// The running kernel; `None`, and said for `what`, where it has no BTF.
pub fn running(what: &str) -> Option<Kernel> {
    if !Path::new(RUNNING_BTF).exists() {
        skip(what, "the running kernel has no BTF");
        return None;
    }
    Some(Kernel {
        name: "running".to_owned(),
        btf: RUNNING_BTF.into(),
    })
}

/// The decompressed file, made once and kept in the target folder.
fn decompressed(path: &Path, name: &str) -> PathBuf {
    let folder = target().join("kernels");
    let done = folder.join(format!("{name}.btf"));
    if done.exists() {
        return done;
    }
    let decompress = || -> Result<(), Box<dyn std::error::Error>> {
        std::fs::create_dir_all(&folder)?;
        let mut bytes = Vec::new();
        StreamingDecoder::new(BufReader::new(File::open(path)?))?.read_to_end(&mut bytes)?;
        // Tests run side by side: whoever renames last has the same bytes.
        let own = folder.join(format!(
            "{name}.{}.{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        std::fs::write(&own, bytes)?;
        std::fs::rename(own, &done)?;
        Ok(())
    };
    decompress().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    done
}

/// The target folder of this build, which the running test is in.
fn target() -> PathBuf {
    let exe = std::env::current_exe().unwrap_or_else(|error| panic!("{error}"));
    let target = exe
        .ancestors()
        .find(|dir| dir.join("CACHEDIR.TAG").exists());
    target.map_or_else(|| workspace().join("target"), Path::to_owned)
}
