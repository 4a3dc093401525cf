//! What to say where clang finds no field of a context: what the kernel calls the argument, or what it has.

use std::collections::BTreeSet;

use ctxgen::KernelBtf;
use ctxgen::drift::MissingField;

use crate::error::Error;
use crate::error::all_said;

/// How many fields are explained.
const MAX_FIELDS: usize = 5;

/// The error with that behind clang's own words, where it is about fields of contexts.
pub(crate) fn explain(kernels: &[KernelBtf], mut error: Error) -> Error {
    if let Error::Compile {
        stderr,
        unlimited,
        advice,
        ..
    } = &mut error
    {
        let missing = members(all_said(stderr, unlimited))
            .into_iter()
            .filter_map(|(struct_name, field)| MissingField::of(kernels, struct_name, field));
        advice.extend(missing.take(MAX_FIELDS).map(|missing| missing.to_string()));
    }
    error
}

/// Structs and fields that clang names in `no member named 'field' in 'struct name'`, each once.
pub(super) fn members(stderr: &str) -> BTreeSet<(&str, &str)> {
    let said = stderr.split("no member named '").skip(1);
    said.filter_map(|rest| {
        let (field, rest) = rest.split_once("' in '")?;
        let (of, _) = rest.split_once('\'')?;
        Some((of.strip_prefix("struct ").unwrap_or(of), field))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clang_says() {
        for (stderr, expected) in [
            (
                "a.bpf.c:5:14: error: no member named 'targ_ns' in 'struct btf_fentry_cap_capable_ctx'\n",
                &[("btf_fentry_cap_capable_ctx", "targ_ns")][..],
            ),
            (
                "error: no member named 'a' in 'struct b'; did you mean 'c'?\n1 error\n\
                 error: no member named 'x' in 'btf_y_ctx'\n",
                &[("b", "a"), ("btf_y_ctx", "x")],
            ),
            ("error: no member named 'a", &[]),
            ("", &[]),
        ] {
            let found: Vec<_> = members(stderr).into_iter().collect();
            assert_eq!(found, expected, "{stderr}");
        }
    }
}
