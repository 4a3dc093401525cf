//! Addresses of packets that are calculated with as numbers.
//!
//! Some fields of the kernel's own contexts are declared as numbers of 32 bits and loaded as addresses
//! (`is_valid_access` and `reg_type` of `net/core/filter.c`). A load of 8 bytes that clang makes of two of them becomes
//! two loads, a shift and an `or`, which no verifier takes of an address (`adjust_ptr_min_max_vals` of
//! `kernel/bpf/verifier.c`).

use ctxgen::essential_name;
use ctxgen::object::reads::Examined;
use ctxgen::object::reads::Spot;
use ctxgen::object::reads::Use;

use super::refused::Reads;
use crate::findings::Refused;

/// The structs, and which of their fields are addresses.
const ADDRESSES: [(&str, &[&str]); 2] = [
    ("xdp_md", &["data", "data_end", "data_meta"]),
    ("__sk_buff", &["data", "data_end", "data_meta"]),
];

/// What is refused of an object's programs.
pub(super) fn altered(reads: &Reads<'_>, examined: &Examined) -> Vec<Refused> {
    let object = reads.object();
    let mut refused = Vec::new();
    for (program, found) in object.programs().iter().zip(examined.programs()) {
        let Some(context) = program.context else {
            continue;
        };
        let of = object
            .btf()
            .get(context)
            .map_or("", |ty| essential_name(ty.name()));
        let Some((_, addresses)) = ADDRESSES.iter().find(|(name, _)| *name == of) else {
            continue;
        };
        for read in &found.reads {
            let Spot::Bytes(offset) = read.spot else {
                continue;
            };
            let field = object.field_at(context, offset);
            let Some(field) = field.filter(|field| addresses.contains(&&*field.path)) else {
                continue;
            };
            if !read.uses.contains(&Use::Altered) || read.relocation.is_some() {
                continue;
            }
            refused.push(Refused {
                what: format!(
                    "loads {} of struct {of}, which is an address for the verifier, and shifts it or calculates \
                     with its bits: no verifier takes that",
                    field.path
                ),
                instead: "Load the field by itself and whole, as in `(void *)(long)ctx->data`, and only add to it, \
                          subtract and compare."
                    .to_owned(),
                ..reads.finding_at(program, read.line.as_ref())
            });
        }
    }
    refused
}
