//! What uses enums without a name.

use libbpf_rs::libbpf_sys;

use crate::btf::Btf;
use crate::btf::TypeId;

/// How deep types without a name may be in each other: as deep as what can be printed.
const MAX_NESTING: u32 = 256;

/// An enum without a name can be written nowhere but where it is used, if it is: the types with a name
/// that use one of these, directly or through others without.
pub(super) fn users(btf: &Btf<'_>, enums: &[TypeId]) -> Vec<TypeId> {
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
        for id in btf.users_of(&targets, &USERS) {
            if !btf.string(btf.name_offset(id)).is_empty() {
                if !std::mem::replace(&mut is_user[id.0 as usize], true) {
                    users.push(id);
                }
            } else if !targets[id.0 as usize] {
                targets[id.0 as usize] = true;
                is_new = true;
            }
        }
    }
    users
}

/// The kinds that have types of their own in them, or behind them.
const USERS: [u32; 9] = [
    libbpf_sys::BTF_KIND_STRUCT,
    libbpf_sys::BTF_KIND_UNION,
    libbpf_sys::BTF_KIND_ARRAY,
    libbpf_sys::BTF_KIND_PTR,
    libbpf_sys::BTF_KIND_TYPEDEF,
    libbpf_sys::BTF_KIND_CONST,
    libbpf_sys::BTF_KIND_VOLATILE,
    libbpf_sys::BTF_KIND_RESTRICT,
    libbpf_sys::BTF_KIND_TYPE_TAG,
];
