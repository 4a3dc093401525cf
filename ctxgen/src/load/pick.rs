//! Picks from a kernel's BTF, and from its modules', what an object needs.

use std::fs;
use std::path::Path;

use crate::btf::Btf;
use crate::btf::BtfError;
use crate::btf::BtfWriter;
use crate::btf::HeaderError;
use crate::btf::KSYM_NAME_LEN;
use crate::btf::Sections;
use crate::btf::TypeId;
use crate::btf::for_libbpf;
use crate::btf::kind_number;
use crate::btf::known;
use crate::hook::VMLINUX;
use crate::kernel::KernelBtf;
use crate::sorted::set;
use crate::tracefs::Formats;

use super::extract::Above;
use super::extract::Found;
use super::extract::Layers;
use super::extract::Place;
use super::extract::Small;
use super::joined::joined;
use super::mapped::Mapped;
use super::names::Match;
use super::names::Sought;
use super::wanted::Reason;
use super::wanted::Wanted;

/// What was picked.
pub(super) struct Picked {
    /// A BTF of its own.
    pub(super) small: Small,
    /// The kernel's whole BTF with a plain header, where its own type ids are needed. What is of modules
    /// comes after it.
    pub(super) whole: Option<Whole>,
}

/// A kernel's whole BTF, and above that what is wanted of modules.
pub(super) struct Whole {
    pub(super) bytes: Vec<u8>,
    /// The number of types, and the length of the string table.
    end: (u32, u32),
}

impl Whole {
    fn new(kernel: &[u8], base: &Btf<'_>, above: &Above) -> Result<Self, BtfError> {
        let bytes = for_libbpf(joined(&known(kernel)?, &above.bytes)?)?;
        let string_len = u32::try_from(Sections::parse(&bytes)?.strings.len()).unwrap_or(u32::MAX);
        let types = base.type_count().saturating_add(above.types);
        Ok(Self {
            bytes,
            end: (types, string_len),
        })
    }

    /// Continues its ids and strings.
    pub(super) fn writer(&self) -> Result<BtfWriter, HeaderError> {
        let order = Sections::parse(&self.bytes)?.order;
        Ok(BtfWriter::after(order, self.end.0, self.end.1))
    }
}

/// Where the modules of a kernel are.
pub(super) enum Modules<'m> {
    /// In a folder like `/sys/kernel/btf`, each a BTF that continues the kernel's.
    Folder(&'m Path),
    /// In the kernel's own BTF.
    Within(&'m KernelBtf),
}

/// Picks what is wanted from a kernel's BTF, and what that lacks from those of its modules.
///
/// A module that cannot be read has nothing: what was wanted of it is missing then, which is said
/// where it is needed.
pub(super) fn pick(
    kernel: &[u8],
    modules: &Modules<'_>,
    wanted: &Wanted,
) -> Result<Picked, BtfError> {
    let mut found: Vec<Found> = Vec::new();
    let base = scan(kernel, None, &wanted.sought, |matched, id| {
        found.push(Found::new(matched, Place { layer: 0, id }));
    })?;
    let mut seen = vec![false; wanted.sought.len()];
    for found in &found {
        seen[found.matched()] = true;
    }
    let lacking = wanted.lacking(|matched| seen[matched]);
    let names = match modules {
        Modules::Folder(folder) if !lacking.is_empty() => names(folder),
        Modules::Folder(_) => Vec::new(),
        Modules::Within(kernel) => {
            let modules = kernel.modules().iter();
            modules.map(|module| module.name().to_owned()).collect()
        }
    };
    let blobs = match modules {
        Modules::Folder(folder) => having(folder, &names, &base, wanted, &lacking),
        Modules::Within(_) => Vec::new(),
    };
    let mut modules_btf = Vec::new();
    for (layer, (_, blob)) in (1..).zip(&blobs) {
        let module = scan(blob, Some(&base), &wanted.sought, |matched, id| {
            let depends = |reason: &Reason| {
                matches!(
                    reason,
                    Reason::SameTypes | Reason::MemberTypes(_) | Reason::Tag
                )
            };
            if lacking.contains(&matched) || wanted.reasons[matched].iter().any(depends) {
                found.push(Found::new(matched, Place { layer, id }));
            }
        })?;
        modules_btf.push(module);
    }
    let layers = Layers {
        base: &base,
        modules: modules_btf,
        found,
    };
    let mut small = layers.extract(wanted, |place| match modules {
        Modules::Folder(_) => {
            let module = place.layer.checked_sub(1)?;
            Some(blobs.get(module as usize)?.0.clone())
        }
        Modules::Within(kernel) => {
            let module = kernel.module_of(place.id)?;
            Some(module.name().to_owned())
        }
    });
    small.bytes = for_libbpf(small.bytes)?;
    // A module that has nothing of what is wanted is a module all the same.
    for name in names {
        if small.modules.iter().all(|(known, _)| *known != name) {
            small.modules.push((name, 0..0));
        }
    }
    small.formats = match modules {
        Modules::Folder(_) => Formats::running(),
        Modules::Within(kernel) => kernel.formats().clone(),
    };
    small.add_types_of_calls(&wanted.hooks)?;
    let whole = match wanted.ids {
        true => Some(Whole::new(kernel, &base, &small.above)?),
        false => None,
    };
    Ok(Picked { small, whole })
}

/// Goes through all types of a blob, and hands out those that are sought.
///
/// A parser of its own would do that at load time a second time, since libbpf parses the kernel's BTF by itself.
fn scan<'b>(
    bytes: &'b [u8],
    base: Option<&'b Btf<'_>>,
    sought: &Sought,
    mut found: impl FnMut(Match, TypeId),
) -> Result<Btf<'b>, BtfError> {
    let first = base.map_or(1, Btf::type_count);
    Btf::scan(bytes, base, |btf, step| {
        let kind = kind_number(step.info);
        if sought.has_kind(kind) {
            // Names may be the ends of one string, so that each could be as long as the whole table.
            let name = btf.strings_at(step.name);
            let name = &name[..name.len().min(KSYM_NAME_LEN)];
            let id = TypeId(first.saturating_add(step.index));
            sought.of(kind, name, |matched| found(matched, id));
        }
    })
}

/// The names of all modules, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name != VMLINUX);
    set(names.collect())
}

/// The names and BTFs of those modules that have something of what is lacking.
fn having(
    folder: &Path,
    names: &[String],
    base: &Btf<'_>,
    wanted: &Wanted,
    lacking: &[Match],
) -> Vec<(String, Mapped)> {
    let has_something = |bytes: &Mapped| {
        let mut has = false;
        let scanned = scan(bytes, Some(base), &wanted.sought, |matched, _| {
            has |= lacking.contains(&matched);
        });
        scanned.is_ok() && has
    };
    let blobs = names.iter().filter_map(|name| {
        let blob = Mapped::open(&folder.join(name)).ok()?;
        has_something(&blob).then(|| (name.clone(), blob))
    });
    blobs.collect()
}
