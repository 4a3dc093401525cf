//! ELF files of programs in user space, and the files that have their debug information.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;

use object::Architecture;
use object::Object;
use object::ObjectKind;
use object::ObjectSection;
use object::ObjectSymbol;
use object::ReadCache;
use object::SymbolKind;

use super::Language;
use super::error::UserError;
use crate::btf::ByteOrder;
use crate::image::ImageError;

/// Where distributions put debug information that is in files of its own.
pub(crate) const DEBUG_ROOT: &str = "/usr/lib/debug";

/// The longest `.comment` that is looked at: a line for each compiler.
const MAX_COMMENT: u64 = 1 << 20;

/// How long the name of a symbol may be that is looked at, in bytes. Those of C++ are the longest.
const MAX_SYMBOL: usize = 4096;

/// How many bytes the names of the symbols of the smallest program may have in all, and how many more for each
/// symbol: names may be the ends of one string.
const LEAST_SYMBOLS: usize = 4 << 20;
const NAME_OF_SYMBOL: usize = 256;

/// An ELF file that is read as far as it is asked.
pub(super) type Elf<'d> = object::File<'d, &'d ReadCache<File>>;

/// What is known of a program without its debug information.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) order: Option<ByteOrder>,
    /// Whether it is a program or library that has been linked.
    pub(super) is_linked: bool,
    /// Whether it has registers of 64 bits.
    pub(super) is_64: bool,
    /// Whether it has DWARF.
    pub(super) has_dwarf: bool,
    /// DWARF's numbers of the registers that carry arguments, in their order; none where they are not
    /// known.
    pub(super) registers: Vec<u16>,
    /// Whether floating point numbers take the place of those.
    pub(super) floats_take_registers: bool,
    pub(super) build_id: Option<Vec<u8>>,
    /// The name of a file with its debug information, and that file's CRC.
    debug_link: Option<(String, u32)>,
    /// A compiler that left its mark, whose language has not C's conventions.
    pub(super) mark: Option<Language>,
    /// The names of functions, each with its address.
    pub(super) symbols: BTreeSet<(u64, String)>,
}

/// Opens a file for [`Elf`].
pub(super) fn open(path: &Path) -> Result<ReadCache<File>, UserError> {
    let file = File::open(path).map_err(|error| ImageError::Read {
        path: path.to_owned(),
        error,
    })?;
    Ok(ReadCache::new(file))
}

impl Facts {
    pub(super) fn of(elf: &Elf<'_>) -> Self {
        let symbols = elf.symbols().chain(elf.dynamic_symbols());
        let functions = symbols.filter(|symbol| {
            symbol.kind() == SymbolKind::Text && symbol.is_definition() && symbol.address() > 0
        });
        let mut room = LEAST_SYMBOLS;
        let symbols = functions.filter_map(|symbol| {
            let name = symbol.name().ok()?;
            room = (room + NAME_OF_SYMBOL).saturating_sub(name.len());
            let is_name = (1..=MAX_SYMBOL).contains(&name.len()) && room > 0;
            is_name.then(|| (symbol.address(), name.to_owned()))
        });
        Self {
            order: Some(match elf.is_little_endian() {
                true => ByteOrder::Little,
                false => ByteOrder::Big,
            }),
            is_linked: matches!(elf.kind(), ObjectKind::Executable | ObjectKind::Dynamic)
                || elf.kind() == ObjectKind::Unknown,
            is_64: elf.is_64(),
            has_dwarf: has_dwarf(elf),
            registers: registers(elf.architecture()),
            floats_take_registers: elf.architecture() == Architecture::PowerPc64,
            build_id: elf.build_id().ok().flatten().map(<[u8]>::to_vec),
            debug_link: elf.gnu_debuglink().ok().flatten().and_then(|(name, crc)| {
                let name = std::str::from_utf8(name).ok()?;
                // It is a name, and no path to anywhere.
                let is_name = !name.is_empty() && !name.contains('/') && name != "..";
                is_name.then(|| (name.to_owned(), crc))
            }),
            mark: mark(elf),
            symbols: symbols.collect(),
        }
    }

