//! The first words of all types of a blob, in arrays.
//!
//! Whoever looks for a few among a hundred thousand types does it in a build script, which is compiled
//! without optimization: there, the views that [`Btf::get`] makes take many times as long as a loop over
//! numbers, and so does any call in such a loop. So the types are walked once, when they are parsed.
//!
//! [`Btf::get`]: super::Btf::get

use std::ops::Range;

use libbpf_rs::libbpf_sys;

use super::BtfError;
use super::Lengths;
use super::TYPE_WORDS;
use super::TypeId;
use super::kind_number;

/// What a walk over the types of a blob has found.
#[derive(Debug, Default)]
pub(super) struct Walked {
    kinds: Vec<u8>,
    starts: Vec<u32>,
}

impl Walked {
    /// Walks over types which libbpf has found to be whole. `ids` are theirs; before them come those of
    /// the base.
    ///
    /// # Errors
    /// [`BtfError::NoSuchType`]: libbpf checks all references but those of prototypes to their results.
    pub(super) fn new(words: &[u32], ids: Range<u32>) -> Result<Self, BtfError> {
        let lengths = Lengths::known();
        let count = ids.len();
        let (mut kinds, mut starts) = (vec![0_u8; count], vec![0_u32; count]);
        let (own_kinds, own_starts) = (&mut kinds[..], &mut starts[..]);
        let mut at = 0;
        let mut index = 0;
        while index < count && at + 2 < words.len() {
            let info = words[at + 1];
            let kind = kind_number(info);
            own_kinds[index] = kind as u8;
            // Sections are addressed with 32 bits.
            own_starts[index] = at as u32;
            if kind == libbpf_sys::BTF_KIND_FUNC_PROTO && words[at + 2] >= ids.end {
                return Err(BtfError::NoSuchType {
                    id: TypeId(ids.start + index as u32),
                    returns: TypeId(words[at + 2]),
                });
            }
            at += TYPE_WORDS + lengths.trailing(info).unwrap_or_default();
            index += 1;
        }
        kinds.truncate(index);
        starts.truncate(index);
        Ok(Self { kinds, starts })
    }

    pub(super) fn heads<'b>(&'b self, first: u32, words: &'b [u32]) -> Heads<'b> {
        Heads {
            first,
            kinds: &self.kinds,
            starts: &self.starts,
            words,
        }
    }
}

/// The types of a blob, by index: without void, and without those of its base.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heads<'b> {
    /// The id of the first.
    first: u32,
    /// Their `BTF_KIND_*` numbers.
    pub(crate) kinds: &'b [u8],
    /// Where they start in `words`.
    pub(crate) starts: &'b [u32],
    /// What they consist of, in host byte order: name, kind and number of records, size or target, and
    /// what follows these.
    pub(crate) words: &'b [u32],
}

impl Heads<'_> {
    pub(crate) fn id(&self, index: usize) -> TypeId {
        TypeId(self.first + index as u32)
    }

    /// Those of that kind, in id order.
    pub(crate) fn of_kind(&self, kind: u32) -> Vec<TypeId> {
        let kind = kind as u8;
        let kinds = self.kinds;
        let mut ids = Vec::new();
        let mut index = 0;
        while index < kinds.len() {
            if kinds[index] == kind {
                ids.push(self.id(index));
            }
            index += 1;
        }
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::super::Btf;
    use super::super::BtfWriter;
    use super::super::ByteOrder;
    use super::*;

    const PROTO: u32 = libbpf_sys::BTF_KIND_FUNC_PROTO;

    /// Of each of these, the heads as [`Btf::get`] has the types.
    fn assert_alike(btf: &Btf<'_>, first: u32) {
        let heads = btf.heads();
        let ids: Vec<TypeId> = btf.ids_from(TypeId(first)).collect();
        assert_eq!(heads.kinds.len(), ids.len());
        for (index, id) in ids.into_iter().enumerate() {
            let ty = btf.get(id).unwrap();
            let start = heads.starts[index] as usize;
            let words = ty.words();
            assert_eq!(heads.id(index), id);
            assert_eq!(u32::from(heads.kinds[index]), ty.kind_number());
            assert_eq!(heads.words[start..start + words.len()], words);
        }
    }

    #[test]
    fn of_a_base_and_a_split() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let mut writer = BtfWriter::new(order);
            let int = writer.unsigned("int", 4);
            let array = writer.array(int, int, 2);
            writer.structure("s", 16, &[("a", int, 0), ("b", array, 8)]);
            let proto = writer.prototype(&[("x", int), ("y", int)], int);
            writer.function("f", proto);
            let base = Btf::parse(&writer.finish()).unwrap();
            assert_alike(&base, 1);
            assert_eq!(base.heads().of_kind(PROTO), [proto]);

            let mut writer = BtfWriter::split(&base);
            writer.typedef("t", int);
            let proto = writer.prototype(&[("x", int)], TypeId::VOID);
            let split = Btf::parse_split(&writer.finish(), &base).unwrap();
            assert_alike(&split, 6);
            assert_eq!(split.heads().of_kind(PROTO), [proto]);

            let empty = BtfWriter::split(&base).finish();
            assert_alike(&Btf::parse_split(&empty, &base).unwrap(), 6);
        }
    }

    #[test]
    fn a_result_that_is_not_there() {
        for (returns, fine) in [(0, true), (2, true), (3, false), (u32::MAX, false)] {
            let mut writer = BtfWriter::new(ByteOrder::HOST);
            let int = writer.unsigned("int", 4);
            writer.prototype(&[("x", int)], TypeId(returns));
            assert_eq!(Btf::parse(&writer.finish()).is_ok(), fine, "{returns}");
        }
    }
}
