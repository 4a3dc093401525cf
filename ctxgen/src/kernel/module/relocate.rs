//! Modules that were built for more than one kernel.
//!
//! Since 6.11 a module that is built outside of the kernel's tree has, beside its own types, a small
//! base with what it needs of the kernel (`.BTF.base`), and its numbers continue those. The kernel
//! finds the same types in its own BTF when it loads the module (`btf_relocate` in
//! `kernel/bpf/btf.c`), and libbpf has the same code.

use super::ModuleError;
use crate::btf::Btf;
use crate::btf::BtfError;

/// The module's split BTF with numbers that continue those of `vmlinux`.
pub(super) fn relocate(
    bytes: &[u8],
    base: &[u8],
    vmlinux: &Btf<'_>,
) -> Result<Vec<u8>, ModuleError> {
    let base = Btf::parse(base).map_err(ModuleError::Base)?;
    Btf::parse_split(bytes, &base)
        .and_then(|split| split.relocated(vmlinux))
        .map_err(|error| match error {
            BtfError::Malformed(error) => ModuleError::Relocate(error),
            error => ModuleError::Together(error),
        })
}
