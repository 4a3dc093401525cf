//! Everything that can go wrong between a hook's name and its context struct.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use crate::ByteOrder;
use crate::btf::BtfError;
use crate::btf::DumpError;
use crate::hook::Family;
use crate::hook::Hook;
use crate::kernel::ModuleError;
use crate::kernel::Origin;
use crate::kernel::Trail;
use crate::layout::Unsupported;
use crate::load::LoadError;
use crate::object::ObjectError;
use crate::text;
use crate::text::ident::original;
use crate::text::nearest::nearest;

/// Why there is no context struct.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A SEC name's section is none of libbpf's that ctxgen has contexts for.
    #[error(
        "`{}` is of no hook family that ctxgen knows; a hook is written as libbpf's SEC() name{}",
        text::name(name),
        similar_sections(name)
    )]
    UnknownFamily {
        /// As it was given.
        name: String,
    },
    /// A SEC name without anything behind its section.
    #[error("`{}` names no target: write `{section}/<target>`", text::name(name))]
    NoTarget {
        /// As it was given.
        name: String,
        /// Its section.
        section: &'static str,
    },
    /// A hook's target that no kernel can have.
    #[error(
        "`{}` cannot be the target of a `{family}` hook: it is not a C identifier",
        text::name(target)
    )]
    BadTarget {
        /// The family.
        family: &'static str,
        /// What was given as its target.
        target: String,
    },
    /// A file could not be read.
    #[error("cannot read kernel BTF from {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        error: std::io::Error,
    },
    /// The running kernel shows no BTF.
    #[error(
        "the running kernel has no BTF at {}: {error}. It is there when the kernel was built with \
         CONFIG_DEBUG_INFO_BTF=y and /sys is mounted; otherwise give the target kernel's BTF as a \
         file", path.display()
    )]
    NoRunningBtf {
        /// Where it would be.
        path: PathBuf,
        /// The system's reason.
        #[source]
        error: std::io::Error,
    },
    /// A file is nothing that BTF is read from.
    #[error(
        "no kernel BTF can be read from {file}: {}. What is read, whatever its name, is raw BTF, ELF \
         (vmlinux, modules), a kernel image (x86 bzImage, arm64 or riscv64 Image, EFI zboot, s390x), an \
         archive with one BTF (tar), and any of these compressed with gzip, xz, zstd, lz4, bzip2, lzma \
         or lzop",
        starts(start)
    )]
    UnknownFormat {
        /// The file, and what was recognised around what was not.
        file: Trail,
        /// The first bytes of what was not recognised.
        start: Vec<u8>,
    },
    /// A file, or what it decompresses to, is larger than any kernel.
    #[error("{file} is refused: more than {} MiB would have to be read from it", limit >> 20)]
    TooLarge {
        /// The file.
        file: Trail,
        /// How many bytes would have been accepted.
        limit: u64,
    },
    /// Compressed data in compressed data in compressed data.
    #[error("{file} is refused: more than {max} layers are in each other")]
    NestedTooDeep {
        /// The file.
        file: Trail,
        /// How many would have been accepted.
        max: usize,
    },
    /// A file has to be decompressed or unpacked, and what does that is not there.
    #[error(
        "{file} has to be unpacked, and ctxgen was built without its feature `images`: switch that on, \
         or give the ELF file or the raw BTF"
    )]
    NoDecompression {
        /// The file.
        file: Trail,
    },
    /// Compressed data are damaged.
    #[error("{file} cannot be decompressed: {error}")]
    Decompress {
        /// The file.
        file: Trail,
        /// The decoder's reason.
        #[source]
        error: std::io::Error,
    },
    /// An archive cannot be read to its end.
    #[error("{file} cannot be read as one: {error}")]
    Archive {
        /// The file.
        file: Trail,
        /// The reader's reason.
        #[source]
        error: std::io::Error,
    },
    /// An archive without BTF.
    #[error(
        "there is no BTF in {file}: none of its {files} files is raw BTF, as the one in each of \
         BTFHub's archives is"
    )]
    NoBtfInArchive {
        /// The file.
        file: Trail,
        /// How many files there are in it.
        files: usize,
    },
    /// An archive with more than one BTF.
    #[error("there is more than one BTF in {file}: unpack it, and give the right one")]
    SeveralInArchive {
        /// The file.
        file: Trail,
    },
    /// A kernel image ends before what its header announces.
    #[error(
        "{file} is cut short: its header says that there is something at bytes {} to {}, and it has {have}",
        range.start, range.end
    )]
    ImageCutShort {
        /// The file.
        file: Trail,
        /// Where the kernel would be.
        range: Range<u64>,
        /// How many bytes there are.
        have: usize,
    },
    /// An x86 kernel image from before Linux 2.6.26.
    #[error(
        "{file} has boot protocol {}.{:02}, and only since 2.08 images say where the kernel is in them: \
         give the ELF vmlinux", version >> 8, version & 0xff
    )]
    OldBootProtocol {
        /// The file.
        file: Trail,
        /// Major and minor version.
        version: u16,
    },
    /// A kernel image without BTF.
    #[error(
        "there is no kernel BTF in {file}: the kernel was built without CONFIG_DEBUG_INFO_BTF{}",
        tried_in_vain(tried)
    )]
    NoBtfInImage {
        /// The file.
        file: Trail,
        /// The places in it where compressed data seemed to be, and why each was not the kernel.
        tried: Vec<String>,
    },
    /// A kernel image with several BTFs that could be the kernel's.
    #[error(
        "{file} has more than one kernel BTF, and nothing tells which is right: there are some at bytes \
         {}. Cut out the right one and give it as raw BTF",
        ranges(places)
    )]
    AmbiguousBtf {
        /// The file.
        file: Trail,
        /// Where they are.
        places: Vec<Range<usize>>,
    },
    /// A kernel image that is made to be searched for ever.
    #[error("{file} is refused: too much in it looks like BTF at first and is none")]
    TooManyCandidates {
        /// The file.
        file: Trail,
    },
    /// A file is an ELF file without BTF.
    #[error(
        "{file} has no .BTF section, or an empty one: the kernel was built without \
         CONFIG_DEBUG_INFO_BTF, a module without CONFIG_DEBUG_INFO_BTF_MODULES or without its vmlinux \
         at hand, or it was stripped from it"
    )]
    NoBtfSection {
        /// The file.
        file: Trail,
    },
    /// A file is an ELF file with more sections than anything real.
    #[error("{file} is refused: it claims to have {count} sections")]
    TooManySections {
        /// The file.
        file: Trail,
        /// How many.
        count: u32,
    },
    /// A file is an ELF file that cannot be read as one.
    #[error("{file} cannot be read as one: {error}")]
    BadElf {
        /// The file.
        file: Trail,
        /// The parser's reason.
        #[source]
        error: object::Error,
    },
    /// The bytes are not BTF.
    #[error("{origin} cannot be used as BTF: {error}")]
    BadBtf {
        /// Where the bytes came from.
        origin: Origin,
        /// What is wrong with them.
        #[source]
        error: BtfError,
    },
    /// Sources reach types that a pinned BTF has only the names and sizes of.
    #[error(
        "{origin} is a pinned BTF that lacks what these sources reach: of {} it has no more than the \
         name and the size", types.join(", ")
    )]
    NotPinned {
        /// The pinned BTF.
        origin: Origin,
        /// The structs and unions, as they are written in C.
        types: Vec<String>,
    },
    /// What stands beside a pinned BTF cannot be read.
    #[error(
        "{}:{line} is not as `ctxgen pin` writes it: {text:?}. Make the pinned BTF beside it anew, or \
         remove this file", path.display()
    )]
    BadPinNote {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// A format file of tracefs, or a folder of them, could not be read.
    #[error("cannot read trace event formats from {}: {error}", path.display())]
    ReadFormat {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        error: std::io::Error,
    },
    /// A file is no format file of tracefs.
    #[error(
        "{}:{line} is not as tracefs writes the format of a trace event: {text:?}", path.display()
    )]
    BadFormat {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// There is no format file in a folder.
    #[error(
        "there are no trace event formats in {}: what is looked for is <category>/<event>/format, as \
         in /sys/kernel/tracing/events", path.display()
    )]
    NoFormats {
        /// The folder.
        path: PathBuf,
    },
    /// A compiled BPF object cannot be read.
    #[error("the BPF object cannot be read: {0}")]
    Object(#[from] ObjectError),
    /// An object cannot be opened or loaded.
    #[error(transparent)]
    Load(Box<LoadError>),
    /// Contexts for several kernels were asked for, and no kernel was given.
    #[error("there is no kernel to make contexts for")]
    NoKernel,
    /// The running kernel shows no BTF of a module.
    #[error(
        "the running kernel has no BTF of a module {name} at {}: {error}. It is there when the module \
         is loaded and the kernel was built with CONFIG_DEBUG_INFO_BTF_MODULES=y; what is built into \
         the kernel is in the kernel's own BTF", path.display()
    )]
    NoRunningModule {
        /// The module's name, as it was given.
        name: String,
        /// Where it would be.
        path: PathBuf,
        /// The system's reason.
        #[source]
        error: std::io::Error,
    },
    /// A module's BTF cannot be put on top of the kernel's.
    #[error("the module {module} cannot be used with {origin}: {error}")]
    Module {
        /// The module's name, and its file where it is from one.
        module: String,
        /// The kernel.
        origin: Origin,
        /// What is wrong.
        #[source]
        error: Box<ModuleError>,
    },
    /// A hook names a module whose BTF is not there.
    #[error(
        "`{hook}` is a hook in the module {module}, and there is no such module in {origin}: give its \
         BTF beside the kernel's (--module, Builder::module)"
    )]
    UnknownModule {
        /// What was asked for.
        hook: Hook,
        /// The module that it names.
        module: String,
        /// Where it was looked for.
        origin: Origin,
    },
    /// A program in user space without anything that has its functions' prototypes.
    #[error(
        "{} has no prototypes of its functions: neither debug information (cc -g) nor a .BTF section \
         (gcc -gbtf, pahole -J){}", path.display(), tried_debug(tried)
    )]
    NoUserTypes {
        /// The program's file.
        path: PathBuf,
        /// The files with its debug information that are not there, or of another build.
        tried: Vec<PathBuf>,
    },
    /// The debug information of a program in user space cannot be read.
    #[error(
        "the debug information of {} cannot be read{}: {reason}",
        path.display(),
        if file == path { String::new() } else { format!(" from {}", file.display()) }
    )]
    UserDwarf {
        /// The program's file.
        path: PathBuf,
        /// The file with its debug information.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A program of 32 bits.
    #[error(
        "{} is a program of 32 bits: which registers its functions have their arguments in is not known \
         to ctxgen", path.display()
    )]
    User32 {
        /// The program's file.
        path: PathBuf,
    },
    /// A function in user space, and no BTF that could have its prototype.
    #[error(
        "`{hook}` stands for a function of a program in user space, and no program was given: \
         --user FILE, or Builder::user(FILE), takes an ELF file with debug information (cc -g) or a .BTF \
         section (gcc -gbtf, pahole -J). A program can take struct pt_regs instead"
    )]
    NoUserBtf {
        /// What was asked for.
        hook: Hook,
    },
    /// The BTF of a program in user space is for another machine than the kernel.
    #[error(
        "{} is {user}, and {origin} is {kernel}: it is no program for that kernel", path.display()
    )]
    UserByteOrder {
        /// The program's file.
        path: PathBuf,
        /// Its byte order.
        user: ByteOrder,
        /// The kernel's.
        kernel: ByteOrder,
        /// The kernel.
        origin: Origin,
    },
    /// The kernel has no such hook.
    #[error(
        "{origin} has no hook `{hook}`: looked for {}{}", tried.join(", "), advice(nearest, hook, origin)
    )]
    UnknownHook {
        /// What was asked for.
        hook: Hook,
        /// Where it was looked for.
        origin: Origin,
        /// The BTF names that would have been it.
        tried: Vec<String>,
        /// The most similar hooks that exist.
        nearest: Vec<String>,
    },
    /// Several functions of one name and of different types.
    #[error(
        "`{hook}` is ambiguous: {origin} has several functions of that name with different \
         prototypes, and the kernel attaches to whichever comes first:{}",
        indented(prototypes)
    )]
    AmbiguousFunction {
        /// What was asked for.
        hook: Hook,
        /// Where it was looked for.
        origin: Origin,
        /// The prototypes in C.
        prototypes: Vec<String>,
    },
    /// BTF does not tell which record a trace event has, or which event a struct's name stands for.
    #[error(
        "`{hook}` is ambiguous: {origin} does not tell which of these it is: {}. The event's format in \
         tracefs does, /sys/kernel/tracing/events/<category>/<event>/format on that kernel: give a copy \
         of it, or of that whole folder (--formats, Builder::formats, KernelBtf::with_formats)",
        or_none(candidates)
    )]
    AmbiguousEvent {
        /// What was asked for.
        hook: Hook,
        /// Where it was looked for.
        origin: Origin,
        /// What it may be, sorted: structs of the kernel's BTF, or hooks. None where nothing hints at
        /// any.
        candidates: Vec<String>,
    },
    /// A trace event's format is not that of its record in BTF.
    #[error(
        "`{hook}`: its format in tracefs is that of no record in {origin}{}; they have to be of the same \
         kernel",
        held_against(candidates)
    )]
    OtherFormat {
        /// What was asked for.
        hook: Hook,
        /// The kernel.
        origin: Origin,
        /// The structs that should have been it.
        candidates: Vec<String>,
    },
    /// A trace event is in another category.
    #[error("`{hook}`: the event is in another category, and is {}", right.join(" or "))]
    OtherCategory {
        /// What was asked for.
        hook: Hook,
        /// The same with the right categories.
        right: Vec<String>,
    },
    /// The hook is there, but no program can attach to it, or none can be given a context.
    #[error("no program can attach to `{hook}`: {reason}")]
    Unsupported {
        /// What was asked for.
        hook: Hook,
        /// Why not.
        reason: Unsupported,
    },
    /// A name in BTF that must not reach generated code.
    #[error(
        "{origin} has a name that C cannot have, or of more than 511 bytes: {name:?} ({place})"
    )]
    BadName {
        /// Where the BTF came from.
        origin: Origin,
        /// The name.
        name: String,
        /// What bears it.
        place: String,
    },
    /// Types could not be written in C.
    #[error("{origin}: {error}")]
    Dump {
        /// Where the BTF came from.
        origin: Origin,
        /// Why not.
        #[source]
        error: DumpError,
    },
    /// A context BTF of our own making was refused; a bug in ctxgen.
    #[error("the context BTF on top of {origin} is refused: {error}; please report this")]
    Generated {
        /// The base.
        origin: Origin,
        /// What is wrong with it.
        #[source]
        error: BtfError,
    },
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        Self::Load(Box::new(error))
    }
}

