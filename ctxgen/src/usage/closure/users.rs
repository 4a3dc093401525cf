//! What uses enums without a name.

use libbpf_rs::libbpf_sys;

use crate::btf::Btf;
use crate::btf::Heads;
use crate::btf::KINDS;
use crate::btf::TYPE_WORDS;
use crate::btf::TypeId;
use crate::btf::vlen;

/// How deep types without a name may be in each other: as deep as what can be printed.
const MAX_NESTING: u32 = 256;

/// An enum without a name can be written nowhere but where it is used, if it is: the types with a name
/// that use one of these, directly or through others without.
pub(super) fn users(btf: &Btf<'_>, enums: &[TypeId]) -> Vec<TypeId> {
    let heads = btf.heads();
    let kinds = heads.kinds;
    let uses_types = std::array::from_fn::<bool, KINDS, _>(|kind| uses_types(kind as u32));
    let mut targets = vec![false; btf.type_count() as usize];
    for id in enums {
        targets[id.0 as usize] = true;
    }
    let mut is_user = vec![false; targets.len()];
    let mut users = Vec::new();
    let mut is_new = !enums.is_empty();
    // What comes behind all that it uses, as most do, is found in the first round.
    for _ in 0..MAX_NESTING {
        if !std::mem::take(&mut is_new) {
            break;
        }
        let mut index = 0;
        while index < kinds.len() {
            if uses_types[kinds[index] as usize] && uses_any(heads, index, &targets) {
                let id = heads.id(index);
                let name = heads.words[heads.starts[index] as usize];
                if !btf.string(name).is_empty() {
                    if !std::mem::replace(&mut is_user[id.0 as usize], true) {
                        users.push(id);
                    }
                } else if !targets[id.0 as usize] {
                    targets[id.0 as usize] = true;
                    is_new = true;
                }
            }
            index += 1;
        }
    }
    users
}

/// Whether there is a type of its own in one of that kind (a `BTF_KIND_*` number), or behind it.
fn uses_types(kind: u32) -> bool {
    matches!(
        kind,
        libbpf_sys::BTF_KIND_STRUCT
            | libbpf_sys::BTF_KIND_UNION
            | libbpf_sys::BTF_KIND_ARRAY
            | libbpf_sys::BTF_KIND_PTR
            | libbpf_sys::BTF_KIND_TYPEDEF
            | libbpf_sys::BTF_KIND_CONST
            | libbpf_sys::BTF_KIND_VOLATILE
            | libbpf_sys::BTF_KIND_RESTRICT
            | libbpf_sys::BTF_KIND_TYPE_TAG
    )
}

/// Whether a type of such a kind has a member, element or target of one of those for whose ids there
/// is true.
fn uses_any(heads: Heads<'_>, index: usize, wanted: &[bool]) -> bool {
    const STRUCT: u8 = libbpf_sys::BTF_KIND_STRUCT as u8;
    const UNION: u8 = libbpf_sys::BTF_KIND_UNION as u8;
    const ARRAY: u8 = libbpf_sys::BTF_KIND_ARRAY as u8;
    let words = heads.words;
    let start = heads.starts[index] as usize;
    match heads.kinds[index] {
        STRUCT | UNION => {
            let end = start + TYPE_WORDS + 3 * vlen(words[start + 1]) as usize;
            let mut at = start + TYPE_WORDS + 1;
            while at < end {
                if wanted[words[at] as usize] {
                    return true;
                }
                at += 3;
            }
            false
        }
        ARRAY => wanted[words[start + TYPE_WORDS] as usize],
        _ => wanted[words[start + 2] as usize],
    }
}
