//! What the words of a type are: `struct btf_type` and what follows it, kind by kind.
//!
//! `Documentation/bpf/btf.rst` describes them. All are 32 bits wide. The first two are the same for
//! all kinds: where the name is in the string table, and kind, number of records and `kind_flag`.
//!
//! What is asked of each type of a kernel is inlined even in a build script, which is compiled without
//! optimization.

use libbpf_rs::libbpf_sys;

/// How many words every type starts with.
pub(crate) const TYPE_WORDS: usize = 3;

/// How many records follow a type's first words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Records {
    None,
    One,
    /// As many as its `vlen` says.
    Vlen,
}

/// What a type is to one that refers to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// What a pointer points to.
    Pointee,
    /// The same type without a typedef or modifier.
    Alias,
    /// An array's element.
    Element,
    /// What an array is indexed with.
    Index,
    /// A member of a struct or union, by value.
    Member,
    /// What a prototype returns.
    Result,
    /// What a prototype takes.
    Param,
    /// A function's prototype.
    Prototype,
    /// What a variable is of.
    Variable,
    /// What a tag is on.
    Tagged,
    /// What is in a section.
    InSection,
}

/// What the words of a type of some kind are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// What the type is whose id the third word is; else that is a size, or nothing.
    pub(super) refers: Option<Role>,
    records: Records,
    /// The words of a record.
    pub(super) record: usize,
    /// Which of them is a name.
    pub(super) name: Option<usize>,
    /// Which of them are ids.
    pub(super) ids: &'static [(usize, Role)],
}

const fn reference(role: Role) -> Shape {
    Shape {
        refers: Some(role),
        ..LONE
    }
}

const fn records(records: Records, record: usize) -> Shape {
    Shape {
        records,
        record,
        ..LONE
    }
}

const LONE: Shape = Shape {
    refers: None,
    records: Records::None,
    record: 0,
    name: None,
    ids: &[],
};

static STAND_IN: Shape = LONE;

const ALIAS: Shape = reference(Role::Alias);

const COMPOSITE: Shape = Shape {
    name: Some(0),
    ids: &[(1, Role::Member)],
    ..records(Records::Vlen, 3)
};

/// All kinds that are known, by their `BTF_KIND_*` numbers less one. See [`Kind`](super::Kind) for what else
/// a new one touches.
static SHAPES: [Shape; libbpf_sys::BTF_KIND_ENUM64 as usize] = [
    // INT
    records(Records::One, 1),
    // PTR
    reference(Role::Pointee),
    // ARRAY
    Shape {
        ids: &[(0, Role::Element), (1, Role::Index)],
        ..records(Records::One, 3)
    },
    // STRUCT, UNION
    COMPOSITE,
    COMPOSITE,
    // ENUM
    Shape {
        name: Some(0),
        ..records(Records::Vlen, 2)
    },
    // FWD
    LONE,
    // TYPEDEF, VOLATILE, CONST, RESTRICT
    ALIAS,
    ALIAS,
    ALIAS,
    ALIAS,
    // FUNC
    reference(Role::Prototype),
    // FUNC_PROTO
    Shape {
        refers: Some(Role::Result),
        name: Some(0),
        ids: &[(1, Role::Param)],
        ..records(Records::Vlen, 2)
    },
    // VAR
    Shape {
        refers: Some(Role::Variable),
        ..records(Records::One, 1)
    },
    // DATASEC
    Shape {
        ids: &[(0, Role::InSection)],
        ..records(Records::Vlen, 3)
    },
    // FLOAT
    LONE,
    // DECL_TAG
    Shape {
        refers: Some(Role::Tagged),
        ..records(Records::One, 1)
    },
    // TYPE_TAG
    ALIAS,
    // ENUM64
    Shape {
        name: Some(0),
        ..records(Records::Vlen, 3)
    },
];

/// How many kinds the 7 bits of a type's second word can tell apart.
pub(crate) const KINDS: usize = 128;

/// The bits of a type's second word that count its records.
const VLEN: u32 = 0x00ff_ffff;

/// How many records libbpf 1.7 can count: it looks at 16 bits. Later ones look at 24.
pub(crate) const MAX_RECORDS: u32 = 0xffff;

/// The number of records in a type's second word.
#[inline(always)]
pub(crate) fn vlen(info: u32) -> u32 {
    info & VLEN
}

/// A type's second word with another number of records.
pub(crate) fn with_vlen(info: u32, vlen: u32) -> u32 {
    info & !VLEN | vlen & VLEN
}

/// The kind in a type's second word; of a stand-in, that of what it stands in for.
#[inline(always)]
pub(crate) fn kind_number(info: u32) -> u32 {
    match plain_kind(info) {
        libbpf_sys::BTF_KIND_CONST if is_unknown(vlen(info)) => vlen(info) % KINDS as u32,
        kind => kind,
    }
}

