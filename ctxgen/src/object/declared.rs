//! Types that an object only declares, where libbpf or the kernel compares them with the kernel's own.
//!
//! Clang describes the struct behind a pointer where it sees the pointer in a prototype, and only declares
//! it where it sees the pointer as a member first. So a context with a field `struct task_struct *p` takes
//! the description away from `struct task_struct *bpf_task_from_pid(s32)`. libbpf then refuses the object:
//! in `bpf_core_types_are_compat` a declaration is not of the kind of a struct. Of a struct, nothing but
//! the kind is compared there, so that an empty one will do.

use std::collections::BTreeSet;
use std::ffi::CString;

use libbpf_rs::libbpf_sys::BTF_FUNC_EXTERN;
use libbpf_rs::libbpf_sys::BTF_KIND_FWD;
use libbpf_rs::libbpf_sys::BTF_KIND_STRUCT;
use libbpf_rs::libbpf_sys::BTF_KIND_UNION;
use object::Object as _;
use object::ObjectSection as _;

use super::ObjectError;
use super::elf;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::btf::kind_number;
use crate::btf::vlen;

/// How far types are followed, as in libbpf.
const MAX_DEPTH: usize = 32;

/// Makes empty structs and unions of those that an object only declares, that pointers in the prototypes
/// of kernel functions (`__ksym`) or kernel pointers in maps (`__kptr`) lead to, and that the kernel has.
///
/// # Errors
/// [`ObjectError`], where the bytes are no object or are damaged.
pub fn complete_declarations(bytes: &mut [u8], kernel: &Btf<'_>) -> Result<(), ObjectError> {
    let elf = elf::parse(bytes)?;
    let is_little = elf.is_little_endian();
    let Some(section) = elf.section_by_name(".BTF") else {
        return Ok(());
    };
    let data = section.data()?;
    let btf = Btf::parse(data)?;
    let declared = declared(&btf, kernel);
    let Some((start, _)) = section.file_range().filter(|_| !declared.is_empty()) else {
        return Ok(());
    };
    let word = |data: &[u8], at: usize| -> Option<u32> {
        let word = data.get(at..)?.first_chunk()?;
        Some(match is_little {
            true => u32::from_le_bytes(*word),
            false => u32::from_be_bytes(*word),
        })
    };
    // Behind magic, version and flags: the header's length, and where the types start behind it.
    let types = word(data, 4).zip(word(data, 8));
    let Some(types) = types.and_then(|(header, types)| header.checked_add(types)) else {
        return Ok(());
    };
    let mut changes = Vec::new();
    for (id, info) in declared {
        let at = btf.offset_of(id).map(|at| types as usize + at + 4);
        let is_there =
            |at: &usize| word(data, *at).is_some_and(|old| kind_number(old) == BTF_KIND_FWD);
        changes.extend(at.filter(is_there).map(|at| (start as usize + at, info)));
    }
    for (at, info) in changes {
        let info: u32 = info;
        let new = match is_little {
            true => info.to_le_bytes(),
            false => info.to_be_bytes(),
        };
        // The third word, the size, is 0 in a declaration already.
        bytes[at..at + new.len()].copy_from_slice(&new);
    }
    Ok(())
}

/// Such types, each with the second word of what it becomes.
fn declared(btf: &Btf<'_>, kernel: &Btf<'_>) -> BTreeSet<(TypeId, u32)> {
    let mut found = BTreeSet::new();
    for ty in btf.types() {
        for pointer in compared(btf, ty) {
            let Some(end) = pointee(btf, pointer) else {
                continue;
            };
            let Kind::Fwd { is_union } = end.kind() else {
                continue;
            };
            let kind = match is_union {
                true => BTF_KIND_UNION,
                false => BTF_KIND_STRUCT,
            };
            let name = CString::new(end.name()).unwrap_or_default();
            if kernel.find(&name, kind).is_some() {
                found.insert((end.id(), kind << 24));
            }
        }
    }
    found
}

/// What is compared with the kernel's types: of a function of the kernel's, what it takes and returns; of
/// a pointer to a tagged type, that pointer.
fn compared(btf: &Btf<'_>, ty: Type<'_>) -> Vec<TypeId> {
    match ty.kind() {
        Kind::Func(proto) if vlen(ty.name_and_info().1) == BTF_FUNC_EXTERN => {
            let Some(proto) = btf.get(proto) else {
                return Vec::new();
            };
            let mut ids: Vec<TypeId> = proto.params().map(|param| param.type_id).collect();
            if let Kind::FuncProto { ret } = proto.kind() {
                ids.push(ret);
            }
            ids
        }
        Kind::Ptr(to) => match btf.get(to).map(|to| to.kind()) {
            Some(Kind::TypeTag(_)) => vec![ty.id()],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Where pointers, modifiers and typedefs lead.
fn pointee<'b>(btf: &'b Btf<'_>, mut id: TypeId) -> Option<Type<'b>> {
    for _ in 0..MAX_DEPTH {
        let ty = btf.get(id)?;
        id = match ty.kind() {
            Kind::Ptr(to) | Kind::Typedef(to) => to,
            kind => match kind.modified() {
                Some(to) => to,
                None => return Some(ty),
            },
        };
    }
    None
}
