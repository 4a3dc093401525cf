//! Accesses through typedefs that no kernel has.
//!
//! Clang relocates what is accessed through `typedef struct sk_buff skb_t` against the typedef, and libbpf looks
//! for one of that name. The kernel has the struct alone. (`ctxgen::Loader` sees to typedefs of contexts.)

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ffi::CString;
use std::path::PathBuf;

use ctxgen::KernelBtf;
use ctxgen::btf::Kind;
use ctxgen::btf::Type;
use ctxgen::essential_name;
use ctxgen::object::ObjectFile;
use ctxgen::object::Relocation;
use libbpf_rs::libbpf_sys::BTF_KIND_STRUCT;
use libbpf_rs::libbpf_sys::BTF_KIND_TYPEDEF;
use libbpf_rs::libbpf_sys::BTF_KIND_UNION;

use crate::display::listed;

/// Remarks for typedefs through which programs access what the kernels have without them.
pub(crate) fn aliased(
    kernels: &[KernelBtf],
    sources: &[PathBuf],
    object: &ObjectFile,
) -> Vec<String> {
    let mut found: BTreeMap<(&str, String), BTreeSet<&str>> = BTreeMap::new();
    for relocation in object.relocations() {
        if relocation.kind.needs_target()
            && let Some(names) = names(kernels, object, relocation)
        {
            let program = object.program_of(relocation);
            let program = program.map(|program| program.name.as_str());
            found.entry(names).or_default().extend(program);
        }
    }
    let remark = |((alias, of), programs): ((&str, String), BTreeSet<&str>)| {
        let programs: Vec<_> = programs.into_iter().collect();
        let by = match programs.is_empty() {
            true => String::new(),
            false => format!(" by {}", programs.join(", ")),
        };
        format!(
            "{}: {of} is accessed{by} through its typedef {alias}, which the kernel does not have. CO-RE looks \
             for the type under the name that the access is written with, so that libbpf cannot load that: \
             write {of}",
            listed(sources)
        )
    };
    found.into_iter().map(remark).collect()
}

/// The typedef that a relocation is against, and what it is of, where kernels have that alone.
fn names<'o>(
    kernels: &[KernelBtf],
    object: &'o ObjectFile,
    relocation: &Relocation,
) -> Option<(&'o str, String)> {
    let alias = object.btf().get(relocation.type_id)?;
    if !matches!(alias.kind(), Kind::Typedef(_)) {
        return None;
    }
    let of = object.btf().resolve(relocation.type_id)?;
    let (kind, keyword) = match of.kind() {
        Kind::Struct(_) => (BTF_KIND_STRUCT, "struct"),
        Kind::Union(_) => (BTF_KIND_UNION, "union"),
        _ => return None,
    };
    let has = |ty: &Type<'_>, kind| {
        let name = CString::new(essential_name(ty.name())).unwrap_or_default();
        let mut kernels = kernels.iter();
        !name.is_empty() && kernels.any(|kernel| kernel.btf().find(&name, kind).is_some())
    };
    let is_alone = has(&of, kind) && !has(&alias, BTF_KIND_TYPEDEF);
    is_alone.then(|| (alias.name(), format!("{keyword} {}", of.name())))
}
