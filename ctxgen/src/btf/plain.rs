//! What libbpf 1.7 can read of a BTF that later tools have made.
//!
//! pahole and libbpf from 1.8 on may write kinds of types that this crate does not know, with a layout
//! section to step over them by, and count 24 bits of a type's records. libbpf 1.7 refuses the first, and
//! misreads the second. So a blob is rewritten before it is parsed: every type keeps its number and its
//! name, and
//!
//! - a type of an unknown kind becomes a stand-in ([`stand_in`]);
//! - so does what contains one by value and means nothing without it: arrays, prototypes, functions;
//! - a struct or union loses its members of such types: its size and the other members' offsets remain;
//! - what has more records than libbpf 1.7 counts loses them ([`narrowed`]), and is kept beside.

use std::borrow::Cow;

use libbpf_rs::libbpf_sys;

use super::Btf;
use super::BtfError;
use super::Sections;
use super::TypeId;
use super::header::assemble;
use super::type_layout::Lengths;
use super::type_layout::MAX_RECORDS;
use super::type_layout::TYPE_WORDS;
use super::type_layout::is_unknown;
use super::type_layout::kind_number;
use super::type_layout::narrowed;
use super::type_layout::stand_in;
use super::type_layout::vlen;
use super::type_layout::with_vlen;

/// The words of a struct's member, and of a prototype's parameter.
const MEMBER: usize = 3;
const PARAM: usize = 2;

/// The types of a blob, whole.
struct Types {
    /// In host byte order.
    words: Vec<u32>,
    /// Where each type starts, and where the last one ends.
    starts: Vec<usize>,
    /// The id of the first.
    first: u32,
}

/// What a blob continues.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Below<'b> {
    pub(crate) btf: &'b Btf<'b>,
    /// The id of the blob's first type.
    pub(crate) first: u32,
}

/// What is to be done about the types of a blob.
#[derive(Clone, Copy, Debug, Default)]
struct Findings {
    unknown: bool,
    wide: bool,
}

/// Types with all their records, by id, of those that libbpf has without.
pub(super) type Wide = Vec<(u32, Box<[u32]>)>;

/// A blob of known kinds only.
///
/// # Errors
/// [`BtfError::UnknownKind`] where the blob does not say how long a type is, and
/// [`BtfError::Malformed`] where types are cut short.
pub(crate) fn known<'b>(
    bytes: &'b [u8],
    below: Option<Below<'_>>,
) -> Result<Cow<'b, [u8]>, BtfError> {
    let sections = Sections::parse(bytes)?;
    let lengths = sections.lengths(bytes, below.map(|below| below.btf.lengths()));
    let types = &bytes[sections.types.clone()];
    let found = look(types, &sections, &lengths, below)?;
    if !found.unknown {
        return Ok(sections.with_plain_header(bytes));
    }
    let types = Types::new(types, &sections, &lengths, below);
    let rewritten = types.rewritten(below.map(|below| below.btf));
    let rewritten = in_order(&sections, &rewritten);
    Ok(Cow::Owned(assemble(
        sections.order,
        &rewritten,
        &bytes[sections.strings],
    )))
}

/// A blob that libbpf 1.7 can parse, and what it cannot have of it.
///
/// # Errors
/// As [`known`].
pub(super) fn digestible<'b>(
    bytes: &'b [u8],
    below: Option<Below<'_>>,
) -> Result<(Cow<'b, [u8]>, Wide), BtfError> {
    let sections = Sections::parse(bytes)?;
    let lengths = sections.lengths(bytes, below.map(|below| below.btf.lengths()));
    let found = look(&bytes[sections.types.clone()], &sections, &lengths, below)?;
    if !found.unknown && !found.wide {
        return Ok((sections.with_plain_header(bytes), Wide::new()));
    }
    let known = known(bytes, below)?;
    let sections = Sections::parse(&known)?;
    let lengths = Lengths::known();
    let types = &known[sections.types.clone()];
    if !look(types, &sections, &lengths, below)?.wide {
        return Ok((known, Wide::new()));
    }
    let types = Types::new(types, &sections, &lengths, below);
    let mut wide = Wide::new();
    let mut words = Vec::with_capacity(types.words.len());
    for (id, ty) in (types.first..).zip(types.iter()) {
        match narrowed(ty) {
            Some(narrow) => {
                wide.push((id, ty.into()));
                words.extend(narrow);
            }
            None => words.extend_from_slice(ty),
        }
    }
    let narrow = assemble(
        sections.order,
        &in_order(&sections, &words),
        &known[sections.strings],
    );
    Ok((Cow::Owned(narrow), wide))
}