    /// The files that may have this program's debug information, best first, each with whether its
    /// checksum tells.
    pub(super) fn candidates(&self, path: &Path, roots: &[PathBuf]) -> Vec<(PathBuf, Option<u32>)> {
        let mut candidates = Vec::new();
        if let Some(id) = &self.build_id {
            let places = roots.iter().filter_map(|root| by_build_id(root, id));
            candidates.extend(places.map(|path| (path, None)));
        }
        if let (Some((name, crc)), Some(folder)) = (&self.debug_link, path.parent()) {
            let beside = [folder.join(name), folder.join(".debug").join(name)];
            let inside = folder.strip_prefix("/").unwrap_or(folder);
            let below = roots.iter().map(|root| root.join(inside).join(name));
            let files = beside.into_iter().chain(below);
            // A file that links to itself has none.
            let others = files.filter(|file| file != path);
            candidates.extend(others.map(|file| (file, Some(*crc))));
        }
        candidates
    }
}

/// DWARF's numbers of the registers that carry arguments, by the ELF psABI supplements.
fn registers(architecture: Architecture) -> Vec<u16> {
    match architecture {
        // rdi, rsi, rdx, rcx, r8, r9.
        Architecture::X86_64 => vec![5, 4, 1, 2, 8, 9],
        Architecture::Aarch64 => (0..=7).collect(),
        Architecture::S390x => (2..=6).collect(),
        Architecture::Riscv64 => (10..=17).collect(),
        Architecture::PowerPc64 => (3..=10).collect(),
        Architecture::LoongArch64 => (4..=11).collect(),
        _ => Vec::new(),
    }
}

/// Where a file of that build id is below a folder like `/usr/lib/debug`.
pub(super) fn by_build_id(root: &Path, id: &[u8]) -> Option<PathBuf> {
    let (first, rest) = id.split_first().filter(|(_, rest)| !rest.is_empty())?;
    let rest: String = rest.iter().map(|byte| format!("{byte:02x}")).collect();
    let folder = root.join(".build-id").join(format!("{first:02x}"));
    Some(folder.join(format!("{rest}.debug")))
}

pub(super) fn has_dwarf(elf: &Elf<'_>) -> bool {
    let names = [".debug_info", ".zdebug_info"];
    names.iter().any(|name| {
        let section = elf.section_by_name(name);
        // Where it has been stripped into another file, the header may remain.
        section.is_some_and(|section| section.size() > 0 && section.file_range().is_some())
    })
}

/// The language of a compiler whose functions have not C's conventions, where one has left its mark: in
/// `.comment`, or by sections that only its programs have.
fn mark(elf: &Elf<'_>) -> Option<Language> {
    let go = [".note.go.buildid", ".go.buildinfo", ".gopclntab"];
    if go.iter().any(|name| elf.section_by_name(name).is_some()) {
        return Some(Language::Go);
    }
    let section = elf.section_by_name(".comment")?;
    let data = (section.size() <= MAX_COMMENT)
        .then(|| section.data())?
        .ok()?;
    Language::of_comment(data)
}

/// The checksum of a whole file that `.gnu_debuglink` has (CRC-32).
pub(super) fn crc32(path: &Path) -> std::io::Result<u32> {
    use std::io::Read;

    let mut table = [0_u32; 256];
    for (index, entry) in (0_u32..).zip(&mut table) {
        *entry = (0..8).fold(index, |crc, _| match crc & 1 {
            1 => crc >> 1 ^ 0xedb8_8320,
            _ => crc >> 1,
        });
    }
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    let mut crc = u32::MAX;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(!crc),
            len => {
                for byte in &buffer[..len] {
                    crc = crc >> 8 ^ table[usize::from(crc as u8 ^ byte)];
                }
            }
        }
    }
}
