//! Picks from a kernel's BTF, and from its modules', what an object needs.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::btf::BtfError;
use crate::btf::BtfWriter;
use crate::btf::HeaderError;
use crate::btf::Sections;
use crate::btf::assemble;

use super::extract::Layers;
use super::extract::Place;
use super::mapped::Mapped;
use super::names::Match;
use super::raw::RawBtf;
use super::wanted::Reason;
use super::wanted::Wanted;

/// The kernel's own types, among those of its modules.
const KERNEL: &str = "vmlinux";

/// What was picked.
pub(super) struct Picked {
    /// A BTF of its own.
    pub(super) small: Vec<u8>,
    /// The kernel's whole BTF with a plain header, where its own type ids are needed.
    pub(super) whole: Option<Whole>,
}

/// A kernel's whole BTF.
pub(super) struct Whole {
    pub(super) bytes: Vec<u8>,
    /// The number of types, and the length of the string table.
    end: (u32, u32),
}

impl Whole {
    /// Continues its ids and strings.
    pub(super) fn writer(&self) -> Result<BtfWriter, HeaderError> {
        let order = Sections::parse(&self.bytes)?.order;
        Ok(BtfWriter::after(order, self.end.0, self.end.1))
    }
}

/// Picks what is wanted from a kernel's BTF, and what that lacks from the modules in a folder like
/// `/sys/kernel/btf`.
///
/// A module that cannot be read has nothing: what was wanted of it is missing then, which is said
/// where it is needed.
pub(super) fn pick(
    kernel: &[u8],
    modules: Option<&Path>,
    wanted: &Wanted,
) -> Result<Picked, BtfError> {
    let mut found: Vec<(Match, Place)> = Vec::new();
    let base = RawBtf::scan(kernel, None, &wanted.sought, |matched, index| {
        found.push((matched, Place { layer: 0, index }));
    })?;
    let mut seen = vec![false; wanted.sought.len()];
    for (matched, _) in &found {
        seen[*matched] = true;
    }
    let lacking = wanted.lacking(|matched| seen[matched]);
    let blobs = match modules.filter(|_| !lacking.is_empty()) {
        Some(folder) => having(folder, &base, wanted, &lacking),
        None => Vec::new(),
    };
    let whole = wanted.ids.then(|| {
        let (types, strings) = base.sections();
        let string_len = u32::try_from(strings.len()).unwrap_or(u32::MAX);
        Whole {
            bytes: assemble(base.order(), types, strings),
            end: (base.len().saturating_add(1), string_len),
        }
    });
    let mut raw = vec![base];
    for blob in &blobs {
        let layer = raw.len();
        let module = RawBtf::scan(blob, raw.first(), &wanted.sought, |matched, index| {
            let depends = |reason: &Reason| matches!(reason, Reason::SameTypes | Reason::Tag);
            if lacking.contains(&matched) || wanted.reasons[matched].iter().any(depends) {
                found.push((matched, Place { layer, index }));
            }
        })?;
        raw.push(module);
    }
    let layers = Layers { raw, found };
    Ok(Picked {
        small: layers.extract(wanted),
        whole,
    })
}

/// The BTFs of those modules that have something of what is lacking, in the order of their names.
fn having(folder: &Path, base: &RawBtf<'_>, wanted: &Wanted, lacking: &[Match]) -> Vec<Mapped> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name() != KERNEL)
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    let has_something = |bytes: &Mapped| {
        let mut has = false;
        let scanned = RawBtf::scan(bytes, Some(base), &wanted.sought, |matched, _| {
            has |= lacking.contains(&matched);
        });
        scanned.is_ok() && has
    };
    let blobs = paths.iter().filter_map(|path| Mapped::open(path).ok());
    blobs.filter(has_something).collect()
}

/// A BTF and a split one on top of it as one.
pub(super) fn joined(base: &[u8], split: &[u8]) -> Result<Vec<u8>, HeaderError> {
    let (below, above) = (Sections::parse(base)?, Sections::parse(split)?);
    let types = [&base[below.types], &split[above.types]].concat();
    let strings = [&base[below.strings], &split[above.strings]].concat();
    Ok(assemble(below.order, &types, &strings))
}
