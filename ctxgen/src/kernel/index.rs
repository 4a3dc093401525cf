//! Names to types, for the kinds of type that hooks are looked up by.
//!
//! What a build asks for are a few names among a hundred thousand types, in a build script that is
//! compiled without optimization. So a name is looked for in the string table, and the types are
//! compared by where their names stand there; names are sorted only when many are asked for.

mod flavours;
mod hashes;
mod spelling;

use std::cell::Cell;
use std::cell::OnceCell;
use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::HashSet;
use std::ffi::CStr;

use libbpf_rs::libbpf_sys;

use self::hashes::Hashes;
use crate::btf::Btf;
use crate::btf::Composite;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;

/// A kind of thing that is looked up by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Named {
    Func,
    Typedef,
    Struct,
    Union,
}

const KINDS: usize = 4;

/// What a function is tagged with that programs may call.
const KFUNC: &str = "bpf_kfunc";

/// How many names are looked for before it is worth sorting them: that takes as long as looking for some
/// fifty.
const FEW: usize = 50;
/// The same for how names start or end, which means looking at all of them.
const FEW_PARTS: u32 = 10;

/// How many are compared one by one before the rest is searched.
const NEAR: usize = 4;

/// What is known of the names in a BTF that stands on its own.
///
/// It holds ids, not names, and so borrows nothing.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// By kind, all types sorted by name, ids of one name in their order.
    sorted: [OnceCell<Vec<TypeId>>; KINDS],
    /// By kind, where the last one that was found by sorting stands: who lists them asks for one behind
    /// the other.
    last: [Cell<usize>; KINDS],
    /// What has been looked for and found without sorting: a hook's function is looked up again for
    /// each of its families.
    found: RefCell<Vec<(Named, String, Vec<TypeId>)>>,
    /// The tags of declarations (`BTF_KIND_DECL_TAG`), in id order.
    tags: OnceCell<Vec<TypeId>>,
    /// The functions that are tagged as ones that programs may call, with the tags, sorted.
    kfuncs: OnceCell<Vec<(TypeId, TypeId)>>,
    /// Functions sorted by how their names end.
    by_end: OnceCell<Vec<TypeId>>,
    /// How many starts and endings of names have been looked for.
    parts_asked: Cell<u32>,
    /// Where three underscores begin in the strings.
    underscores: OnceCell<Vec<usize>>,
    /// All names, where they are looked for in a hurry.
    hashes: Option<Hashes>,
    /// How often things have been compared in pairs.
    compared: Cell<usize>,
    /// The names of the members of unions that members have been looked for in.
    members: RefCell<HashMap<TypeId, HashSet<Box<str>>>>,
    /// How many links have been looked for.
    links_asked: Cell<u32>,
    /// By kind and what they lead to, the first pointer or modifier of each.
    links: OnceCell<HashMap<(u32, TypeId), TypeId>>,
}

/// How often things are compared in pairs for the smallest BTF.
const LEAST_COMPARED: usize = 1 << 20;
/// How often more for each byte of a BTF. A list of all hooks of a kernel takes less than half of one.
const COMPARED_OF_BYTE: usize = 1;

impl Index {
    /// Whether to compare things in pairs once more: `false` where that has been done more often than for any
    /// kernel's BTF. Some of what hooks are made from is found by comparing each of so many with each of so
    /// many others, and a small file can have many.
    pub(crate) fn may_compare(&self, btf: &Btf<'_>) -> bool {
        let most = COMPARED_OF_BYTE.saturating_mul(btf.len());
        let compared = self.compared.get();
        self.compared.set(compared.saturating_add(1));
        compared < LEAST_COMPARED.saturating_add(most)
    }

    /// Whether a union has a member of a name.
    pub(crate) fn has_member(&self, union: TypeId, members: Composite<'_>, name: &str) -> bool {
        let mut known = self.members.borrow_mut();
        let names = || members.members().map(|member| member.name.into()).collect();
        known.entry(union).or_insert_with(names).contains(name)
    }

    /// One that is ready for any name at once.
    pub(crate) fn ready(btf: &Btf<'_>) -> Self {
        Self {
            hashes: Some(Hashes::new(btf)),
            ..Self::default()
        }
    }

    /// The types of one of these kinds (`BTF_KIND_*` numbers) and of this name, in id order.
    pub(crate) fn of_kinds(&self, btf: &Btf<'_>, kinds: &[u32], name: &str) -> Vec<TypeId> {
        match &self.hashes {
            Some(hashes) => hashes.find(btf, kinds, name),
            None => {
                let mut found: Vec<TypeId> = kinds
                    .iter()
                    .flat_map(|kind| btf.named(*kind, name))
                    .collect();
                found.sort_unstable();
                found
            }
        }
    }

    /// The tags of declarations (`BTF_KIND_DECL_TAG`), in id order.
    pub(crate) fn tags(&self, btf: &Btf<'_>) -> &[TypeId] {
        let tags = || btf.of_kinds(&[libbpf_sys::BTF_KIND_DECL_TAG]);
        self.tags.get_or_init(tags)
    }

