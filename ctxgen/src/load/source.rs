//! The running kernel's BTF for the time of one load, and those of its modules.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::joined::joined;
use super::mapped::Mapped;
use super::needs::Lacking;
use crate::btf::Btf;
use crate::btf::BtfError;
use crate::btf::BtfWriter;
use crate::btf::Held;
use crate::btf::Sections;
use crate::btf::TypeId;
use crate::btf::copy::Part;
use crate::hook::VMLINUX;
use crate::kernel::KernelBtf;
use crate::kernel::KernelError;
use crate::kernel::Origin;
use crate::tracefs::Formats;

/// The BTF in a file like `/sys/kernel/btf/vmlinux`, without modules.
///
/// # Errors
/// [`KernelError::NoRunningBtf`], [`KernelError::BadBtf`].
pub(super) fn vmlinux(path: &Path, origin: &Origin) -> Result<KernelBtf, KernelError> {
    let mapped = Mapped::open(path).map_err(|error| KernelError::NoRunningBtf {
        path: path.to_owned(),
        error,
    })?;
    let kernel = KernelBtf::for_load(Btf::held(Box::new(mapped)), origin.clone())?;
    Ok(kernel.with_all_formats(Formats::running()))
}

/// The kernel with those modules in a folder like `/sys/kernel/btf` that have something of what is lacking,
/// or that a hook names. The others are modules without types.
///
/// A module that cannot be read has nothing: what was wanted of it is missing then, which is said
/// where it is needed.
///
/// # Errors
/// [`KernelError::BadBtf`].
pub(super) fn with_modules(
    vmlinux: KernelBtf,
    folder: &Path,
    lacking: &Lacking,
) -> Result<KernelBtf, KernelError> {
    let base = vmlinux.btf();
    let mut writer = BtfWriter::split(base);
    let mut modules = Vec::new();
    for name in names(folder) {
        let first = writer.next_id().0;
        if let Ok(blob) = Mapped::open(&folder.join(&name))
            && (lacking.modules.contains(&name) || has_some(blob.bytes(), &lacking.names))
        {
            add(base, blob.bytes(), &mut writer);
        }
        modules.push((name, first..writer.next_id().0));
    }
    let has_types = writer.next_id().0 > base.type_count();
    let kernel = match has_types {
        true => {
            let both = joined(&base.to_bytes(), &writer.finish());
            let both = both.map_err(BtfError::from);
            let both = both.and_then(|bytes| Btf::held(Box::new(Mapped::Read(bytes))));
            let formats = vmlinux.formats().clone();
            KernelBtf::for_load(both, vmlinux.origin().clone())?.with_all_formats(formats)
        }
        false => vmlinux,
    };
    Ok(kernel.with_module_ids(&modules))
}

/// The names of all modules, sorted.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name != VMLINUX)
        .collect()
}

/// Whether a module's BTF has one of these names, in whatever flavour.
fn has_some(module: &[u8], names: &BTreeSet<String>) -> bool {
    let Ok(sections) = Sections::parse(module) else {
        return false;
    };
    let mut is_first = [false; 256];
    for first in names.iter().filter_map(|name| name.bytes().next()) {
        is_first[usize::from(first)] = true;
    }
    let is_one = |text: &[u8]| {
        let rest = |name: &String| text.strip_prefix(name.as_bytes());
        let mut rests = names.iter().filter_map(rest);
        rests.any(|rest| rest.is_empty() || rest.starts_with(b"___"))
    };
    let mut texts = module[sections.strings].split(|byte| *byte == 0);
    texts.any(|text| {
        text.first()
            .is_some_and(|first| is_first[usize::from(*first)])
            && is_one(text)
    })
}

/// Adds a module's types, which continue those of `base`, behind what there is.
fn add(base: &Btf<'_>, module: &[u8], writer: &mut BtfWriter) {
    let Ok(split) = Btf::scan(module, Some(base)) else {
        return;
    };
    let shift = writer.next_id().0 - base.type_count();
    let own = split.ids_from(TypeId(base.type_count()));
    for ty in own.filter_map(|id| split.get(id)) {
        writer.copy(&ty, &Part::Whole, |_, child| {
            Some(match child.id.0 < base.type_count() {
                true => child.id,
                false => TypeId(child.id.0.saturating_add(shift)),
            })
        });
    }
}
