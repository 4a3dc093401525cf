//! Where the types of a blob start.
//!
//! Whoever looks for a few among a hundred thousand types does it in a build script, which is compiled
//! without optimization: there, the views that [`Btf::get`] makes take many times as long as a loop over
//! numbers, and so does any call in such a loop. So kinds and places are kept in arrays.
//!
//! [`Btf::get`]: super::Btf::get

use super::BtfError;
use super::Lengths;
use super::TYPE_WORDS;
use super::TypeId;
use super::kind_number;
use super::type_layout::MAX_RECORDS;
use super::type_layout::is_unknown;
use super::vlen;

/// Of how many types the place of one is kept, where it is not that of all. The others are walked to from
/// there.
const STRIDE: u32 = 64;

/// Of which types the places are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Of all, and their kinds.
    All,
    /// Of one in [`STRIDE`], and the kinds of all.
    Kinds,
    /// Of one in [`STRIDE`].
    Few,
}

/// Where types start, as indices of words.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) count: u32,
    pub(super) keeps_all: bool,
    /// Those of all types and where the last one ends, or of one in [`STRIDE`].
    pub(super) starts: Vec<u32>,
    /// The `BTF_KIND_*` numbers of all types, where they are kept.
    pub(super) kinds: Vec<u8>,
    /// Whether there is a type of a kind that is not known.
    pub(super) unknown: bool,
    /// Whether there is one with more records than libbpf 1.7 can count.
    pub(super) wide: bool,
}

/// A type that was stepped to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) index: u32,
    /// Where it starts, as an index of words.
    pub(crate) at: usize,
    /// Its first two words.
    pub(crate) name: u32,
    pub(crate) info: u32,
}

/// Steps over types of `len` words, of which `first` is the first one's id, as long as `visit` wants it. How
/// many types they are.
///
/// # Errors
/// [`BtfError::UnknownKind`], [`BtfError::Truncated`].
pub(crate) fn steps(
    len: usize,
    word: impl Fn(usize) -> u32,
    lengths: &Lengths,
    first: u32,
    mut visit: impl FnMut(Step) -> bool,
) -> Result<u32, BtfError> {
    let mut at = 0;
    let mut index = 0;
    while at < len {
        let id = || TypeId(first.saturating_add(index));
        if len - at < TYPE_WORDS {
            return Err(BtfError::Truncated(id()));
        }
        let (name, info) = (word(at), word(at + 1));
        let Some(trailing) = lengths.trailing(info) else {
            let kind = kind_number(info);
            return Err(BtfError::UnknownKind { id: id(), kind });
        };
        let end = at + TYPE_WORDS + trailing;
        if end > len {
            return Err(BtfError::Truncated(id()));
        }
        let step = Step {
            index,
            at,
            name,
            info,
        };
        if !visit(step) {
            break;
        }
        at = end;
        index += 1;
    }
    Ok(index)
}

impl Places {
    /// Those of a blob's types, of which `first` is the first one's id.
    ///
    /// # Errors
    /// As [`steps`].
    pub(super) fn find(
        words: &[u32],
        lengths: &Lengths,
        first: u32,
        keep: Keep,
    ) -> Result<Self, BtfError> {
        let keeps_all = keep == Keep::All;
        let keeps_kinds = keep != Keep::Few;
        let most = words.len() / TYPE_WORDS;
        let mut starts = vec![0_u32; if keeps_all { most + 1 } else { 0 }];
        let mut kinds = vec![0_u8; if keeps_kinds { most } else { 0 }];
        let mut few = Vec::new();
        let (mut unknown, mut wide) = (false, false);
        let (own_starts, own_kinds) = (&mut starts[..], &mut kinds[..]);
        let count = steps(
            words.len(),
            |at| words[at],
            lengths,
            first,
            |step| {
                let kind = kind_number(step.info);
                unknown |= is_unknown(kind);
                wide |= vlen(step.info) > MAX_RECORDS;
                // Sections are addressed with 32 bits.
                let at = step.at as u32;
                if keeps_kinds {
                    own_kinds[step.index as usize] = kind as u8;
                }
                if keeps_all {
                    own_starts[step.index as usize] = at;
                } else if step.index.is_multiple_of(STRIDE) {
                    few.push(at);
                }
                true
            },
        )?;
        if keeps_all {
            starts.truncate(count as usize + 1);
            starts[count as usize] = words.len() as u32;
            starts.shrink_to_fit();
        } else {
            starts = few;
        }
        kinds.truncate(count as usize);
        kinds.shrink_to_fit();
        Ok(Self {
            count,
            keeps_all,
            starts,
            kinds,
            unknown,
            wide,
        })
    }

    /// The id behind the last.
    pub(super) fn next(&self, first: u32) -> TypeId {
        TypeId(first.saturating_add(self.count))
    }

    /// Where a type starts and ends.
    pub(super) fn range(
        &self,
        index: u32,
        words: &[u32],
        lengths: &Lengths,
    ) -> Option<(usize, usize)> {
        if index >= self.count {
            return None;
        }
        let at = index as usize;
        if self.keeps_all {
            return Some((self.starts[at] as usize, self.starts[at + 1] as usize));
        }
        let mut start = *self.starts.get(at / STRIDE as usize)? as usize;
        let mut left = index % STRIDE;
        loop {
            let end = start + TYPE_WORDS + lengths.trailing(*words.get(start + 1)?)?;
            if left == 0 {
                return Some((start, end));
            }
            start = end;
            left -= 1;
        }
    }

    /// The kind of a type that has these words.
    pub(super) fn kind(&self, index: u32, words: &[u32]) -> u32 {
        match self.kinds.get(index as usize) {
            Some(kind) => u32::from(*kind),
            None => words.get(1).map_or(0, |info| kind_number(*info)),
        }
    }
}