    /// The tags that make a function one that programs may call; none for any other.
    pub(crate) fn kfunc_tags(&self, btf: &Btf<'_>, func: TypeId) -> Vec<TypeId> {
        let kfuncs = self.kfuncs.get_or_init(|| {
            let tags = self.tags(btf).iter().filter_map(|id| btf.get(*id));
            let kfuncs = tags.filter_map(|tag| match tag.kind() {
                // One of a parameter says nothing about the function.
                Kind::DeclTag {
                    target,
                    component: -1,
                } if tag.name() == KFUNC => Some((target, tag.id())),
                _ => None,
            });
            let mut kfuncs: Vec<(TypeId, TypeId)> = kfuncs.collect();
            kfuncs.sort_unstable();
            kfuncs
        });
        let start = kfuncs.partition_point(|(target, _)| *target < func);
        let own = kfuncs[start..]
            .iter()
            .take_while(|(target, _)| *target == func);
        own.map(|(_, tag)| *tag).collect()
    }

    /// The types of that kind and name, in id order.
    pub(crate) fn find(&self, btf: &Btf<'_>, kind: Named, name: &str) -> Vec<TypeId> {
        let found = match self.sorted[kind as usize].get() {
            None => self.find_unsorted(btf, kind, name),
            Some(_) => None,
        };
        found.unwrap_or_else(|| {
            let ids = self.sorted(btf, kind);
            let name_of = |id: &TypeId| btf.get(*id).map_or("", |ty| ty.name());
            let start = self.start_of(kind, ids, name, name_of);
            let rest = ids[start..].iter().copied();
            // Few share a name.
            let found: Vec<TypeId> = rest.take_while(|id| name_of(id) == name).collect();
            if !found.is_empty() {
                self.last[kind as usize].set(start);
            }
            found
        })
    }

    /// The place of the first that is not before that name.
    fn start_of<'b>(
        &self,
        kind: Named,
        ids: &[TypeId],
        name: &str,
        name_of: impl Fn(&TypeId) -> &'b str,
    ) -> usize {
        let last = self.last[kind as usize].get();
        let near = ids.get(last..ids.len().min(last + NEAR)).unwrap_or(&[]);
        let before = last.checked_sub(1).and_then(|at| ids.get(at));
        if before.is_none_or(|id| name_of(id) < name)
            && let Some(at) = near.iter().position(|id| name_of(id) >= name)
        {
            return last + at;
        }
        ids.partition_point(|id| name_of(id) < name)
    }

    /// `None` once it is not worth it any more.
    fn find_unsorted(&self, btf: &Btf<'_>, kind: Named, name: &str) -> Option<Vec<TypeId>> {
        let mut found = self.found.borrow_mut();
        let known = found
            .iter()
            .find(|known| known.0 == kind && known.1 == name);
        if let Some((_, _, ids)) = known {
            return Some(ids.clone());
        }
        if found.len() >= FEW && self.hashes.is_none() {
            return None;
        }
        let ids = self.of_kinds(btf, &[kind.number()], name);
        found.push((kind, name.to_owned(), ids.clone()));
        Some(ids)
    }

    fn sorted(&self, btf: &Btf<'_>, kind: Named) -> &[TypeId] {
        self.sorted[kind as usize].get_or_init(|| sorted(btf, kind))
    }

    /// All types of a kind whose names start with `prefix`, sorted by name.
    pub(crate) fn with_prefix<'b>(
        &self,
        btf: &'b Btf<'_>,
        kind: Named,
        prefix: &str,
    ) -> impl Iterator<Item = Type<'b>> + use<'b> {
        let ids = match self.is_worth_sorting(self.sorted[kind as usize].get()) {
            false => {
                let starts = |text: &[u8]| text.starts_with(prefix.as_bytes());
                by_name(btf, btf.with_names(kind.number(), starts))
            }
            true => {
                let ids = self.sorted(btf, kind);
                let name_of = |id: &TypeId| btf.get(*id).map_or("", |ty| ty.name());
                let start = ids.partition_point(|id| name_of(id) < prefix);
                let rest = ids[start..].iter().copied();
                rest.take_while(|id| name_of(id).starts_with(prefix))
                    .collect()
            }
        };
        ids.into_iter().filter_map(|id| btf.get(id))
    }

    /// All functions whose names end with `suffix`, sorted by name.
    pub(crate) fn functions_ending<'b>(
        &self,
        btf: &'b Btf<'_>,
        suffix: &str,
    ) -> impl Iterator<Item = Type<'b>> + use<'b> {
        let ids = match self.is_worth_sorting(self.by_end.get()) {
            false => {
                let ends = |text: &[u8]| {
                    let name = CStr::from_bytes_until_nul(text);
                    name.is_ok_and(|name| name.to_bytes().ends_with(suffix.as_bytes()))
                };
                btf.with_names(Named::Func.number(), ends)
            }
            true => {
                let ids = self.by_end.get_or_init(|| sorted_by_end(btf));
                let name_of = |id: &TypeId| btf.get(*id).map_or("", |ty| ty.name());
                let is_before = |id: &TypeId| name_of(id).bytes().rev().lt(suffix.bytes().rev());
                let start = ids.partition_point(is_before);
                let rest = ids[start..].iter().copied();
                rest.take_while(|id| name_of(id).ends_with(suffix))
                    .collect()
            }
        };
        by_name(btf, ids).into_iter().filter_map(|id| btf.get(id))
    }

    /// Whether parts of names have been looked for often enough, or they are sorted already.
    fn is_worth_sorting<T>(&self, sorted: Option<T>) -> bool {
        let asked = self.parts_asked.get();
        self.parts_asked.set(asked.saturating_add(1));
        sorted.is_some() || asked >= FEW_PARTS
    }
}

