//! All names of a BTF as small numbers, for a program that loads others.
//!
//! It looks for the names of a few hooks, and has to be done before a search of the string table for each
//! would be. The numbers are made in one pass, which looks at no more of a name than its start, and take less
//! memory than what libbpf needs later.

use crate::btf::Btf;
use crate::btf::TypeId;

/// How many bytes of a name make its number.
const START: usize = 16;

/// How many numbers are compared in one step.
const STEP: usize = 64;

/// A number for the name of each type, by id; 0 of one without.
#[derive(Debug)]
pub(super) struct Hashes(Vec<u16>);

impl Hashes {
    /// Of a BTF that stands on its own.
    pub(super) fn new(btf: &Btf<'_>) -> Self {
        let mut hashes = vec![0; btf.type_count() as usize];
        btf.each_name(|id, text| hashes[id.0 as usize] = hash(text));
        Self(hashes)
    }

    /// The types of one of these kinds (`BTF_KIND_*` numbers) and of this name, in id order.
    pub(super) fn find(&self, btf: &Btf<'_>, kinds: &[u32], name: &str) -> Vec<TypeId> {
        let mut found = Vec::new();
        // A name of the same start may be longer, which has no NUL there.
        let whole = [name.as_bytes(), &[0]].concat();
        let wanted = hash(&whole);
        for (step, hashes) in self.0.chunks(STEP).enumerate() {
            // Without a branch for each, so that several are compared at once.
            let any = hashes
                .iter()
                .fold(false, |any, hash| any | (*hash == wanted));
            let ids = (step * STEP..).zip(hashes).filter(|_| any);
            for (id, _) in ids.filter(|(_, hash)| **hash == wanted) {
                let id = TypeId(id as u32);
                let is_one = btf.get(id).is_some_and(|ty| {
                    let text = btf.strings_at(ty.name_offset());
                    kinds.contains(&ty.kind_number()) && text.starts_with(&whole)
                });
                if is_one && !name.is_empty() {
                    found.push(id);
                }
            }
        }
        found
    }
}

/// A number for the first bytes of a name that a NUL ends, which is not 0.
#[inline(always)]
fn hash(text: &[u8]) -> u16 {
    let mut bytes = [0; START];
    match text.first_chunk::<START>() {
        Some(start) => bytes = *start,
        None => bytes[..text.len()].copy_from_slice(text),
    }
    let (words, _) = bytes.as_chunks::<8>();
    let (first, has_end) = until_nul(u64::from_le_bytes(words[0]));
    let (second, _) = until_nul(u64::from_le_bytes(words[1]));
    let second = if has_end { 0 } else { second };
    let mixed = (first ^ second.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 48) as u16 | 1
}

/// The bytes of a word before the first NUL, which is in the lowest byte that is 0, and whether there is one.
#[inline(always)]
fn until_nul(word: u64) -> (u64, bool) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zeros = word.wrapping_sub(ONES) & !word & (ONES << 7);
    match zeros {
        0 => (word, false),
        _ => (word & ((1 << (zeros.trailing_zeros() & !7)) - 1), true),
    }
}

#[cfg(test)]
mod tests {
    use libbpf_rs::libbpf_sys;

    use super::*;
    use crate::btf::BtfWriter;
    use crate::btf::ByteOrder;

    #[test]
    fn names_of_one_start() {
        const STRUCT: u32 = libbpf_sys::BTF_KIND_STRUCT;
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let int = writer.unsigned("a", 4);
        let long = "a_name_that_is_longer_than_the_start";
        let names = ["a", "b", "a", long, &long[..START], &long[..START - 1]];
        for name in names {
            writer.structure(name, 4, &[("x", int, 0)]);
        }
        let btf = Btf::parse(&writer.finish()).unwrap();
        let hashes = Hashes::new(&btf);
        for (kinds, name, expected) in [
            (&[STRUCT][..], "a", &[2, 4][..]),
            (&[STRUCT, libbpf_sys::BTF_KIND_INT], "a", &[1, 2, 4]),
            (&[libbpf_sys::BTF_KIND_FUNC], "a", &[]),
            (&[STRUCT], "b", &[3]),
            (&[STRUCT], long, &[5]),
            (&[STRUCT], &long[..START], &[6]),
            (&[STRUCT], &long[..START - 1], &[7]),
            (&[STRUCT], &long[..START + 1], &[]),
            (&[STRUCT], "", &[]),
            (&[STRUCT], "ab", &[]),
        ] {
            let found: Vec<u32> = hashes
                .find(&btf, kinds, name)
                .iter()
                .map(|id| id.0)
                .collect();
            assert_eq!(found, expected, "{name}");
        }
    }
}
