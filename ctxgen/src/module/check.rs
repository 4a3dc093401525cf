//! Whether a module's BTF can continue that of a kernel.

use libbpf_rs::libbpf_sys;

use super::ModuleError;
use crate::btf::Btf;
use crate::btf::Shape;
use crate::btf::TypeId;

/// Where the numbers of a module's own types and names start: at the end of its vmlinux's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// The number of types, void included.
    pub(super) types: u32,
    /// The length of the string table in bytes.
    pub(super) strings: u32,
}

/// Whether this can be a module of that kernel: nothing in a split BTF says what it continues,
/// but on another base its numbers make no sense.
///
/// `kernel` has types and strings that start with the base's.
pub(super) fn check(split: &Btf<'_>, base: End, kernel: &Btf<'_>) -> Result<(), ModuleError> {
    match split.strings() {
        // The empty name is the first of every base's.
        [0, ..] => return Err(ModuleError::Standalone),
        [] | [.., 0] => {}
        _ => return Err(ModuleError::Strings),
    }
    if split.byte_order() != kernel.byte_order() {
        return Err(ModuleError::ByteOrder {
            module: split.byte_order(),
            kernel: kernel.byte_order(),
        });
    }
    let count = split.type_count();
    for ty in split
        .ids_from(TypeId(base.types))
        .filter_map(|id| split.get(id))
    {
        let (id, words) = (ty.id(), ty.words());
        let Some(shape) = Shape::of(words[1]) else {
            return Err(ModuleError::Type(id));
        };
        for offset in shape.names(words.len()).map(|at| words[at]) {
            check_name(split, base, kernel, id, offset)?;
        }
        for to in shape.ids(words.len()).map(|at| TypeId(words[at])) {
            let Some(kind) = split.get(to).map(|ty| ty.kind_number()) else {
                return Err(ModuleError::NoSuchType { id, to, count });
            };
            if !may_refer(ty.kind_number(), kind) {
                return Err(ModuleError::WrongKind { id, to, kind });
            }
        }
    }
    Ok(())
}

/// Whether a name is at an offset.
fn check_name(
    split: &Btf<'_>,
    base: End,
    kernel: &Btf<'_>,
    id: TypeId,
    offset: u32,
) -> Result<(), ModuleError> {
    let (table, at) = match offset.checked_sub(base.strings) {
        Some(own) => (split.strings(), own as usize),
        None => (kernel.strings(), offset as usize),
    };
    if at >= table.len() {
        return Err(ModuleError::NoSuchName { id, offset });
    }
    match at > 0 && table[at - 1] != 0 {
        true => Err(ModuleError::PartOfName { id, offset }),
        false => Ok(()),
    }
}

/// Whether a type of the one kind may refer to one of the other. Only what tells a mismatch: most
/// types of a kernel are functions and their prototypes, and few things refer to those.
fn may_refer(from: u32, to: u32) -> bool {
    let is_declaration = matches!(
        to,
        libbpf_sys::BTF_KIND_FUNC
            | libbpf_sys::BTF_KIND_VAR
            | libbpf_sys::BTF_KIND_DATASEC
            | libbpf_sys::BTF_KIND_DECL_TAG
    );
    match from {
        libbpf_sys::BTF_KIND_FUNC => to == libbpf_sys::BTF_KIND_FUNC_PROTO,
        libbpf_sys::BTF_KIND_DATASEC | libbpf_sys::BTF_KIND_DECL_TAG => true,
        libbpf_sys::BTF_KIND_STRUCT
        | libbpf_sys::BTF_KIND_UNION
        | libbpf_sys::BTF_KIND_ARRAY
        | libbpf_sys::BTF_KIND_FUNC_PROTO => {
            !is_declaration && to != libbpf_sys::BTF_KIND_FUNC_PROTO
        }
        _ => !is_declaration,
    }
}
