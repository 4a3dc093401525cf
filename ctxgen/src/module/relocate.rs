//! Modules that were built for more than one kernel.
//!
//! Since 6.11 a module that is built outside of the kernel's tree has, beside its own types, a small
//! base with what it needs of the kernel (`.BTF.base`), and its numbers continue those. The kernel
//! finds the same types in its own BTF when it loads the module (`btf_relocate` in
//! `kernel/bpf/btf.c`), and libbpf has the same code.

use std::collections::HashMap;

use super::ModuleError;
use crate::btf::Btf;
use crate::btf::BtfError;
use crate::btf::Kind;
use crate::btf::TypeId;

/// How many types of one name a module may need. libbpf holds each against all of that name in the
/// kernel.
const NAMESAKES: u32 = 64;

/// The module's split BTF with numbers that continue those of `vmlinux`.
pub(super) fn relocate(
    bytes: &[u8],
    base: &[u8],
    vmlinux: &Btf<'_>,
) -> Result<Vec<u8>, ModuleError> {
    let base = Btf::parse(base).map_err(ModuleError::Base)?;
    check_names(&base)?;
    let split = Btf::parse_split(bytes, &base).map_err(not_alone)?;
    check_circles(&split)?;
    split.relocated(vmlinux).map_err(not_alone)
}

fn not_alone(error: BtfError) -> ModuleError {
    match error {
        BtfError::Malformed(error) => ModuleError::Relocate(error),
        error => ModuleError::Together(error),
    }
}

fn check_names(base: &Btf<'_>) -> Result<(), ModuleError> {
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for ty in base.types() {
        let count = counts.entry(ty.name()).or_default();
        *count += 1;
        if *count > NAMESAKES {
            return Err(ModuleError::Namesakes(ty.name().to_owned()));
        }
    }
    Ok(())
}

/// libbpf follows modifiers, typedefs and arrays to their end, which a circle of them has not.
fn check_circles(btf: &Btf<'_>) -> Result<(), ModuleError> {
    // By which walk a type was come by first.
    let mut walks: HashMap<TypeId, TypeId> = HashMap::new();
    for start in btf.ids_from(TypeId(1)) {
        let mut id = start;
        while let Some(next) = btf.get(id).and_then(|ty| followed(ty.kind())) {
            match walks.insert(id, start) {
                None => id = next,
                Some(walk) if walk == start => return Err(ModuleError::Circle(start)),
                // That walk came to an end.
                Some(_) => break,
            }
        }
    }
    Ok(())
}

fn followed(kind: Kind<'_>) -> Option<TypeId> {
    match kind {
        Kind::Typedef(to) | Kind::Array { element: to, .. } => Some(to),
        kind => kind.modified(),
    }
}
