//! The kernels of a matrix.

use std::collections::HashMap;
use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;

use clap::Args;
use ctxgen::Arch;
use ctxgen::ImageError;
use ctxgen::KernelBtf;
use ctxgen::KernelError;
use ctxgen::RUNNING_BTF;
use ctxgen::kernel_release;
use ctxgen::matrix::Candidate;
use ctxgen::matrix::Examination;
use ctxgen::matrix::Found;
use ctxgen::matrix::Held;
use ctxgen::matrix::has_version;

use super::beside::Beside;
use super::beside::Files;
use super::workers::on_all;
use crate::decided;
use crate::files;
use crate::output::Failure;

/// Where the BTF of the kernels is.
#[derive(Args, Debug)]
pub(super) struct Kernels {
    /// A kernel's BTF, in any file format that `ctxgen show --btf` takes, or a directory, which is searched
    /// recursively. NAME replaces the name of the file. Kernels with the same BTF are one column. May be
    /// repeated [default: the running kernel's]
    #[arg(long, value_name = "[NAME=]PATH", num_args = 1..)]
    btf: Vec<String>,

    /// Only kernels of this architecture, such as x86_64 or aarch64
    #[arg(long, value_name = "ARCH", value_parser = arch)]
    arch: Option<Arch>,

    /// The BTF of the kernel that the objects were written for. It tells which argument a read means if the
    /// object itself does not
    #[arg(long, value_name = "PATH")]
    built_for: Option<PathBuf>,

    /// A user-space program or library that uprobes attach to: an ELF file with debug information (in the
    /// file or below /usr/lib/debug) or with a .BTF section, or raw BTF. May be repeated
    #[arg(long, value_name = "PATH")]
    user: Vec<PathBuf>,

    #[command(flatten)]
    beside: Beside,
}

/// A file that a kernel may be in.
struct Source {
    path: PathBuf,
    /// What it is to be called.
    label: Option<String>,
    /// Whether it was named itself, and not found in a folder.
    is_named: bool,
}

/// What tells one BTF from another: two digests of all that counts of it, and its length.
type Digest = (u64, u64, usize);

/// What became of a file.
enum Opened {
    /// It is of a folder and no kernel's, or of an architecture that is not asked for.
    Other,
    /// Another file with the same BTF is examined.
    Equal { digest: Digest, names: Vec<String> },
    /// This was found.
    Examined {
        digest: Digest,
        names: Vec<String>,
        found: Examination,
    },
}

impl Source {
    /// What the kernel in it may be called: as it is to be, or by these names.
    fn names(&self, names: &[String]) -> Vec<String> {
        match &self.label {
            Some(label) => vec![label.clone()],
            None => names.to_vec(),
        }
    }
}

impl Kernels {
    /// Holds objects against all kernels, one at a time on each core.
    pub(super) fn hold(&self, objects: &[Candidate]) -> Result<Vec<Held>, Failure> {
        let sources = self.sources()?;
        self.beside.are_told(sources.len())?;
        let begun = Mutex::new(HashMap::new());
        let opened = on_all("kernels", &sources, |place, source| {
            self.examine(place, source, objects, &begun)
        })?;
        let names = sources.iter().zip(&opened).filter_map(|(source, opened)| {
            let (Opened::Equal { names, .. } | Opened::Examined { names, .. }) = opened else {
                return None;
            };
            Some(source.names(names))
        });
        self.beside.are_of(&names.collect::<Vec<_>>())?;
        for (folder, of) in self.folders() {
            let mut own = sources.iter().zip(&opened);
            let is_kernel = |(source, opened): (&Source, &Opened)| {
                source.path.starts_with(folder) && !matches!(opened, Opened::Other)
            };
            if of && !own.any(is_kernel) {
                return Err(Failure::NoKernels(folder.to_owned()));
            }
        }
        let held = held(sources, opened);
        match (held.is_empty(), self.arch) {
            (true, Some(arch)) => Err(Failure::NoArchKernels(arch)),
            _ => Ok(held),
        }
    }

    fn sources(&self) -> Result<Vec<Source>, Failure> {
        if self.btf.is_empty() {
            return Ok(vec![Source {
                path: RUNNING_BTF.into(),
                label: None,
                is_named: true,
            }]);
        }
        let mut sources = Vec::new();
        for argument in &self.btf {
            let (label, path) = named(argument);
            match path.is_dir() {
                false => sources.push(Source {
                    path: path.to_owned(),
                    label: label.map(str::to_owned),
                    is_named: true,
                }),
                true => sources.extend(files::below(path)?.into_iter().map(|path| Source {
                    path,
                    label: None,
                    is_named: false,
                })),
            }
        }
        Ok(sources)
    }