/// The kind in a type's second word as it is there.
#[inline(always)]
fn plain_kind(info: u32) -> u32 {
    (info >> 24) & 0x7f
}

/// Whether a kind is one that ctxgen does not know.
#[inline(always)]
pub(crate) fn is_unknown(kind: u32) -> bool {
    kind > libbpf_sys::BTF_KIND_ENUM64
}

/// What stands in for a type of a kind that is not known: `const void`, which every reader takes and C
/// can point to. The number of records, which such a type does not have, keeps the kind.
pub(crate) fn stand_in(name: u32, kind: u32) -> [u32; TYPE_WORDS] {
    [name, libbpf_sys::BTF_KIND_CONST << 24 | kind, 0]
}

/// A type as libbpf 1.7 can read it, where it has more records than that can count: without them. Of a
/// prototype, what is left is `...`, which nothing can attach to.
pub(crate) fn narrowed(words: &[u32]) -> Option<Vec<u32>> {
    let info = *words.get(1)?;
    let counts = Shape::of(info)?.records == Records::Vlen;
    if !counts || vlen(info) <= MAX_RECORDS {
        return None;
    }
    let mut narrow = words.get(..TYPE_WORDS)?.to_vec();
    let is_proto = kind_number(info) == libbpf_sys::BTF_KIND_FUNC_PROTO;
    narrow[1] = with_vlen(info, is_proto.into());
    if is_proto {
        narrow.extend([0, 0]);
    }
    Some(narrow)
}

/// How many words follow the first three of a type, by its kind: always, and for each record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lengths([Option<(u8, u8)>; KINDS]);

impl Lengths {
    /// Of the kinds that are known.
    pub(crate) fn known() -> Self {
        let mut lengths = [None; KINDS];
        for (length, shape) in lengths[1..].iter_mut().zip(&SHAPES) {
            let record = shape.record as u8;
            *length = Some(match shape.records {
                Records::None => (0, 0),
                Records::One => (record, 0),
                Records::Vlen => (0, record),
            });
        }
        Self(lengths)
    }

    /// The same with what a layout section says of kinds that are not known: a `struct btf_layout` for
    /// each kind from 0 on, of which the first byte is the length of what always follows a type, the
    /// second that of each record. Like libbpf, this takes whole words only.
    pub(crate) fn with_layout(mut self, section: &[u8]) -> Self {
        let rows = section.as_chunks::<4>().0.iter();
        for ((kind, length), &[fixed, record, ..]) in (0..).zip(&mut self.0).zip(rows) {
            if is_unknown(kind) && fixed.is_multiple_of(4) && record.is_multiple_of(4) {
                *length = Some((fixed / 4, record / 4));
            }
        }
        self
    }

    /// How many words follow the first three of a type with this second word; `None` for a kind of
    /// which that is not known.
    #[inline(always)]
    pub(crate) fn trailing(&self, info: u32) -> Option<usize> {
        let (fixed, record) = self.0[plain_kind(info) as usize]?;
        Some(usize::from(fixed) + usize::from(record) * vlen(info) as usize)
    }
}

impl Shape {
    /// Of the type with this second word; `None` for a kind that is not known.
    pub(crate) fn of(info: u32) -> Option<&'static Self> {
        let kind = plain_kind(info);
        if kind_number(info) != kind {
            return Some(&STAND_IN);
        }
        Self::of_kind(kind)
    }

    /// Of the types of a kind (a `BTF_KIND_*` number); `None` where it is not known.
    pub(super) fn of_kind(kind: u32) -> Option<&'static Self> {
        SHAPES.get((kind as usize).wrapping_sub(1))
    }

    /// Which of a type's `len` words are names.
    pub(crate) fn names(&'static self, len: usize) -> impl Iterator<Item = usize> {
        let in_records = self.name.into_iter();
        let records = in_records.flat_map(move |at| self.records(len).map(move |start| start + at));
        [0].into_iter().chain(records)
    }

    /// Which of a type's `len` words are ids.
    pub(crate) fn ids(&'static self, len: usize) -> impl Iterator<Item = usize> {
        self.roles(len).map(|(at, _)| at)
    }

    /// The same, with what the types are to this one.
    pub(super) fn roles(&'static self, len: usize) -> impl Iterator<Item = (usize, Role)> {
        let records = self.records(len);
        let in_records = records
            .flat_map(move |start| self.ids.iter().map(move |(at, role)| (start + at, *role)));
        self.refers
            .map(|role| (2, role))
            .into_iter()
            .chain(in_records)
    }

    fn records(&self, len: usize) -> impl Iterator<Item = usize> + use<> {
        (TYPE_WORDS..len).step_by(self.record.max(1))
    }
}

