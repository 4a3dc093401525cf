//! All names of a BTF in one table, for a program that loads others.
//!
//! It looks for the names of a few hooks, and has to be done before a search of the string table for each
//! would be. The table is made in one pass, which looks at no more of a name than its start.

use crate::btf::Btf;
use crate::btf::TypeId;

/// How many bytes of a name tell its chain.
const START: usize = 16;

/// Types by the starts of their names, in chains.
#[derive(Debug)]
pub(super) struct Table {
    /// The first type of each chain; 0 of none. As many as a power of two.
    heads: Vec<u32>,
    /// The next type of a chain, by id; 0 behind the last.
    next: Vec<u32>,
}

impl Table {
    /// Of a BTF that stands on its own.
    pub(super) fn new(btf: &Btf<'_>) -> Self {
        let count = btf.type_count() as usize;
        let mut heads = vec![0; (count / 2).next_power_of_two()];
        let mut next = vec![0; count];
        let mask = heads.len() - 1;
        let strings = btf.strings();
        btf.each_name_backwards(|id, name| {
            let text = strings.get(name as usize..).unwrap_or_default();
            let chain = &mut heads[start_of(text) & mask];
            next[id.0 as usize] = std::mem::replace(chain, id.0);
        });
        Self { heads, next }
    }

    /// The types of one of these kinds (`BTF_KIND_*` numbers) and of this name, in id order.
    pub(super) fn find(&self, btf: &Btf<'_>, kinds: &[u32], name: &str) -> Vec<TypeId> {
        let mut found = Vec::new();
        if name.is_empty() {
            return found;
        }
        // A name of the same start may be shorter, which a NUL tells.
        let start = [name.as_bytes(), &[0]].concat();
        let mut at = self.heads[start_of(&start) & (self.heads.len() - 1)];
        while let Some(ty) = btf.get(TypeId(at)).filter(|_| at != 0) {
            let text = btf.strings_at(ty.name_offset());
            if kinds.contains(&ty.kind_number()) && text.starts_with(&start) {
                found.push(TypeId(at));
            }
            at = self.next.get(at as usize).copied().unwrap_or(0);
        }
        found
    }
}

/// A number for the first bytes of a name that a NUL ends.
#[inline(always)]
fn start_of(text: &[u8]) -> usize {
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
    (mixed >> 32) as usize
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
        let table = Table::new(&btf);
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
            let found: Vec<u32> = table
                .find(&btf, kinds, name)
                .iter()
                .map(|id| id.0)
                .collect();
            assert_eq!(found, expected, "{name}");
        }
    }
}