/// Sorted by their names read from the end.
fn sorted_by_end(btf: &Btf<'_>) -> Vec<TypeId> {
    let functions = btf.of_kinds(&[Named::Func.number()]);
    let mut named: Vec<(&str, TypeId)> = with_names(btf, functions).collect();
    named.sort_by(|a, b| a.0.bytes().rev().cmp(b.0.bytes().rev()));
    named.into_iter().map(|(_, id)| id).collect()
}

/// Those of some types that have a name, with that.
fn with_names<'b>(btf: &'b Btf<'_>, ids: Vec<TypeId>) -> impl Iterator<Item = (&'b str, TypeId)> {
    ids.into_iter().filter_map(|id| {
        let name = btf.get(id)?.name_offset();
        (name != 0).then(|| (btf.string(name), id))
    })
}

/// All that have a name, sorted by it.
fn sorted(btf: &Btf<'_>, kind: Named) -> Vec<TypeId> {
    by_name(btf, btf.of_kinds(&[kind.number()]))
}

/// Those of some types that have a name, sorted by it.
fn by_name(btf: &Btf<'_>, ids: Vec<TypeId>) -> Vec<TypeId> {
    let mut named: Vec<(&str, TypeId)> = with_names(btf, ids).collect();
    named.sort_unstable();
    named.into_iter().map(|(_, id)| id).collect()
}

impl Named {
    /// All of them.
    pub(crate) const ALL: [Self; KINDS] = [Self::Func, Self::Typedef, Self::Struct, Self::Union];

    /// Its `BTF_KIND_*` number.
    fn number(self) -> u32 {
        match self {
            Self::Func => libbpf_sys::BTF_KIND_FUNC,
            Self::Typedef => libbpf_sys::BTF_KIND_TYPEDEF,
            Self::Struct => libbpf_sys::BTF_KIND_STRUCT,
            Self::Union => libbpf_sys::BTF_KIND_UNION,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::BtfWriter;
    use crate::btf::ByteOrder;

    fn ids<'b>(types: impl Iterator<Item = Type<'b>>) -> Vec<u32> {
        types.map(|ty| ty.id().0).collect()
    }

    #[test]
    fn by_kind_and_name() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let int = writer.unsigned("unsigned int", 4);
        for name in ["b", "", "ab", "a", "b"] {
            writer.structure(name, 4, &[("x", int, 0)]);
        }
        let btf = Btf::parse(&writer.finish()).unwrap();
        let index = Index::default();
        for _ in 0..=FEW {
            // Before and after they are sorted.
            assert_eq!(index.find(&btf, Named::Struct, "b"), [2, 6].map(TypeId));
            assert_eq!(index.find(&btf, Named::Struct, "x"), []);
        }
        assert_eq!(index.find(&btf, Named::Struct, "c"), []);
        assert_eq!(index.find(&btf, Named::Union, "b"), []);
        assert_eq!(ids(index.with_prefix(&btf, Named::Struct, "a")), [5, 4]);
        assert_eq!(
            ids(index.with_prefix(&btf, Named::Struct, "")),
            [5, 4, 2, 6]
        );
        assert_eq!(ids(index.with_prefix(&btf, Named::Func, "")), [0; 0]);
    }

    #[test]
    fn by_how_names_end() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let proto = writer.prototype(&[], TypeId::VOID);
        let names = [
            "a_init", "init", "b_init", "_init", "a_exit", "a_init", "in",
        ];
        for name in names {
            writer.function(name, proto);
        }
        let btf = Btf::parse(&writer.finish()).unwrap();
        let index = Index::default();
        for _ in 0..=FEW_PARTS {
            // Before and after they are sorted.
            for (suffix, expected) in [
                ("_init", &["_init", "a_init", "a_init", "b_init"][..]),
                ("a_init", &["a_init", "a_init"]),
                ("_exit", &["a_exit"]),
                ("it2", &[]),
                ("xa_exit", &[]),
            ] {
                let found = index.functions_ending(&btf, suffix);
                let found: Vec<_> = found.map(|ty| ty.name()).collect();
                assert_eq!(found, expected, "{suffix}");
            }
        }
    }
}