/// Where in the types of a kind names and ids are, in the form that takes the least to go by: for loops over
/// all types.
#[derive(Clone, Copy, Default)]
pub(super) struct Plan {
    pub(super) refers: bool,
    pub(super) record: usize,
    pub(super) name: Option<usize>,
    pub(super) ids: [usize; 2],
    pub(super) id_count: usize,
}

impl Plan {
    pub(super) fn of(kind: usize) -> Self {
        let Some(shape) = Shape::of_kind(kind as u32) else {
            return Self::default();
        };
        let mut plan = Self {
            refers: shape.refers.is_some(),
            record: shape.record,
            name: shape.name,
            ids: [0; 2],
            id_count: shape.ids.len(),
        };
        for (to, (at, _)) in plan.ids.iter_mut().zip(shape.ids) {
            *to = *at;
        }
        plan
    }

    /// Whether there is anything to be checked in records.
    pub(super) fn has_records(&self) -> bool {
        self.name.is_some() || self.id_count > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(kind: u32, vlen: u32) -> u32 {
        kind << 24 | vlen
    }

    #[test]
    fn no_kind_beyond() {
        assert!(Shape::of(info(0, 0)).is_none());
        assert!(Shape::of(info(libbpf_sys::BTF_KIND_ENUM64, 0)).is_some());
        assert!(Shape::of(info(libbpf_sys::BTF_KIND_ENUM64 + 1, 0)).is_none());
    }

    #[test]
    fn names_and_ids() {
        for (kind, vlen, trailing, names, ids) in [
            (libbpf_sys::BTF_KIND_INT, 0, 1, &[0][..], &[][..]),
            (libbpf_sys::BTF_KIND_PTR, 0, 0, &[0], &[2]),
            (libbpf_sys::BTF_KIND_ARRAY, 0, 3, &[0], &[3, 4]),
            (libbpf_sys::BTF_KIND_STRUCT, 2, 6, &[0, 3, 6], &[4, 7]),
            (libbpf_sys::BTF_KIND_ENUM, 2, 4, &[0, 3, 5], &[]),
            (libbpf_sys::BTF_KIND_FUNC, 1, 0, &[0], &[2]),
            (
                libbpf_sys::BTF_KIND_FUNC_PROTO,
                2,
                4,
                &[0, 3, 5],
                &[2, 4, 6],
            ),
            (libbpf_sys::BTF_KIND_DATASEC, 1, 3, &[0], &[3]),
            (libbpf_sys::BTF_KIND_DECL_TAG, 0, 1, &[0], &[2]),
        ] {
            let info = info(kind, vlen);
            let shape = Shape::of(info).unwrap();
            let len = TYPE_WORDS + trailing;
            assert_eq!(Lengths::known().trailing(info), Some(trailing), "{kind}");
            assert_eq!(shape.names(len).collect::<Vec<_>>(), names, "{kind}");
            assert_eq!(shape.ids(len).collect::<Vec<_>>(), ids, "{kind}");
        }
    }

    /// The bits of the second word as libbpf has them since 1.8: 24 for records, 7 for the kind.
    #[test]
    fn bits_of_the_second_word() {
        for (word, kind, records) in [
            (0x0400_0002, 4, 2),
            (0x8400_ffff, 4, 0xffff),
            (0x04ff_ffff, 4, 0x00ff_ffff),
            (0x7f01_0000, 127, 0x1_0000),
            (0xa100_0001, 33, 1),
        ] {
            assert_eq!((kind_number(word), vlen(word)), (kind, records), "{word:x}");
        }
    }

    #[test]
    fn a_stand_in_keeps_the_kind() {
        for kind in [20, 23, 127] {
            let [_, info, to] = stand_in(7, kind);
            assert_eq!((kind_number(info), to), (kind, 0));
            assert_eq!(Lengths::known().trailing(info), Some(0));
            let shape = Shape::of(info).unwrap();
            assert_eq!(shape.names(TYPE_WORDS).collect::<Vec<_>>(), [0]);
            assert_eq!(shape.ids(TYPE_WORDS).count(), 0);
        }
        assert_eq!(kind_number(info(libbpf_sys::BTF_KIND_CONST, 0)), 10);
    }

    #[test]
    fn lengths_of_unknown_kinds() {
        let mut layout = vec![0; 4 * 24];
        // Of a struct, what is known counts; the second of the others has no whole words.
        for (kind, row) in [(4, [4, 4]), (20, [8, 12]), (21, [6, 4]), (23, [0, 252])] {
            layout[4 * kind..][..2].copy_from_slice(&row);
        }
        let lengths = Lengths::known().with_layout(&layout);
        for (kind, words) in [
            (4, Some(6)),
            (20, Some(8)),
            (21, None),
            (22, Some(0)),
            (23, Some(126)),
            (24, None),
            (0, None),
        ] {
            assert_eq!(lengths.trailing(info(kind, 2)), words, "{kind}");
        }
        assert!(Lengths::known().trailing(info(20, 2)).is_none());
    }
}