    /// What is named, and whether it is a folder.
    fn folders(&self) -> impl Iterator<Item = (&Path, bool)> {
        let paths = self.btf.iter().map(|argument| named(argument).1);
        paths.map(|path| (path, path.is_dir()))
    }

    fn examine(
        &self,
        place: usize,
        source: &Source,
        objects: &[Candidate],
        begun: &Mutex<HashMap<Digest, usize>>,
    ) -> Result<Opened, Failure> {
        if !source.is_named && is_module(&source.path) {
            return Ok(Opened::Other);
        }
        let mut kernel = match KernelBtf::from_path(&source.path) {
            Err(KernelError::Image(error)) if !source.is_named && is_other(&error) => {
                return Ok(Opened::Other);
            }
            kernel => decided(kernel?),
        };
        if self.arch.is_some_and(|arch| kernel.arch() != Some(arch)) {
            return Ok(Opened::Other);
        }
        let names = names(source, &kernel)?;
        let files = self.beside.of(&source.names(&names));
        let digest = digest(&kernel, &files);
        let mut all = begun.lock().unwrap_or_else(PoisonError::into_inner);
        let first = *all.entry(digest).or_insert(place);
        drop(all);
        if first != place {
            return Ok(Opened::Equal { digest, names });
        }
        for user in &self.user {
            kernel.add_user_file(user)?;
        }
        files.add_to(&mut kernel)?;
        let built_for = self.built_for.as_ref().map(KernelBtf::from_path);
        let built_for = built_for.transpose()?;
        let found = Examination::of(objects, &kernel, built_for.as_ref());
        Ok(Opened::Examined {
            digest,
            names,
            found,
        })
    }
}

/// An architecture, by a name that one has for it.
fn arch(name: &str) -> Result<Arch, String> {
    Arch::from_target(name).ok_or_else(|| {
        "it is none that is known: x86_64, aarch64, s390x, powerpc64, riscv64, loongarch64, arm, mips"
            .to_owned()
    })
}

/// What a kernel may be called: by its file, where that has no version by what its image says, and by its
/// folders.
fn names(source: &Source, kernel: &KernelBtf) -> Result<Vec<String>, Failure> {
    let mut names = kernel.names();
    if !names.first().is_some_and(|name| has_version(name)) {
        let release = kernel_release(&source.path).map_err(KernelError::from)?;
        let at = names.len().min(1);
        names.splice(at..at, release);
    }
    Ok(names)
}

/// A name and a path, where there is a name. A file whose own name has a `=` in it is one.
pub(crate) fn named(argument: &str) -> (Option<&str>, &Path) {
    match argument.split_once('=') {
        Some((label, path)) if !label.is_empty() && !Path::new(argument).exists() => {
            (Some(label), Path::new(path))
        }
        _ => (None, Path::new(argument)),
    }
}

/// Whether a file is a module's, whose BTF is on top of a kernel's.
fn is_module(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').skip(1).any(|part| part == "ko")
}

/// Whether a file in a folder is something else than a kernel: a README, the text beside a pinned BTF.
fn is_other(error: &ImageError) -> bool {
    matches!(
        error,
        ImageError::UnknownFormat { .. } | ImageError::NoBtfInArchive { .. }
    )
}

/// That of all that tells a kernel from others: its BTF, which of its types are modules', and what else is
/// known of it.
fn digest(kernel: &KernelBtf, files: &Files) -> Digest {
    let bytes = kernel.btf().to_bytes();
    let modules = kernel.pin_note().map(|note| &note.modules);
    let of = |first: u8| {
        let mut hasher = DefaultHasher::new();
        (first, &bytes, modules, files).hash(&mut hasher);
        hasher.finish()
    };
    (of(0), of(1), bytes.len())
}

/// The kernels in the order of their files. Of those that are equal, the first is the one, whichever was
/// examined.
fn held(sources: Vec<Source>, opened: Vec<Opened>) -> Vec<Held> {
    let mut found: HashMap<Digest, Examination> = HashMap::new();
    let mut kernels = Vec::new();
    for (source, opened) in sources.into_iter().zip(opened) {
        let (digest, names) = match opened {
            Opened::Other => continue,
            Opened::Equal { digest, names } => (digest, names),
            Opened::Examined {
                digest,
                names,
                found: of,
            } => {
                found.insert(digest, of);
                (digest, names)
            }
        };
        kernels.push((source.label, names, digest));
    }
    let mut first: HashMap<Digest, usize> = HashMap::new();
    let kernels = kernels.into_iter().enumerate();
    kernels
        .map(|(place, (label, names, digest))| {
            let first = *first.entry(digest).or_insert(place);
            Held {
                label,
                names,
                found: match found.remove(&digest) {
                    Some(of) => Found::Examined(of),
                    None => Found::EqualTo(first),
                },
            }
        })
        .collect()
}
