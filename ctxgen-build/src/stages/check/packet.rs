//! Addresses of packets that are calculated with as numbers.

use ctxgen::object::reads::Examined;
use ctxgen::reads::altered_addresses;

use super::refused::Reads;
use crate::findings::Refused;

/// What is refused of an object's programs.
pub(super) fn altered(reads: &Reads<'_>, examined: &Examined) -> Vec<Refused> {
    let all = altered_addresses(examined).into_iter();
    all.map(|altered| {
        let program = &reads.object().programs()[altered.program];
        let read = &examined.programs()[altered.program].reads[altered.read];
        Refused {
            what: format!(
                "loads {} of struct {}, which is an address for the verifier, and shifts it or calculates with \
                 its bits: no verifier takes that",
                altered.field, altered.r#struct
            ),
            instead: "Load the field by itself and whole, as in `(void *)(long)ctx->data`, and only add to it, \
                      subtract and compare."
                .to_owned(),
            ..reads.finding_at(program, read.line.as_ref())
        }
    })
    .collect()
}
