//! What has to hold of a BTF before anything is made of it.
//!
//! Every string offset and id is one that there is, as libbpf checks it too (`btf_sanity_check`), results of
//! prototypes included, at which libbpf does not look. Cycles and depth are not checked here: walks over
//! types are bounded ([`Btf::resolve`]).

use libbpf_rs::libbpf_sys;

use super::Btf;
use super::BtfError;
use super::KINDS;
use super::KSYM_NAME_LEN;
use super::Sections;
use super::TYPE_WORDS;
use super::TypeId;
use super::is_unknown;
use super::type_layout::Plan;

/// How many bytes of strings libbpf takes (`BTF_MAX_STR_OFFSET` in its `btf.c`).
const MAX_STRINGS: usize = 1 << 31;

/// How many bytes the names in the smallest BTF may have, each counted wherever a type has it.
const LEAST_NAMES: usize = 16 << 20;

/// How many more for each byte of a BTF. Those of kernels have half a byte.
const NAMES_OF_BYTE: usize = 4;

/// Types come before strings and are aligned, and the strings have an end.
///
/// # Errors
/// [`BtfError::Sections`], [`BtfError::Strings`].
pub(super) fn sections(
    sections: &Sections,
    strings: &[u8],
    is_split: bool,
) -> Result<(), BtfError> {
    if sections.types.end > sections.strings.start || !sections.is_aligned() {
        return Err(BtfError::Sections);
    }
    let is_fine = match strings {
        [] => is_split,
        [.., last] => *last == 0 && strings.len() <= MAX_STRINGS,
    };
    is_fine.then_some(()).ok_or(BtfError::Strings)
}

/// Names, ids and prototypes of all types of a blob.
///
/// Numbers in loops, for the reason that [`places`](super::places) has.
///
/// # Errors
/// [`BtfError::NoSuchName`], [`BtfError::NoSuchType`], [`BtfError::NoPrototype`], [`BtfError::Names`].
pub(super) fn types(btf: &Btf<'_>) -> Result<(), BtfError> {
    let plans = std::array::from_fn::<Plan, KINDS, _>(Plan::of);
    let (words, starts) = (btf.words(), &*btf.places.starts);
    let kinds = &*btf.places.kinds;
    let (type_end, string_end) = (btf.type_count(), btf.string_end());
    let mut names = Named::new(btf);
    let mut index = 0;
    while index < kinds.len() {
        let id = TypeId(btf.first.saturating_add(index as u32));
        let start = starts[index] as usize;
        let plan = &plans[kinds[index] as usize];
        if words[start] >= string_end {
            return Err(BtfError::NoSuchName(id));
        }
        names.count(words[start])?;
        let to = words[start + 2];
        if plan.refers {
            if to >= type_end {
                return Err(BtfError::NoSuchType { id, to: TypeId(to) });
            }
            if kinds[index] == libbpf_sys::BTF_KIND_FUNC as u8 {
                prototype(btf, id, TypeId(to))?;
            }
        }
        if plan.has_records() {
            let end = starts[index + 1] as usize;
            let mut at = start + TYPE_WORDS;
            while at < end {
                if let Some(name) = plan.name {
                    if words[at + name] >= string_end {
                        return Err(BtfError::NoSuchName(id));
                    }
                    names.count(words[at + name])?;
                }
                let mut number = 0;
                while number < plan.id_count {
                    let to = words[at + plan.ids[number]];
                    if to >= type_end {
                        return Err(BtfError::NoSuchType { id, to: TypeId(to) });
                    }
                    number += 1;
                }
                at += plan.record;
            }
        }
        index += 1;
    }
    Ok(())
}

/// The names of a blob, and how many bytes they may have in all. Whatever is made of types has their names in
/// it, so that this bounds what it can come to.
struct Named<'b> {
    btf: &'b Btf<'b>,
    len: usize,
    most: usize,
}

impl<'b> Named<'b> {
    fn new(btf: &'b Btf<'_>) -> Self {
        Self {
            btf,
            len: 0,
            most: NAMES_OF_BYTE
                .saturating_mul(btf.len())
                .saturating_add(LEAST_NAMES),
        }
    }

    fn count(&mut self, offset: u32) -> Result<(), BtfError> {
        if offset == 0 {
            return Ok(());
        }
        self.len += self.btf.bytes_at(offset, KSYM_NAME_LEN).len();
        match self.len > self.most {
            true => Err(BtfError::Names {
                len: self.len,
                of: self.btf.len(),
            }),
            false => Ok(()),
        }
    }
}

/// Whether a function's prototype is one, or of a kind that is not known.
fn prototype(btf: &Btf<'_>, id: TypeId, to: TypeId) -> Result<(), BtfError> {
    let kind = match btf.own_index(to) {
        Some(index) => Some(u32::from(btf.places.kinds[index])),
        None => btf.get(to).map(|ty| ty.kind_number()),
    };
    match kind {
        Some(libbpf_sys::BTF_KIND_FUNC_PROTO) => Ok(()),
        Some(kind) if is_unknown(kind) => Ok(()),
        _ => Err(BtfError::NoPrototype { id, to }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::BtfWriter;
    use super::super::ByteOrder;
    use super::super::assemble;
    use super::*;

    #[test]
    fn a_result_that_is_not_there() {
        for (returns, fine) in [(0, true), (2, true), (3, false), (u32::MAX, false)] {
            let mut writer = BtfWriter::new(ByteOrder::HOST);
            let int = writer.unsigned("int", 4);
            writer.prototype(&[("x", int)], TypeId(returns));
            assert_eq!(Btf::parse(&writer.finish()).is_ok(), fine, "{returns}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_of_the_type() {
        let of = |words: &[u32]| {
            let mut writer = BtfWriter::new(ByteOrder::HOST);
            writer.unsigned("int", 4);
            writer.raw(words);
            Btf::parse(&writer.finish()).unwrap_err().to_string()
        };
        for (words, says) in [
            (
                &[9, libbpf_sys::BTF_KIND_FLOAT << 24, 4][..],
                "its type 2 has a name",
            ),
            (
                &[0, libbpf_sys::BTF_KIND_PTR << 24, 3],
                "its type 2 refers to type 3",
            ),
            (
                &[0, libbpf_sys::BTF_KIND_ARRAY << 24, 0, 1, 7, 1],
                "refers to type 7",
            ),
            (
                &[0, libbpf_sys::BTF_KIND_STRUCT << 24 | 1, 4, 0, 8, 0],
                "refers to type 8",
            ),
            (
                &[0, libbpf_sys::BTF_KIND_ENUM << 24 | 1, 4, 99, 0],
                "has a name",
            ),
            (
                &[0, libbpf_sys::BTF_KIND_FUNC << 24, 1],
                "type 1 is no prototype",
            ),
            (
                &[0, libbpf_sys::BTF_KIND_STRUCT << 24 | 2, 4, 0, 1, 0],
                "goes beyond",
            ),
            (&[0, 0, 0], "kind 0"),
        ] {
            let error = of(words);
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn strings_have_an_end() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            for (strings, fine) in [
                (&b"\0"[..], true),
                (b"\0a\0", true),
                (b"\0a", false),
                (b"", false),
            ] {
                assert_eq!(Btf::parse(&assemble(order, &[], strings)).is_ok(), fine);
            }
        }
    }
}
