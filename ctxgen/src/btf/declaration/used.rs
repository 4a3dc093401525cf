//! Which types are part of others.

use libbpf_rs::libbpf_sys;

use crate::btf::Btf;
use crate::btf::Heads;
use crate::btf::TYPE_WORDS;
use crate::btf::TypeId;
use crate::btf::vlen;

/// An enum without a name is written where it is used, and alone where it is not. What is found below
/// another type is used; of what is asked for itself, that takes a look at all types, once.
#[derive(Debug, Default)]
pub(super) struct Used {
    asked_for: Option<TypeId>,
    /// By id.
    found: Option<Vec<bool>>,
}

impl Used {
    pub(super) fn is_asked_for(&mut self, id: TypeId) {
        self.asked_for = Some(id);
    }

    pub(super) fn is_used(&mut self, btf: &Btf<'_>, id: TypeId) -> bool {
        if self.asked_for != Some(id) {
            return true;
        }
        let found = self.found.get_or_insert_with(|| {
            let mut used = vec![false; btf.type_count() as usize];
            let mut layer = Some(btf);
            while let Some(btf) = layer {
                mark(btf.heads(), &mut used);
                layer = btf.base();
            }
            used
        });
        found.get(id.0 as usize).copied().unwrap_or_default()
    }
}

/// Marks what types of one blob refer to. What functions return is not looked at, as in libbpf.
fn mark(heads: Heads<'_>, used: &mut [bool]) {
    const RECORD: usize = 3;
    let Heads {
        kinds,
        starts,
        words,
        ..
    } = heads;
    let mut index = 0;
    while index < kinds.len() {
        let start = starts[index] as usize;
        let first = start + TYPE_WORDS;
        match u32::from(kinds[index]) {
            libbpf_sys::BTF_KIND_STRUCT
            | libbpf_sys::BTF_KIND_UNION
            | libbpf_sys::BTF_KIND_FUNC_PROTO
            | libbpf_sys::BTF_KIND_DATASEC => {
                let kind = u32::from(kinds[index]);
                let len = match kind {
                    libbpf_sys::BTF_KIND_FUNC_PROTO => 2,
                    _ => RECORD,
                };
                let of_type = usize::from(kind != libbpf_sys::BTF_KIND_DATASEC);
                let end = first + len * vlen(words[start + 1]) as usize;
                let mut at = first + of_type;
                while at < end {
                    set(used, words[at]);
                    at += len;
                }
            }
            libbpf_sys::BTF_KIND_ARRAY => {
                set(used, words[first]);
                set(used, words[first + 1]);
            }
            libbpf_sys::BTF_KIND_PTR
            | libbpf_sys::BTF_KIND_TYPEDEF
            | libbpf_sys::BTF_KIND_VOLATILE
            | libbpf_sys::BTF_KIND_CONST
            | libbpf_sys::BTF_KIND_RESTRICT
            | libbpf_sys::BTF_KIND_FUNC
            | libbpf_sys::BTF_KIND_VAR
            | libbpf_sys::BTF_KIND_DECL_TAG
            | libbpf_sys::BTF_KIND_TYPE_TAG => set(used, words[start + 2]),
            _ => {}
        }
        index += 1;
    }
}

fn set(used: &mut [bool], id: u32) {
    if let Some(used) = used.get_mut(id as usize) {
        *used = true;
    }
}
