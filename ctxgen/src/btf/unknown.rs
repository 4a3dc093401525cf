//! Types of kinds that this version of ctxgen does not know, and what is nothing without them.
//!
//! pahole and libbpf from 1.8 on may write such kinds, with a layout section to step over them by. Every type
//! keeps its number and its name, and
//!
//! - a type of an unknown kind is just that ([`Kind::Unknown`]);
//! - so is what contains one by value and means nothing without it: arrays, prototypes, functions;
//! - a struct or union is without its members of such types: its size and the other members' offsets
//!   remain.
//!
//! Where types are written, a stand-in that every reader takes is in the place of the first two
//! ([`stand_in`](super::stand_in)).
//!
//! [`Kind::Unknown`]: super::Kind::Unknown

use libbpf_rs::libbpf_sys;

use super::Btf;
use super::TYPE_WORDS;
use super::TypeId;
use super::is_unknown;
use super::type_layout::Role;
use super::type_layout::Shape;

/// The words of a prototype's parameter.
const PARAM: usize = 2;

/// The unknown kinds that the types of a blob are of behind typedefs, modifiers and arrays; 0 where they are
/// none.
#[derive(Debug)]
pub(super) struct Unknown(Vec<u8>);

/// Where the walk along references goes from a type.
enum Step {
    To(u32),
    End(u32),
}

impl Unknown {
    /// One walk for all: what a walk has found holds for each type on its way.
    pub(super) fn find(btf: &Btf<'_>) -> Self {
        let count = btf.places.count as usize;
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
                match step(btf, at) {
                    Step::End(kind) => break kind as u8,
                    Step::To(id) => match btf.own_index(TypeId(id)) {
                        Some(index) => at = index,
                        None => break btf.unknown_behind(TypeId(id)) as u8,
                    },
                }
            };
            for index in way {
                behind[index] = Some(kind);
            }
        }
        Self(behind.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// The kind behind a type.
    pub(super) fn behind(&self, index: u32) -> Option<u32> {
        self.0.get(index as usize).map(|kind| u32::from(*kind))
    }

    /// The kinds of the types of a blob: the unknown ones of those that are nothing without such a type.
    pub(super) fn kinds(&self, btf: &Btf<'_>) -> Vec<u8> {
        let mut kinds = btf.places.kinds.clone();
        // Functions refer to prototypes, before or behind them.
        for kind in [
            libbpf_sys::BTF_KIND_ARRAY,
            libbpf_sys::BTF_KIND_FUNC_PROTO,
            libbpf_sys::BTF_KIND_FUNC,
        ] {
            for index in 0..kinds.len() {
                let words = btf.words_at(index as u32);
                if let Some(words) = words.filter(|_| u32::from(kinds[index]) == kind) {
                    let unknown = match kind {
                        libbpf_sys::BTF_KIND_ARRAY => self.0[index],
                        libbpf_sys::BTF_KIND_FUNC_PROTO => self.in_prototype(btf, words),
                        _ => self.of_prototype(btf, words[2], &kinds),
                    };
                    if unknown != 0 {
                        kinds[index] = unknown;
                    }
                }
            }
        }
        kinds
    }

    fn by_value(&self, btf: &Btf<'_>, id: u32) -> u8 {
        match btf.own_index(TypeId(id)) {
            Some(index) => self.0[index],
            None => btf.unknown_behind(TypeId(id)) as u8,
        }
    }

    /// The unknown kind in what a prototype passes.
    fn in_prototype(&self, btf: &Btf<'_>, words: &[u32]) -> u8 {
        let params = words[TYPE_WORDS..].chunks_exact(PARAM);
        let ids = params.map(|param| param[1]).chain([words[2]]);
        let mut kinds = ids.map(|id| self.by_value(btf, id));
        kinds.find(|kind| *kind != 0).unwrap_or(0)
    }

    /// That of a function's prototype.
    fn of_prototype(&self, btf: &Btf<'_>, id: u32, kinds: &[u8]) -> u8 {
        let kind = match btf.own_index(TypeId(id)) {
            Some(index) if self.0[index] != 0 => return self.0[index],
            Some(index) => u32::from(kinds[index]),
            None => btf.get(TypeId(id)).map_or(0, |ty| ty.kind_number()),
        };
        if is_unknown(kind) { kind as u8 } else { 0 }
    }
}

fn step(btf: &Btf<'_>, index: usize) -> Step {
    let kind = u32::from(btf.places.kinds[index]);
    let words = btf.words_at(index as u32).unwrap_or_default();
    match (Shape::of_kind(kind), words) {
        (Some(shape), [_, _, to, ..]) if shape.refers == Some(Role::Alias) => Step::To(*to),
        (Some(_), [_, _, _, element, ..]) if kind == libbpf_sys::BTF_KIND_ARRAY => {
            Step::To(*element)
        }
        _ if is_unknown(kind) => Step::End(kind),
        _ => Step::End(0),
    }
}

#[cfg(test)]
mod tests;