/// A whole blob that is not split, as libbpf 1.7 can parse it.
///
/// # Errors
/// As [`known`].
pub(crate) fn for_libbpf(bytes: Vec<u8>) -> Result<Vec<u8>, BtfError> {
    let owned = match digestible(&bytes, None)?.0 {
        Cow::Borrowed(_) => None,
        Cow::Owned(owned) => Some(owned),
    };
    Ok(owned.unwrap_or(bytes))
}

/// Goes through all types once, to see whether there is anything to do. Of almost all blobs there is not.
fn look(
    types: &[u8],
    sections: &Sections,
    lengths: &Lengths,
    below: Option<Below<'_>>,
) -> Result<Findings, BtfError> {
    let order = sections.order;
    let mut found = Findings::default();
    let mut id = below.map_or(1, |below| below.first);
    let mut at = 0;
    while at < types.len() {
        let malformed = || BtfError::Malformed(std::io::ErrorKind::InvalidInput.into());
        let head = types.get(at + 4..).and_then(<[u8]>::first_chunk);
        let info = order.u32(*head.ok_or_else(malformed)?);
        let kind = kind_number(info);
        let trailing = lengths.trailing(info).ok_or(BtfError::UnknownKind {
            id: TypeId(id),
            kind,
        })?;
        found.unknown |= is_unknown(kind);
        found.wide |= vlen(info) > MAX_RECORDS;
        at += 4 * (TYPE_WORDS + trailing);
        if at > types.len() {
            return Err(malformed());
        }
        id = id.saturating_add(1);
    }
    Ok(found)
}

fn in_order(sections: &Sections, words: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4 * words.len());
    for &word in words {
        sections.order.put_u32(&mut bytes, word);
    }
    bytes
}

impl Types {
    /// Those of a blob that [`look`] has found to be whole.
    fn new(types: &[u8], sections: &Sections, lengths: &Lengths, below: Option<Below<'_>>) -> Self {
        let words = types.as_chunks::<4>().0.iter();
        let words: Vec<u32> = words.map(|word| sections.order.u32(*word)).collect();
        let mut starts = vec![0];
        let mut end = 0;
        while let Some(info) = words.get(end + 1) {
            end += TYPE_WORDS + lengths.trailing(*info).unwrap_or_default();
            starts.push(end.min(words.len()));
        }
        Self {
            words,
            starts,
            first: below.map_or(1, |below| below.first),
        }
    }

    fn iter(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.starts.len() - 1).map(|index| self.get(index))
    }

    fn get(&self, index: usize) -> &[u32] {
        match self.starts.get(index..index + 2) {
            Some(&[start, end]) => &self.words[start..end],
            _ => &[],
        }
    }

    /// The words of all types without unknown kinds.
    fn rewritten(&self, base: Option<&Btf<'_>>) -> Vec<u32> {
        let opaque = Opaque::new(self, base);
        let mut words = Vec::with_capacity(self.words.len());
        for (index, ty) in self.iter().enumerate() {
            let &[name, info, ..] = ty else {
                continue;
            };
            match opaque.own(index) {
                Some(kind) => words.extend(stand_in(name, kind)),
                None if is_composite(info) => words.extend(opaque.without_unknown(ty)),
                None => words.extend_from_slice(ty),
            }
        }
        words
    }
}

fn is_composite(info: u32) -> bool {
    matches!(
        kind_number(info),
        libbpf_sys::BTF_KIND_STRUCT | libbpf_sys::BTF_KIND_UNION
    )
}

/// Which types are of an unknown kind, or nothing without one that is.
struct Opaque<'t> {
    types: &'t Types,
    base: Option<&'t Btf<'t>>,
    /// The unknown kind behind typedefs, modifiers and arrays; 0 where there is none.
    behind: Vec<u8>,
    /// The unknown kind in a prototype, or in that of a function.
    called: Vec<u8>,
}

/// Where the walk along references goes from a type.
enum Step {
    To(u32),
    End(u32),
}

