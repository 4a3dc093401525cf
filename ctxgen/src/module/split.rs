//! A module's own types and names, taken apart and held against the kernel that they continue.

use libbpf_rs::libbpf_sys;

use super::ModuleError;
use crate::btf::Btf;
use crate::btf::ByteOrder;
use crate::btf::Sections;
use crate::btf::Shape;
use crate::btf::TYPE_WORDS;
use crate::btf::TypeId;
use crate::btf::kind_number;

/// Where the numbers of a module's own types and names start: at the end of its vmlinux's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// The number of types, void included.
    pub(super) types: u32,
    /// The length of the string table in bytes.
    pub(super) strings: u32,
}

/// What a split BTF adds to its base.
#[derive(Debug)]
pub(super) struct Split<'b> {
    pub(super) order: ByteOrder,
    /// The words of all types, in host byte order.
    words: Vec<u32>,
    /// Where in those each type starts, and where the last one ends.
    starts: Vec<usize>,
    pub(super) strings: &'b [u8],
}

impl<'b> Split<'b> {
    pub(super) fn parse(bytes: &'b [u8], base: End) -> Result<Self, ModuleError> {
        let sections = Sections::parse(bytes)?;
        let strings = &bytes[sections.strings];
        match strings {
            // The empty name is the first of every base's.
            [0, ..] => return Err(ModuleError::Standalone),
            [] | [.., 0] => {}
            _ => return Err(ModuleError::Strings),
        }
        let mut split = Self {
            order: sections.order,
            words: Vec::new(),
            starts: vec![0],
            strings,
        };
        let (words, rest) = bytes[sections.types].as_chunks::<4>();
        split.words = words.iter().map(|word| sections.order.u32(*word)).collect();
        while let Some(info) = split.words.get(split.end() + 1) {
            let broken = || ModuleError::Type(split.id(split.len(), base));
            let shape = Shape::of(*info).ok_or_else(broken)?;
            let end = split.end() + TYPE_WORDS + shape.trailing(*info);
            if end > split.words.len() {
                return Err(broken());
            }
            split.starts.push(end);
        }
        if split.end() < split.words.len() || !rest.is_empty() {
            return Err(ModuleError::Type(split.id(split.len(), base)));
        }
        Ok(split)
    }

    /// The number of types.
    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    fn end(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// The words of a type by its place among the module's own.
    pub(super) fn get(&self, at: usize) -> &[u32] {
        match self.starts.get(at..at + 2) {
            Some(&[start, end]) => &self.words[start..end],
            _ => &[],
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.len()).map(|at| self.get(at))
    }

    /// The number by which the module refers to its type of that place.
    fn id(&self, at: usize, base: End) -> TypeId {
        TypeId(u32::try_from(at).map_or(u32::MAX, |at| base.types.saturating_add(at)))
    }

    /// Whether this can be a module of that kernel: nothing in a split BTF says what it continues,
    /// but on another base its numbers make no sense.
    ///
    /// `kernel` are types that start with the base's, and `strings` likewise.
    pub(super) fn check(
        &self,
        base: End,
        kernel: &Btf<'_>,
        strings: &[u8],
    ) -> Result<(), ModuleError> {
        let count = self.id(self.len(), base).0;
        let kind_of = |id: u32| match id.checked_sub(base.types) {
            Some(own) => self.get(own as usize).get(1).map(|info| kind_number(*info)),
            None => kernel.get(TypeId(id)).map(|ty| ty.kind_number()),
        };
        for (at, words) in self.iter().enumerate() {
            let id = self.id(at, base);
            let Some(shape) = Shape::of(words[1]) else {
                return Err(ModuleError::Type(id));
            };
            for offset in shape.names(words.len()).map(|at| words[at]) {
                let own = offset.checked_sub(base.strings);
                let (table, at) = match own {
                    Some(own) => (self.strings, own as usize),
                    None => (strings, offset as usize),
                };
                if at >= table.len() {
                    return Err(ModuleError::NoSuchName { id, offset });
                }
                if at > 0 && table[at - 1] != 0 {
                    return Err(ModuleError::PartOfName { id, offset });
                }
            }
            for to in shape.ids(words.len()).map(|at| words[at]) {
                let (to, kind) = match kind_of(to) {
                    Some(kind) if to < count => (TypeId(to), kind),
                    _ => {
                        let to = TypeId(to);
                        return Err(ModuleError::NoSuchType { id, to, count });
                    }
                };
                if !may_refer(kind_number(words[1]), kind) {
                    return Err(ModuleError::WrongKind { id, to, kind });
                }
            }
        }
        Ok(())
    }
}

/// Whether a type of the one kind may refer to one of the other. Only what tells a mismatch: most
/// types of a kernel are functions and their prototypes, and few things refer to those.
fn may_refer(from: u32, to: u32) -> bool {
    let is_declaration = matches!(
        to,
        libbpf_sys::BTF_KIND_FUNC
            | libbpf_sys::BTF_KIND_VAR
            | libbpf_sys::BTF_KIND_DATASEC
            | libbpf_sys::BTF_KIND_DECL_TAG
    );
    match from {
        libbpf_sys::BTF_KIND_FUNC => to == libbpf_sys::BTF_KIND_FUNC_PROTO,
        libbpf_sys::BTF_KIND_DATASEC | libbpf_sys::BTF_KIND_DECL_TAG => true,
        libbpf_sys::BTF_KIND_STRUCT
        | libbpf_sys::BTF_KIND_UNION
        | libbpf_sys::BTF_KIND_ARRAY
        | libbpf_sys::BTF_KIND_FUNC_PROTO => {
            !is_declaration && to != libbpf_sys::BTF_KIND_FUNC_PROTO
        }
        _ => !is_declaration,
    }
}
