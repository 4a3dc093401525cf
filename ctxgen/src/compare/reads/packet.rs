//! Addresses of packets that are calculated with as numbers.
//!
//! Some fields of the kernel's own contexts are declared as numbers of 32 bits and loaded as addresses
//! (`is_valid_access` and `reg_type` of `net/core/filter.c`). A load of 8 bytes that clang makes of two of them becomes
//! two loads, a shift and an `or`, which no verifier takes of an address (`adjust_ptr_min_max_vals` of
//! `kernel/bpf/verifier.c`). No release is different.

use std::collections::BTreeSet;

use crate::btf::compat::essential_name;
use crate::object::ObjectFile;
use crate::object::Relocation;
use crate::object::reads::Examined;
use crate::object::reads::Spot;
use crate::object::reads::Use;

/// The structs, and which of their fields are addresses.
const ADDRESSES: [(&str, &[&str]); 2] = [
    ("xdp_md", &["data", "data_end", "data_meta"]),
    ("__sk_buff", &["data", "data_end", "data_meta"]),
];

/// A read of a packet's address that is shifted, or calculated with by its bits, which no verifier takes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlteredAddress {
    /// The program, by its place in [`ObjectFile::programs`].
    pub program: usize,
    /// The read, by its place in [`ProgramReads::reads`](crate::object::reads::ProgramReads::reads).
    pub read: usize,
    /// The context's struct: `xdp_md`.
    pub r#struct: String,
    /// The field: `data`.
    pub field: String,
}

/// The addresses of packets that an object's programs calculate with as no verifier takes it, whatever the kernel.
pub fn altered_addresses(examined: &Examined) -> Vec<AlteredAddress> {
    let object = examined.object();
    let mut all = Vec::new();
    for program in examined.programs() {
        for (number, read) in program.reads.iter().enumerate() {
            let relocation = read.relocation.map(|place| &object.relocations()[place]);
            let altered = altered(object, program.program, read.spot, relocation, &read.uses);
            all.extend(altered.map(|(of, field)| AlteredAddress {
                program: program.program,
                read: number,
                r#struct: of,
                field,
            }));
        }
    }
    all
}

/// Whether that is of such an address.
pub(super) fn is_altered(
    object: &ObjectFile,
    program: usize,
    spot: Spot,
    relocation: Option<&Relocation>,
    uses: &BTreeSet<Use>,
) -> bool {
    altered(object, program, spot, relocation, uses).is_some()
}

/// The struct and the field.
fn altered(
    object: &ObjectFile,
    program: usize,
    spot: Spot,
    relocation: Option<&Relocation>,
    uses: &BTreeSet<Use>,
) -> Option<(String, String)> {
    let Spot::Bytes(offset) = spot else {
        return None;
    };
    if !uses.contains(&Use::Altered) || relocation.is_some() {
        return None;
    }
    let context = object.programs()[program].context?;
    let of = essential_name(object.btf().get(context)?.name());
    let (_, addresses) = ADDRESSES.iter().find(|(name, _)| *name == of)?;
    let field = object.field_at(context, offset)?.path;
    addresses.contains(&&*field).then(|| (of.to_owned(), field))
}
