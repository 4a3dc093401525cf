//! Programs in user space, for the functions that uprobes are set on.
//!
//! A function's prototype is in the program's BTF, or in its debug information (DWARF), which may be in
//! a file of its own. Both become one BTF, behind which all is as with the kernel's.

#[cfg(feature = "dwarf")]
pub(crate) mod dwarf;
mod error;
#[cfg_attr(
    not(feature = "dwarf"),
    allow(dead_code, reason = "only debug information needs all of it")
)]
mod file;
#[cfg_attr(
    not(feature = "dwarf"),
    allow(dead_code, reason = "only debug information needs all of it")
)]
mod language;
mod prototypes;
mod refusal;
mod spelling;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;

pub use self::error::UserError;
pub(crate) use self::file::DEBUG_ROOT;
use self::file::Elf;
use self::file::Facts;
use self::language::Language;
use self::prototypes::Prototypes;
pub use self::refusal::UserRefusal;
pub(crate) use self::spelling::integer;
use self::spelling::spelled;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::image::ImageError;
use crate::image::read_btf;
use crate::sorted::sorted_by;

/// A program or library whose functions' prototypes are known.
#[derive(Debug)]
pub(crate) struct UserBtf {
    pub(crate) btf: Btf<'static>,
    path: PathBuf,
    /// Files beside its own that were read.
    more: Vec<PathBuf>,
    /// The functions that no context can be had of.
    refused: BTreeMap<String, UserRefusal>,
    /// The functions, sorted by name.
    by_name: OnceCell<Vec<TypeId>>,
}

/// Whose types a prototype consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Types {
    /// The kernel's and its modules'.
    #[default]
    Kernel,
    /// Those of a program in user space, by its number among those that were added.
    User(usize),
}

impl UserBtf {
    /// Of the file of a program or library, with these folders for debug information.
    pub(crate) fn read(path: &Path, debug_roots: &[PathBuf]) -> Result<Self, UserError> {
        let found = prototypes(path, debug_roots)?;
        let bad = |error| UserError::BadBtf {
            path: path.to_owned(),
            error,
        };
        let btf = Btf::parse(&found.btf).map_err(bad)?;
        Ok(Self {
            btf: Btf::parse(&spelled(&btf)).map_err(bad)?,
            path: path.to_owned(),
            more: found.more,
            refused: found.refused,
            by_name: OnceCell::new(),
        })
    }