/// `main` prints an error it returns with `Debug`: that has to be readable too.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The sections that may be meant by a SEC name of none.
pub(crate) fn nearest_sections(name: &str) -> Vec<String> {
    let plain = name.strip_prefix('?').unwrap_or(name);
    let prefix = plain.split('/').next().unwrap_or_default();
    let sections = || Family::all().flat_map(|family| family.sections().iter().copied());
    let mut similar = nearest(plain, sections());
    similar.extend(nearest(prefix, sections()));
    similar.dedup();
    similar
}

/// The sections that may be meant, or the families that there are.
fn similar_sections(name: &str) -> String {
    let similar = nearest_sections(name);
    match similar.is_empty() {
        false => format!(". Similar sections: {}", similar.join(", ")),
        true => {
            let (with, without): (Vec<Family>, Vec<Family>) =
                Family::all().partition(|family| family.has_targets());
            let name = |family: &Family| family.sections()[0];
            format!(
                ", with a target behind one of {}, or as one of libbpf's others, such as {}",
                with.iter().map(name).collect::<Vec<_>>().join(", "),
                without.iter().map(name).collect::<Vec<_>>().join(", ")
            )
        }
    }
}

/// What may be meant, or where else it may be.
fn advice(nearest: &[String], hook: &Hook, origin: &Origin) -> String {
    let modules = matches!(origin, Origin::WithModules { .. });
    match nearest {
        [] if hook.family().names_modules() && !modules => {
            ". If it is in a module, its BTF has to be given beside the kernel's (--module, \
             Builder::module)"
                .to_owned()
        }
        [] => String::new(),
        names if names.iter().any(|name| is_clone_of(name, hook)) => format!(
            ". The compiler has made other functions of it, whose arguments may differ: {}",
            names.join(", ")
        ),
        names => format!(". Similar names: {}", names.join(", ")),
    }
}

