//! Modules on top of a kernel.
//!
//! A module's BTF is a split BTF: its type ids and string offsets continue those of its vmlinux. All
//! modules continue the same numbers, so of several only the first could stand behind the vmlinux as
//! it is; here each is renumbered to continue whatever is there. The result is one BTF without a
//! base, and nothing that works with it has to know of modules.

mod error;
mod file;
mod fold;
mod relocate;
mod split;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::Range;

pub use self::error::ModuleError;
use self::file::module_name;
pub(crate) use self::file::name_of;
use self::fold::Fold;
use self::split::End;
use self::split::Split;
use crate::btf::Below;
use crate::btf::Btf;
use crate::btf::Sections;
use crate::btf::Shape;
use crate::btf::TypeId;
use crate::btf::assemble;
use crate::btf::known;

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
        let flat = kernel.to_bytes();
        let sections = Sections::parse(&flat)?;
        let have = Parts {
            types: &flat[sections.types],
            strings: &flat[sections.strings],
        };
        let relocated;
        let bytes = match base {
            None => bytes,
            Some(base) => {
                relocated = relocate::relocate(bytes, base, &self.vmlinux_of(kernel)?)?;
                &relocated
            }
        };
        let below = Below {
            btf: kernel,
            first: self.vmlinux.types,
        };
        let bytes = &known(bytes, Some(below)).map_err(ModuleError::Kinds)?;
        let split = Split::parse(bytes, self.vmlinux)?;
        if split.order != kernel.byte_order() {
            return Err(ModuleError::ByteOrder {
                module: split.order,
                kernel: kernel.byte_order(),
            });
        }
        split.check(self.vmlinux, kernel, have.strings)?;

        let first = kernel.type_count();
        let both = append(&split, self.vmlinux, kernel, &have)?;
        let both = Btf::parse(&both).map_err(ModuleError::Together)?;
        let ids = first..both.type_count();
        self.modules.push(Module { name, ids });
        Ok(both)
    }

    /// The vmlinux alone: what it had before there were modules.
    fn vmlinux_of(&self, kernel: &Btf<'static>) -> Result<Btf<'static>, ModuleError> {
        let mut types = Vec::new();
        for id in 1..self.vmlinux.types {
            let words = kernel.get(TypeId(id)).map(|ty| ty.words());
            for word in words.unwrap_or_default() {
                kernel.byte_order().put_u32(&mut types, word);
            }
        }
        let flat = kernel.to_bytes();
        let strings = &flat[Sections::parse(&flat)?.strings];
        let strings = &strings[..strings.len().min(self.vmlinux.strings as usize)];
        let alone = assemble(kernel.byte_order(), &types, strings);
        Btf::parse(&alone).map_err(ModuleError::Together)
    }
}

/// Types and names as they are in a blob.
struct Parts<'a> {
    types: &'a [u8],
    strings: &'a [u8],
}

/// The blob of what there is already and of a module, renumbered.
fn append(
    split: &Split<'_>,
    vmlinux: End,
    kernel: &Btf<'_>,
    have: &Parts<'_>,
) -> Result<Vec<u8>, ModuleError> {
    let mut strings = have.strings.to_vec();
    let names = add_names(split, vmlinux, &mut strings)?;
    let folded = Fold {
        split,
        base: vmlinux,
        kernel,
        names: &names,
    }
    .run();

    let mut ids = Vec::with_capacity(split.len());
    let mut next = kernel.type_count();
    for at in 0..split.len() {
        match folded.get(&at) {
            Some(same) => ids.push(same.0),
            None => {
                ids.push(next);
                next = next.checked_add(1).ok_or(ModuleError::TooLarge)?;
            }
        }
    }

    let mut types = have.types.to_vec();
    for (at, words) in split.iter().enumerate() {
        let (Some(shape), false) = (Shape::of(words[1]), folded.contains_key(&at)) else {
            continue;
        };
        let mut words = words.to_vec();
        for at in shape.names(words.len()) {
            words[at] = names.get(&words[at]).copied().unwrap_or(words[at]);
        }
        for at in shape.ids(words.len()) {
            if let Some(own) = words[at].checked_sub(vmlinux.types) {
                words[at] = ids.get(own as usize).copied().unwrap_or(0);
            }
        }
        for word in words {
            split.order.put_u32(&mut types, word);
        }
    }
    Ok(assemble(split.order, &types, &strings))
}

/// Adds a module's names behind those of the kernel, and tells where each has got. Names that other
/// modules have brought are theirs too: what bears the same name has it at the same place.
fn add_names(
    split: &Split<'_>,
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
    for name in split.strings.split_inclusive(|byte| *byte == 0) {
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
