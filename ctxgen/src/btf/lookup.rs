//! Types by kind and name.

use std::ffi::CStr;

use super::Btf;
use super::KINDS;
use super::KSYM_NAME_LEN;
use super::TYPE_WORDS;
use super::Type;
use super::TypeId;
use super::duplicate_names;
use super::type_layout::Plan;

impl Btf<'_> {
    /// The types of this blob that are of some kinds (`BTF_KIND_*` numbers), in id order.
    pub(crate) fn of_kinds(&self, wanted: &[u32]) -> Vec<TypeId> {
        let is_wanted =
            std::array::from_fn::<bool, KINDS, _>(|kind| wanted.contains(&(kind as u32)));
        let kinds = &self.places.kinds[..];
        let mut ids = Vec::new();
        let mut index = 0;
        while index < kinds.len() {
            if is_wanted[kinds[index] as usize] {
                ids.push(TypeId(self.first + index as u32));
            }
            index += 1;
        }
        ids
    }

    /// The types of this blob, whether all places are kept or not: the index of each, its kind, and where it
    /// starts. `visit` says whether it wants more.
    fn walk_kinds(&self, mut visit: impl FnMut(usize, u8, usize) -> bool) {
        let words = self.words();
        let mut at = 0;
        for (index, kind) in self.places.kinds.iter().enumerate() {
            let Some(info) = words.get(at + 1).filter(|_| visit(index, *kind, at)) else {
                break;
            };
            at += TYPE_WORDS + self.lengths.trailing(*info).unwrap_or(0);
        }
    }

    /// As many bytes as a name may have from where it stands on, of which a NUL ends it.
    fn text_at(&self, name: u32) -> &[u8] {
        let own = name.wrapping_sub(self.first_string()) as usize;
        let text = self.strings().get(own..).unwrap_or_default();
        &text[..text.len().min(KSYM_NAME_LEN)]
    }

    /// The types of this blob that have a name, with as many bytes from that on as a name may have.
    pub(crate) fn each_name(&self, mut visit: impl FnMut(TypeId, &[u8])) {
        let words = self.words();
        self.walk_kinds(|index, _, at| {
            if words[at] != 0 {
                visit(TypeId(self.first + index as u32), self.text_at(words[at]));
            }
            true
        });
    }

    /// The types of this blob of that kind whose names are such, in id order. `is_such` gets as many bytes
    /// as a name may have, of which a NUL ends it.
    pub(crate) fn with_names(&self, kind: u32, is_such: impl Fn(&[u8]) -> bool) -> Vec<TypeId> {
        let words = self.words();
        let mut found = Vec::new();
        self.walk_kinds(|index, own, at| {
            let name = words[at];
            if u32::from(own) == kind && name != 0 && is_such(self.text_at(name)) {
                found.push(TypeId(self.first + index as u32));
            }
            true
        });
        found
    }

    /// The first type of this blob of a kind that refers to another as a pointer or a typedef does.
    pub(crate) fn first_reference(&self, kind: u32, to: TypeId) -> Option<TypeId> {
        let words = self.words();
        let mut found = None;
        self.walk_kinds(|index, own, at| {
            if u32::from(own) == kind && words[at + 2] == to.0 {
                found = Some(TypeId(self.first + index as u32));
            }
            found.is_none()
        });
        found
    }

    /// The types of some kinds, of a BTF without a base of which all places are kept, that refer to one of
    /// those for whose ids `wanted` is true: it has one for each.
    pub(crate) fn users_of(&self, wanted: &[bool], kinds: &[u32]) -> Vec<TypeId> {
        let plans =
            std::array::from_fn::<Plan, KINDS, _>(|kind| match kinds.contains(&(kind as u32)) {
                true => Plan::of(kind),
                false => Plan::default(),
            });
        let (kinds, starts) = (&self.places.kinds[..], &self.places.starts[..]);
        let words = self.words();
        let mut users = Vec::new();
        let mut index = 0;
        while index < kinds.len() {
            let plan = &plans[kinds[index] as usize];
            let start = starts[index] as usize;
            let mut is_user = plan.refers && wanted[words[start + 2] as usize];
            if plan.id_count > 0 {
                let end = starts[index + 1] as usize;
                let mut at = start + TYPE_WORDS;
                while at < end && !is_user {
                    is_user = wanted[words[at + plan.ids[0]] as usize];
                    at += plan.record;
                }
            }
            if is_user {
                users.push(TypeId(self.first + index as u32));
            }
            index += 1;
        }
        users
    }

    /// Where the name of one of this blob's types stands; 0 where it has none.
    pub(crate) fn name_offset(&self, id: TypeId) -> u32 {
        let index = id.0.wrapping_sub(self.first) as usize;
        let words = self.words_at(u32::try_from(index).unwrap_or(u32::MAX));
        words.map_or(0, |words| words[0])
    }

    /// The types of this blob of that kind and name, in id order.
    pub(crate) fn named(&self, kind: u32, name: &str) -> Vec<TypeId> {
        self.at_names(kind as u8, &self.name_offsets(name), false)
    }

    /// The types of a kind whose names stand at these offsets, which are sorted, or the first of them.
    fn at_names(&self, kind: u8, offsets: &[u32], first: bool) -> Vec<TypeId> {
        let mut found = Vec::new();
        let Some(&only) = offsets.first() else {
            return found;
        };
        if !self.places.keeps_all {
            let words = self.words();
            self.walk_kinds(|index, own, at| {
                if own == kind && offsets.binary_search(&words[at]).is_ok() {
                    found.push(TypeId(self.first + index as u32));
                }
                !first || found.is_empty()
            });
            return found;
        }
        let is_one = offsets.len() == 1;
        let (kinds, starts) = (&self.places.kinds[..], &self.places.starts[..]);
        let words = self.words();
        let mut index = 0;
        while index < kinds.len() {
            if kinds[index] == kind {
                let own = words[starts[index] as usize];
                if own == only || !is_one && offsets.binary_search(&own).is_ok() {
                    found.push(TypeId(self.first + index as u32));
                    if first {
                        break;
                    }
                }
            }
            index += 1;
        }
        found
    }

    /// The first type of this name and kind in id order. `kind` is a `BTF_KIND_*` number.
    pub fn find(&self, name: &CStr, kind: u32) -> Option<Type<'_>> {
        let Ok(name) = name.to_str() else { return None };
        self.find_below(name, kind).and_then(|id| self.get(id))
    }

    fn find_below(&self, name: &str, kind: u32) -> Option<TypeId> {
        let in_base = self.base.and_then(|base| base.find_below(name, kind));
        in_base.or_else(|| {
            let offsets = self.all_name_offsets(name);
            let found = self.at_names(kind as u8, &offsets, true);
            found.first().copied()
        })
    }

    /// Where a name stands in the strings of the base and of this blob.
    fn all_name_offsets(&self, name: &str) -> Vec<u32> {
        let mut offsets = self
            .base
            .map_or_else(Vec::new, |base| base.all_name_offsets(name));
        offsets.extend(self.name_offsets(name));
        offsets
    }

    /// The structs, unions, enums and typedefs that share their name with another one, in id
    /// order; of a split BTF, those of its base.
    pub(crate) fn namesakes(&self) -> &[TypeId] {
        match self.base {
            Some(base) => base.namesakes(),
            None => self.namesakes.get_or_init(|| duplicate_names::find(self)),
        }
    }

    /// Where in this blob's strings a name stands, in order. Whoever makes a BTF stores each string once,
    /// but could let it be the end of a longer one too.
    pub(crate) fn name_offsets(&self, name: &str) -> Vec<u32> {
        let mut offsets = Vec::new();
        if name.is_empty() || name.contains('\0') {
            return offsets;
        }
        let mut needle = name.as_bytes().to_vec();
        needle.push(0);
        let strings = self.strings();
        let mut at = 0;
        while at < strings.len() {
            let rest = &strings[at..];
            // SAFETY: both are as long as they say.
            let found = unsafe {
                libc::memmem(
                    rest.as_ptr().cast(),
                    rest.len(),
                    needle.as_ptr().cast(),
                    needle.len(),
                )
            };
            if found.is_null() {
                break;
            }
            let offset = found.addr() - strings.as_ptr().addr();
            let offset_in_all = u32::try_from(offset).unwrap_or(u32::MAX);
            offsets.push(self.first_string().saturating_add(offset_in_all));
            at = offset + needle.len();
        }
        offsets
    }
}