    /// The functions of a name, in id order.
    pub(crate) fn functions(&self, name: &str) -> impl Iterator<Item = Type<'_>> {
        let name_of = |id: &TypeId| self.btf.get(*id).map_or("", |ty| ty.name());
        let ids = self.by_name.get_or_init(|| {
            let functions = self.btf.types();
            let functions = functions.filter(|ty| matches!(ty.kind(), Kind::Func(_)));
            let ids = functions.map(|ty| ty.id()).collect();
            sorted_by(ids, |a, b| name_of(a).cmp(name_of(b)).then(a.cmp(b)))
        });
        let start = ids.partition_point(|id| name_of(id) < name);
        let end = ids.partition_point(|id| name_of(id) <= name);
        ids[start..end].iter().filter_map(|id| self.btf.get(*id))
    }

    /// The files with debug information that were read beside the program's own.
    pub(crate) fn debug_files(&self) -> impl Iterator<Item = &Path> {
        self.more.iter().map(PathBuf::as_path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Why no context can be had of a function, where that is so.
    pub(crate) fn refusal(&self, function: &str) -> Option<&UserRefusal> {
        self.refused.get(function)
    }

    /// The functions that are there, and that no context can be had of.
    pub(crate) fn refused(&self) -> impl Iterator<Item = &str> {
        let is_there = |refusal: &UserRefusal| {
            !matches!(
                refusal,
                UserRefusal::OnlyInlined
                    | UserRefusal::OnlyClone(_)
                    | UserRefusal::OtherSymbol(_)
                    | UserRefusal::NotDescribed
            )
        };
        let there = self.refused.iter().filter(move |(_, why)| is_there(why));
        there.map(|(name, _)| name.as_str())
    }
}

/// The prototypes in a file, or in one with its debug information.
fn prototypes(path: &Path, roots: &[PathBuf]) -> Result<Prototypes, UserError> {
    let cache = file::open(path)?;
    let Ok(elf) = Elf::parse(&cache) else {
        let found = read_btf(path)?;
        return Ok(Prototypes {
            btf: found.btf,
            ..Prototypes::default()
        });
    };
    let facts = Facts::of(&elf);
    if facts.is_linked && !facts.is_64 {
        return Err(UserError::Program32 {
            path: path.to_owned(),
        });
    }
    let tried = match from_dwarf(path, &elf, &facts, roots) {
        Ok(Ok(found)) => return Ok(found),
        Ok(Err(tried)) => tried,
        // Debug information that is not read is no harm where there is BTF.
        Err(error) => {
            let btf = read_btf(path).map_err(|_| error)?.btf;
            return from_btf(path, btf, &facts);
        }
    };
    match read_btf(path) {
        Ok(found) => from_btf(path, found.btf, &facts),
        Err(ImageError::NoBtfSection { .. }) => Err(UserError::NoTypes {
            path: path.to_owned(),
            tried,
        }),
        Err(error) => Err(error.into()),
    }
}

/// Of BTF in a file whose compiler is known at most by the marks that it has left.
fn from_btf(path: &Path, bytes: Vec<u8>, facts: &Facts) -> Result<Prototypes, UserError> {
    let mut found = Prototypes {
        btf: bytes,
        ..Prototypes::default()
    };
    let Some(language) = facts.mark.as_ref().filter(|_| facts.is_linked) else {
        return Ok(found);
    };
    let btf = Btf::parse(&found.btf).map_err(|error| UserError::BadBtf {
        path: path.to_owned(),
        error,
    })?;
    let symbols: HashSet<&str> = facts.symbols.iter().map(|(_, name)| &**name).collect();
    for func in btf.types() {
        let Kind::Func(proto) = func.kind() else {
            continue;
        };
        let exported = symbols.contains(func.name());
        let is_simple = btf.get(proto).is_some_and(|proto| is_simple(&btf, &proto));
        if *language != Language::Rust || !exported || !is_simple {
            let refusal = UserRefusal::ForeignLanguage(language.to_string());
            found.refused.insert(func.name().to_owned(), refusal);
        }
    }
    Ok(found)
}

/// Whether a prototype consists of numbers and pointers of up to 8 bytes, which Rust's functions under
/// names of C's, `extern "C"` or not, have where C's have them.
fn is_simple(btf: &Btf<'_>, proto: &Type<'_>) -> bool {
    let Kind::FuncProto { ret } = proto.kind() else {
        return false;
    };
    let params = proto.leading_params().map(|param| param.type_id);
    params
        .chain([ret])
        .all(|id| match btf.resolve(id).map(|ty| ty.kind()) {
            Some(Kind::Void | Kind::Ptr(_)) => true,
            Some(Kind::Int { size, .. } | Kind::Enum { size } | Kind::Float { size }) => size <= 8,
            _ => false,
        })
}

/// The prototypes of a program's DWARF; where there is none, the files that were tried.
#[cfg(feature = "dwarf")]
fn from_dwarf(
    path: &Path,
    elf: &Elf<'_>,
    facts: &Facts,
    roots: &[PathBuf],
) -> Result<Result<Prototypes, Vec<PathBuf>>, UserError> {
    // In what is not linked, nothing has its place yet.
    if !facts.is_linked {
        return Ok(Err(Vec::new()));
    }
    if facts.has_dwarf {
        return dwarf::prototypes(path, path, elf, facts, roots).map(Ok);
    }
    let candidates = facts.candidates(path, roots);
    for (file, crc) in &candidates {
        let Ok(cache) = file::open(file) else {
            continue;
        };
        let Ok(debug) = Elf::parse(&cache) else {
            continue;
        };
        let mut debug_facts = Facts::of(&debug);
        let is_same = match (&facts.build_id, &debug_facts.build_id, crc) {
            (Some(own), Some(other), _) => own == other,
            (_, _, Some(crc)) => file::crc32(file).is_ok_and(|other| other == *crc),
            _ => false,
        };
        if !is_same || !debug_facts.has_dwarf {
            continue;
        }
        debug_facts.symbols.extend(facts.symbols.iter().cloned());
        let found = dwarf::prototypes(path, file, &debug, &debug_facts, roots)?;
        let mut more = found.more;
        more.push(file.clone());
        return Ok(Ok(Prototypes { more, ..found }));
    }
    Ok(Err(candidates.into_iter().map(|(file, _)| file).collect()))
}

#[cfg(not(feature = "dwarf"))]
fn from_dwarf(
    _path: &Path,
    _elf: &Elf<'_>,
    _facts: &Facts,
    _roots: &[PathBuf],
) -> Result<Result<Prototypes, Vec<PathBuf>>, UserError> {
    Ok(Err(Vec::new()))
}
