//! Modules on top of a kernel.
//!
//! A module's BTF is a split BTF: its type ids and string offsets continue those of its vmlinux. All
//! modules continue the same numbers, so of several only the first could stand behind the vmlinux as
//! it is; here each is renumbered to continue whatever is there. The result is one BTF without a
//! base, and nothing that works with it has to know of modules.

mod check;
mod error;
mod file;
mod fold;
mod relocate;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::Range;

use self::check::End;
use self::check::check;
pub use self::error::ModuleError;
use self::file::module_name;
pub(crate) use self::file::name_of;
use self::fold::Fold;
use crate::btf::Below;
use crate::btf::Btf;
use crate::btf::BtfError;
use crate::btf::Sections;
use crate::btf::TypeId;
use crate::btf::assemble;
use crate::btf::copy::renumber;

/// A module of a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    name: String,
    ids: Range<u32>,
}

impl Module {
    /// Its name, as the kernel has it: with `_` where its file may have `-`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a type is the module's own, and not the kernel's.
    pub fn has(&self, id: TypeId) -> bool {
        self.ids.contains(&id.0)
    }
}

/// The modules on top of a vmlinux.
#[derive(Debug)]
pub(super) struct Modules {
    vmlinux: End,
    modules: Vec<Module>,
}

impl Modules {
    /// None yet.
    pub(super) fn none(vmlinux: &Btf<'_>) -> Self {
        Self {
            vmlinux: End {
                types: vmlinux.type_count(),
                strings: vmlinux.string_end(),
            },
            modules: Vec::new(),
        }
    }

    /// Those that these types of a BTF are, which has all of them already.
    pub(super) fn of(vmlinux: &Btf<'_>, modules: &[(String, Range<u32>)]) -> Self {
        let modules = modules.iter().map(|(name, ids)| Module {
            name: name.clone(),
            ids: ids.clone(),
        });
        Self {
            modules: modules.collect(),
            ..Self::none(vmlinux)
        }
    }

    pub(super) fn as_slice(&self) -> &[Module] {
        &self.modules
    }

    /// Adds a module to `kernel`, which is the vmlinux with the modules so far. `base` is what the
    /// module has in its `.BTF.base` section, if it has one.
    pub(super) fn add(
        &mut self,
        kernel: &Btf<'static>,
        name: &str,
        bytes: &[u8],
        base: Option<&[u8]>,
    ) -> Result<Btf<'static>, ModuleError> {
        let name = module_name(name)?;
        if self.modules.iter().any(|module| module.name == name) {
            return Err(ModuleError::Twice);
        }
        let below = Below {
            btf: kernel,
            types: self.vmlinux.types,
            strings: self.vmlinux.strings,
        };
        let relocated;
        let bytes = match base {
            None => bytes,
            Some(base) => {
                relocated = relocate::relocate(bytes, base, &vmlinux_of(below)?)?;
                &relocated
            }
        };
        let split = Btf::outline(bytes, Some(below)).map_err(|error| match error {
            BtfError::Header(error) => error.into(),
            BtfError::Truncated(id) => ModuleError::Type(id),
            error => ModuleError::Kinds(error),
        })?;
        check(&split, self.vmlinux, kernel)?;

        let first = kernel.type_count();
        let both = append(&split, self.vmlinux, kernel)?;
        let both = Btf::parse(&both).map_err(ModuleError::Together)?;
        let ids = first..both.type_count();
        self.modules.push(Module { name, ids });
        Ok(both)
    }
}

/// The vmlinux alone: what it had before there were modules.
fn vmlinux_of(below: Below<'_>) -> Result<Btf<'static>, ModuleError> {
    Btf::parse(&below.btf.first_parts(below)).map_err(ModuleError::Together)
}

/// The blob of what there is already and of a module, renumbered.
fn append(split: &Btf<'_>, vmlinux: End, kernel: &Btf<'_>) -> Result<Vec<u8>, ModuleError> {
    let have = kernel.to_bytes();
    let have_sections = Sections::parse(&have)?;
    let mut strings = have[have_sections.strings].to_vec();
    let names = add_names(split, vmlinux, &mut strings)?;
    let folded = Fold {
        split,
        base: vmlinux,
        kernel,
        names: &names,
    }
    .run();

    let mut ids = Vec::new();
    let mut next = kernel.type_count();
    for id in split.ids_from(TypeId(vmlinux.types)) {
        match folded.get(&id) {
            Some(same) => ids.push(same.0),
            None => {
                ids.push(next);
                next = next.checked_add(1).ok_or(ModuleError::TooLarge)?;
            }
        }
    }

    let mut types = have[have_sections.types].to_vec();
    let order = split.byte_order();
    let own = split.ids_from(TypeId(vmlinux.types));
    for ty in own
        .filter(|id| !folded.contains_key(id))
        .filter_map(|id| split.get(id))
    {
        let mut words = ty.words();
        let new_id = |id: TypeId| match id.0.checked_sub(vmlinux.types) {
            Some(own) => TypeId(ids.get(own as usize).copied().unwrap_or(0)),
            None => id,
        };
        let new_name = |name| names.get(&name).copied().unwrap_or(name);
        renumber(&mut words, new_name, new_id);
        for word in words {
            order.put_u32(&mut types, word);
        }
    }
    Ok(assemble(order, &types, &strings))
}

/// Adds a module's names behind those of the kernel, and tells where each has got. Names that other
/// modules have brought are theirs too: what bears the same name has it at the same place.
fn add_names(
    split: &Btf<'_>,
    vmlinux: End,
    strings: &mut Vec<u8>,
) -> Result<HashMap<u32, u32>, ModuleError> {
    let offset = |at: usize| u32::try_from(at).map_err(|_| ModuleError::TooLarge);
    let mut known: HashMap<Vec<u8>, u32> = HashMap::new();
    let mut at = vmlinux.strings as usize;
    for name in strings[at..].split_inclusive(|byte| *byte == 0) {
        known.insert(name.to_vec(), offset(at)?);
        at += name.len();
    }
    let mut names = HashMap::new();
    let mut own = vmlinux.strings;
    for name in split.strings().split_inclusive(|byte| *byte == 0) {
        let to = match known.get(name) {
            Some(to) => *to,
            None => {
                let to = offset(strings.len())?;
                strings.extend_from_slice(name);
                known.insert(name.to_vec(), to);
                to
            }
        };
        names.insert(own, to);
        own = own
            .checked_add(offset(name.len())?)
            .ok_or(ModuleError::TooLarge)?;
    }
    Ok(names)
}