impl<'t> Opaque<'t> {
    fn new(types: &'t Types, base: Option<&'t Btf<'_>>) -> Self {
        let mut opaque = Self {
            types,
            base,
            behind: Vec::new(),
            called: Vec::new(),
        };
        opaque.behind = opaque.find_behind();
        opaque.called = vec![0; types.starts.len() - 1];
        // Functions refer to prototypes, before or behind them.
        for kind in [libbpf_sys::BTF_KIND_FUNC_PROTO, libbpf_sys::BTF_KIND_FUNC] {
            for (index, ty) in types.iter().enumerate() {
                if kind_number(ty[1]) == kind {
                    opaque.called[index] = opaque.in_call(ty) as u8;
                }
            }
        }
        opaque
    }

    /// One walk for all: what a walk has found holds for each type on its way.
    fn find_behind(&self) -> Vec<u8> {
        let count = self.types.starts.len() - 1;
        let mut behind: Vec<Option<u8>> = vec![None; count];
        for start in 0..count {
            let mut way = Vec::new();
            let mut at = start;
            let kind = loop {
                if let Some(known) = behind[at] {
                    break known;
                }
                // What leads back to itself ends in nothing.
                behind[at] = Some(0);
                way.push(at);
                match self.step(self.types.get(at)) {
                    Step::End(kind) => break kind as u8,
                    Step::To(id) => match self.index(id) {
                        Some(index) => at = index,
                        None => break self.of_base(id) as u8,
                    },
                }
            };
            for index in way {
                behind[index] = Some(kind);
            }
        }
        behind.into_iter().map(Option::unwrap_or_default).collect()
    }

    fn step(&self, ty: &[u32]) -> Step {
        match kind_number(ty[1]) {
            libbpf_sys::BTF_KIND_TYPEDEF
            | libbpf_sys::BTF_KIND_VOLATILE
            | libbpf_sys::BTF_KIND_CONST
            | libbpf_sys::BTF_KIND_RESTRICT
            | libbpf_sys::BTF_KIND_TYPE_TAG => Step::To(ty[2]),
            libbpf_sys::BTF_KIND_ARRAY => Step::To(ty[TYPE_WORDS]),
            kind if is_unknown(kind) => Step::End(kind),
            _ => Step::End(0),
        }
    }

    /// The place of a type among the blob's own.
    fn index(&self, id: u32) -> Option<usize> {
        let index = id.checked_sub(self.types.first)? as usize;
        (index + 1 < self.types.starts.len()).then_some(index)
    }

    /// The unknown kind behind a type of the base, which is rewritten already.
    fn of_base(&self, id: u32) -> u32 {
        let ty = self.base.and_then(|base| base.resolve(TypeId(id)));
        let kind = ty.map_or(0, |ty| ty.kind_number());
        if is_unknown(kind) { kind } else { 0 }
    }

    fn by_value(&self, id: u32) -> u32 {
        match self.index(id) {
            Some(index) => self.behind[index].into(),
            None => self.of_base(id),
        }
    }

    /// The unknown kind in what a prototype passes, or in a function's prototype.
    fn in_call(&self, ty: &[u32]) -> u32 {
        if kind_number(ty[1]) == libbpf_sys::BTF_KIND_FUNC_PROTO {
            let params = ty[TYPE_WORDS..].chunks_exact(PARAM);
            let mut kinds = params.map(|param| param[1]).chain([ty[2]]);
            return kinds.find_map(|id| some(self.by_value(id))).unwrap_or(0);
        }
        match self.index(ty[2]) {
            Some(index) => some(self.called[index].into()).unwrap_or(self.behind[index].into()),
            None => self.of_base(ty[2]),
        }
    }

    /// The unknown kind that a type stands for from now on.
    fn own(&self, index: usize) -> Option<u32> {
        let kind = kind_number(self.types.get(index)[1]);
        match kind {
            libbpf_sys::BTF_KIND_ARRAY => some(self.behind[index].into()),
            libbpf_sys::BTF_KIND_FUNC_PROTO | libbpf_sys::BTF_KIND_FUNC => {
                some(self.called[index].into())
            }
            _ => is_unknown(kind).then_some(kind),
        }
    }

    /// A struct or union without the members that it has of unknown kinds.
    fn without_unknown(&self, ty: &[u32]) -> Vec<u32> {
        let members = ty[TYPE_WORDS..].chunks_exact(MEMBER);
        let kept: Vec<&[u32]> = members
            .filter(|member| self.by_value(member[1]) == 0)
            .collect();
        let mut words = ty[..TYPE_WORDS].to_vec();
        words[1] = with_vlen(ty[1], kept.len() as u32);
        words.extend(kept.concat());
        words
    }
}

fn some(kind: u32) -> Option<u32> {
    (kind != 0).then_some(kind)
}

#[cfg(test)]
mod tests;