/// Whether a hook is on a function that was made of that of another hook.
fn is_clone_of(name: &str, hook: &Hook) -> bool {
    name.parse::<Hook>()
        .is_ok_and(|other| other.is_of_clone() && original(other.target()) == hook.target())
}

fn or_none(candidates: &[String]) -> String {
    match candidates {
        [] => "no class of events has its prototype".to_owned(),
        candidates => candidates.join(", "),
    }
}

fn held_against(candidates: &[String]) -> String {
    match candidates {
        [] => String::new(),
        candidates => format!(", {} included", candidates.join(" and ")),
    }
}

fn indented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n    {line}")).collect()
}

/// Where debug information was looked for.
fn tried_debug(tried: &[PathBuf]) -> String {
    if !cfg!(feature = "dwarf") {
        return "; and debug information is read with the feature `dwarf` alone".to_owned();
    }
    match tried {
        [] => "; and no build id or link leads to a file that could have them".to_owned(),
        tried => {
            let tried: Vec<_> = tried
                .iter()
                .map(|file| file.display().to_string())
                .collect();
            format!("; and no file of the same build is at {}", tried.join(", "))
        }
    }
}

/// What a file starts with, for those who know magic numbers.
fn starts(start: &[u8]) -> String {
    if start.is_empty() {
        return "nothing is in it".to_owned();
    }
    let bytes: Vec<_> = start.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("what is in it starts with the bytes {}", bytes.join(" "))
}

fn tried_in_vain(tried: &[String]) -> String {
    match tried {
        [] => String::new(),
        tried => format!(
            ", or it is in none of the places looked at:{}",
            indented(tried)
        ),
    }
}

fn ranges(ranges: &[Range<usize>]) -> String {
    let ranges: Vec<_> = ranges
        .iter()
        .map(|range| format!("{} to {}", range.start, range.end))
        .collect();
    ranges.join(", ")
}
