//! What the words of a type are: `struct btf_type` and what follows it, kind by kind.
//!
//! `Documentation/bpf/btf.rst` describes them. All are 32 bits wide. The first two are the same for
//! all kinds: where the name is in the string table, and kind, number of records and `kind_flag`.

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

/// What the words of a type of some kind are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Whether the third word is a type's id; else it is a size, or nothing.
    refers: bool,
    records: Records,
    /// The words of a record.
    record: usize,
    /// Which of them is a name.
    name: Option<usize>,
    /// Which of them are ids.
    ids: &'static [usize],
}

const fn shape(refers: bool, records: Records, record: usize) -> Shape {
    Shape {
        refers,
        records,
        record,
        name: None,
        ids: &[],
    }
}

const fn with(shape: Shape, name: Option<usize>, ids: &'static [usize]) -> Shape {
    Shape { name, ids, ..shape }
}

const LONE: Shape = shape(false, Records::None, 0);
const REFERENCE: Shape = shape(true, Records::None, 0);
const COMPOSITE: Shape = with(shape(false, Records::Vlen, 3), Some(0), &[1]);

static SHAPES: [(u32, Shape); 19] = [
    (libbpf_sys::BTF_KIND_INT, shape(false, Records::One, 1)),
    (libbpf_sys::BTF_KIND_PTR, REFERENCE),
    (
        libbpf_sys::BTF_KIND_ARRAY,
        with(shape(false, Records::One, 3), None, &[0, 1]),
    ),
    (libbpf_sys::BTF_KIND_STRUCT, COMPOSITE),
    (libbpf_sys::BTF_KIND_UNION, COMPOSITE),
    (
        libbpf_sys::BTF_KIND_ENUM,
        with(shape(false, Records::Vlen, 2), Some(0), &[]),
    ),
    (libbpf_sys::BTF_KIND_FWD, LONE),
    (libbpf_sys::BTF_KIND_TYPEDEF, REFERENCE),
    (libbpf_sys::BTF_KIND_VOLATILE, REFERENCE),
    (libbpf_sys::BTF_KIND_CONST, REFERENCE),
    (libbpf_sys::BTF_KIND_RESTRICT, REFERENCE),
    (libbpf_sys::BTF_KIND_FUNC, REFERENCE),
    (
        libbpf_sys::BTF_KIND_FUNC_PROTO,
        with(shape(true, Records::Vlen, 2), Some(0), &[1]),
    ),
    (libbpf_sys::BTF_KIND_VAR, shape(true, Records::One, 1)),
    (
        libbpf_sys::BTF_KIND_DATASEC,
        with(shape(false, Records::Vlen, 3), None, &[0]),
    ),
    (libbpf_sys::BTF_KIND_FLOAT, LONE),
    (libbpf_sys::BTF_KIND_DECL_TAG, shape(true, Records::One, 1)),
    (libbpf_sys::BTF_KIND_TYPE_TAG, REFERENCE),
    (
        libbpf_sys::BTF_KIND_ENUM64,
        with(shape(false, Records::Vlen, 3), Some(0), &[]),
    ),
];

/// How many words follow the first three of a type, by kind: always, and for each record that its
/// `vlen` counts. `None` for kinds that are not known.
pub(crate) fn lengths() -> [Option<(usize, usize)>; 32] {
    let mut lengths = [None; 32];
    for (kind, length) in (0..).zip(&mut lengths) {
        let info = kind << 24;
        *length = Shape::of(info).map(|shape| {
            let fixed = shape.trailing(info);
            (fixed, shape.trailing(info | 1) - fixed)
        });
    }
    lengths
}

/// The kind in a type's second word.
pub(crate) fn kind_number(info: u32) -> u32 {
    (info >> 24) & 0x1f
}

/// The number of records in a type's second word.
pub(crate) fn vlen(info: u32) -> u32 {
    info & 0xffff
}

impl Shape {
    /// Of the type with this second word; `None` for a kind that is not known.
    pub(crate) fn of(info: u32) -> Option<&'static Self> {
        let kind = kind_number(info);
        let row = SHAPES.iter().find(|(number, _)| *number == kind)?;
        Some(&row.1)
    }

    /// How many words follow the first three of a type with this second word.
    pub(crate) fn trailing(&self, info: u32) -> usize {
        let records = match self.records {
            Records::None => 0,
            Records::One => 1,
            Records::Vlen => vlen(info) as usize,
        };
        records * self.record
    }

    /// Which of a type's `len` words are names.
    pub(crate) fn names(&'static self, len: usize) -> impl Iterator<Item = usize> {
        let in_records = self.name.into_iter();
        let records = in_records.flat_map(move |at| self.records(len).map(move |start| start + at));
        [0].into_iter().chain(records)
    }

    /// Which of a type's `len` words are ids.
    pub(crate) fn ids(&'static self, len: usize) -> impl Iterator<Item = usize> {
        let records = self.records(len);
        let in_records = records.flat_map(move |start| self.ids.iter().map(move |at| start + at));
        self.refers.then_some(2).into_iter().chain(in_records)
    }

    fn records(&self, len: usize) -> impl Iterator<Item = usize> + use<> {
        (TYPE_WORDS..len).step_by(self.record.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(kind: u32, vlen: u32) -> u32 {
        kind << 24 | vlen
    }

    #[test]
    fn each_kind_once_and_none_beyond() {
        for kind in 1..=libbpf_sys::BTF_KIND_ENUM64 {
            let rows = SHAPES.iter().filter(|(number, _)| *number == kind);
            assert_eq!(rows.count(), 1, "{kind}");
        }
        assert!(Shape::of(info(0, 0)).is_none());
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
            assert_eq!(shape.trailing(info), trailing, "{kind}");
            assert_eq!(shape.names(len).collect::<Vec<_>>(), names, "{kind}");
            assert_eq!(shape.ids(len).collect::<Vec<_>>(), ids, "{kind}");
        }
    }
}
