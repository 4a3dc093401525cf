//! A small BTF with what an object needs of a kernel's.

use std::collections::BTreeMap;
use std::ops::Range;

use libbpf_rs::libbpf_sys;

use crate::btf::Btf;
use crate::btf::BtfError;
use crate::btf::BtfWriter;
use crate::btf::Shape;
use crate::btf::TYPE_WORDS;
use crate::btf::kind_number;
use crate::btf::with_vlen;
use crate::ctype;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::kernel::KernelError;
use crate::kernel::Origin;
use crate::prototype::WRAPPER;
use crate::prototype::syscall;
use crate::sorted::set;
use crate::tracefs::Formats;

use super::joined::joined;
use super::names::Match;
use super::raw::RawBtf;
use super::wanted::Part;
use super::wanted::Reason;
use super::wanted::Wanted;

/// A member is a name, a type and an offset.
const MEMBER: usize = 3;
/// A parameter is a name and a type.
const PARAM: usize = 2;

/// What may stand between a member and its array, and how many of them (as
/// [`crate::btf::Btf::resolve`]).
const MODIFIERS: [u32; 5] = [
    libbpf_sys::BTF_KIND_TYPEDEF,
    libbpf_sys::BTF_KIND_CONST,
    libbpf_sys::BTF_KIND_VOLATILE,
    libbpf_sys::BTF_KIND_RESTRICT,
    libbpf_sys::BTF_KIND_TYPE_TAG,
];
const MAX_MODIFIERS: usize = 32;

/// A type: the blob it is in, by number, and its place in that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) layer: u32,
    pub(super) index: u32,
}

/// A type that was found. A kernel has hundreds for an object with one tracepoint, so it is kept small.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    matched: u32,
    pub(super) place: Place,
}

impl Found {
    pub(super) fn new(matched: Match, place: Place) -> Self {
        // There are not more than an object has relocations and programs.
        let matched = matched as u32;
        Self { matched, place }
    }

    /// Which of what is sought it is.
    pub(super) fn matched(&self) -> Match {
        self.matched as usize
    }
}

/// The types that were found in a kernel's BTF and, above that, in those of modules.
pub(super) struct Layers<'b> {
    /// The kernel's own, and the modules'.
    pub(super) raw: Vec<RawBtf<'b>>,
    pub(super) found: Vec<Found>,
}

impl<'b> Layers<'b> {
    fn base(&self) -> &RawBtf<'b> {
        &self.raw[0]
    }

    /// Where the type is that one in this layer calls by that id; `None` for void.
    fn place(&self, layer: u32, id: u32) -> Option<Place> {
        let index = id.checked_sub(1)?;
        Some(match index.checked_sub(self.base().len()) {
            Some(own) => Place { layer, index: own },
            None => Place { layer: 0, index },
        })
    }

    fn words(&self, place: Place) -> Vec<u32> {
        self.raw[place.layer as usize].words(place.index)
    }

    fn string(&self, layer: u32, offset: u32) -> &'b str {
        let offset = offset as usize;
        match offset.checked_sub(self.base().string_len()) {
            Some(own) => self.raw[layer as usize].string(own),
            None => self.base().string(offset),
        }
    }

    fn name(&self, place: Place) -> &'b str {
        let words = self.words(place);
        let name = words.first().copied().unwrap_or(0);
        self.string(place.layer, name)
    }

    /// The structs that are sought as those of classes, and what functions of these are called.
    fn classes(&self, wanted: &Wanted) -> Vec<(Place, Vec<String>)> {
        let mut classes = Vec::new();
        for found in &self.found {
            let place = found.place;
            for reason in &wanted.reasons[found.matched()] {
                let Reason::Class { funcs, structs } = reason else {
                    continue;
                };
                let class = self.name(place).strip_prefix(structs).unwrap_or_default();
                let names = funcs.iter().map(|prefix| format!("{prefix}{class}"));
                classes.push((place, names.collect()));
            }
        }
        classes
    }

    /// The small BTF. `module_of` says which module a type is of, if any.
    pub(super) fn extract(
        &self,
        wanted: &Wanted,
        module_of: impl Fn(Place) -> Option<String>,
    ) -> Small {
        let mut extract = Extract {
            layers: self,
            members: &wanted.members,
            parts: BTreeMap::new(),
        };
        let with = |matching: fn(&Reason) -> bool| {
            let found = self.found.iter();
            found.filter(move |found| wanted.reasons[found.matched()].iter().any(matching))
        };
        for found in &self.found {
            let place = found.place;
            for reason in &wanted.reasons[found.matched()] {
                match reason {
                    Reason::Root(part) => extract.reach(place, *part),
                    Reason::Hook(_) => extract.reach(place, Part::Whole),
                    // These depend on what else is there.
                    Reason::SameTypes
                    | Reason::Class { .. }
                    | Reason::MemberTypes(_)
                    | Reason::Tag
                    | Reason::Long => {}
                }
            }
        }
        let long = |words: &[u32]| matches!(words, [_, _, 4 | 8, ..]);
        let mut longs = with(|reason| *reason == Reason::Long);
        if let Some(found) = longs.find(|found| long(&self.words(found.place))) {
            extract.reach(found.place, Part::Whole);
        }
        let tracepoints = with(|reason| matches!(reason, Reason::Hook(_)))
            .filter_map(|found| extract.tracepoint_types(found.place));
        let tracepoints = set(tracepoints.collect());
        let mut functions = Vec::new();
        for Found { place, .. } in with(|reason| *reason == Reason::SameTypes) {
            let types = extract.function_types(*place);
            if types.is_some_and(|types| tracepoints.binary_search(&types).is_ok()) {
                extract.reach(*place, Part::Whole);
                functions.push(self.name(*place));
            }
        }
        let functions = set(functions);
        for (place, class) in self.classes(wanted) {
            if functions.is_empty()
                || class
                    .iter()
                    .any(|name| functions.binary_search(&name.as_str()).is_ok())
            {
                extract.reach(place, Part::Whole);
            }
        }
        let by_member = wanted.by_member();
        let members = with(|reason| matches!(reason, Reason::Hook(_)))
            .flat_map(|found| extract.member_types(found.place, &by_member));
        let members = set(members.collect());
        for found in with(|reason| matches!(reason, Reason::MemberTypes(_))) {
            let types = extract.function_types_and_result(found.place);
            let key = types.map(|types| (found.matched(), types));
            if key.is_some_and(|key| members.binary_search(&key).is_ok()) {
                extract.reach(found.place, Part::Whole);
            }
        }
        for Found { place, .. } in with(|reason| *reason == Reason::Tag) {
            if extract.tags_what_is_kept(*place) {
                extract.reach(*place, Part::Whole);
            }
        }
        extract.write(module_of)
    }
}

/// A small BTF.
#[derive(Debug)]
pub(super) struct Small {
    pub(super) bytes: Vec<u8>,
    /// The modules whose types are in it, and under which ids.
    pub(super) modules: Vec<(String, Range<u32>)>,
    pub(super) above: Above,
    /// What tracefs says of the kernel's trace events.
    pub(super) formats: Formats,
}

/// The types of modules that are in a small BTF, as a split BTF on top of the kernel's whole.
#[derive(Debug)]
pub(super) struct Above {
    pub(super) bytes: Vec<u8>,
    /// How many they are.
    pub(super) types: u32,
}

impl Small {
    /// Adds pointers and the like that arguments of the hooks' system calls are of, which no name leads
    /// to.
    pub(super) fn add_types_of_calls(&mut self, hooks: &[Hook]) -> Result<(), BtfError> {
        let names: Vec<&str> = hooks.iter().flat_map(Hook::calls).collect();
        let texts = names
            .iter()
            .flat_map(|name| syscall::written(&self.formats, name));
        let texts = set(texts.collect());
        if texts.is_empty() {
            return Ok(());
        }
        let btf = Btf::parse(&self.bytes)?;
        let mut writer = BtfWriter::split(&btf);
        for text in &texts {
            ctype::write(&btf, &mut writer, text);
        }
        self.bytes = joined(&self.bytes, &writer.finish())?;
        Ok(())
    }

    pub(super) fn kernel(&self, origin: &Origin) -> Result<KernelBtf, KernelError> {
        let kernel = KernelBtf::with_parts(&self.bytes, origin.clone(), &self.modules)?;
        Ok(kernel.with_all_formats(self.formats.clone()))
    }
}

struct Extract<'l, 'b> {
    layers: &'l Layers<'b>,
    members: &'l [String],
    /// What is kept, and how much of it.
    parts: BTreeMap<Place, Part>,
}

impl Extract<'_, '_> {
    /// Keeps a type, and what it needs.
    fn reach(&mut self, place: Place, part: Part) {
        let mut queue = vec![(place, part)];
        while let Some((place, part)) = queue.pop() {
            let words = self.layers.words(place);
            let Some(&[name, info, _, ..]) = words.first_chunk::<TYPE_WORDS>() else {
                continue;
            };
            // What has no name is told by what is in it.
            let part = match name == 0 && is_composite(info) {
                true => Part::Whole,
                false => part,
            };
            if self.parts.get(&place).is_some_and(|known| *known >= part) {
                continue;
            }
            self.parts.insert(place, part);
            let words = self.reduced(place.layer, words, part);
            let needs = |(id, part)| Some((self.layers.place(place.layer, id)?, part));
            queue.extend(needs_of(&words, part).into_iter().filter_map(needs));
        }
    }

    /// A type's words, with the members that are needed.
    fn reduced(&self, layer: u32, mut words: Vec<u32>, part: Part) -> Vec<u32> {
        let info = words[1];
        if !is_composite(info) || part == Part::Whole {
            return words;
        }
        let members: Vec<&[u32]> = words[TYPE_WORDS..].chunks_exact(MEMBER).collect();
        let mut kept: Vec<&[u32]> = Vec::new();
        if part == Part::Members {
            let wanted = |member: &&[u32]| {
                let name = self.layers.string(layer, member[0]);
                name.is_empty()
                    || self
                        .members
                        .binary_search_by(|known| (**known).cmp(name))
                        .is_ok()
            };
            kept = members.iter().copied().filter(wanted).collect();
            // An array without length may be indexed if it is the last member, and only then.
            if let (Some(last), Some(true_last)) = (kept.last(), members.last())
                && last != true_last
                && self.is_array_without_length(layer, last[1])
            {
                kept.push(true_last);
            }
        }
        let count = kept.len() as u32;
        let kept = kept.concat();
        words.truncate(TYPE_WORDS);
        words[1] = with_vlen(info, count);
        words.extend(kept);
        words
    }

    fn is_array_without_length(&self, layer: u32, id: u32) -> bool {
        let place = self.layers.place(layer, id);
        let array = place.and_then(|place| self.without_modifiers(place));
        array.is_some_and(|array| {
            let words = self.layers.words(array);
            matches!(words[..], [_, info, _, _, _, 0] if kind_number(info) == libbpf_sys::BTF_KIND_ARRAY)
        })
    }

    /// The types of a tracepoint's arguments, `__data` included, for its typedef.
    fn tracepoint_types(&self, typedef: Place) -> Option<Vec<u32>> {
        let pointer = self.target(typedef, libbpf_sys::BTF_KIND_TYPEDEF)?;
        let proto = self.target(pointer, libbpf_sys::BTF_KIND_PTR)?;
        self.param_types(proto)
    }

    fn function_types(&self, function: Place) -> Option<Vec<u32>> {
        self.param_types(self.target(function, libbpf_sys::BTF_KIND_FUNC)?)
    }

    /// The types of what members of an ops type point to, by what is sought with those members' names,
    /// for the ops type's wrapper.
    fn member_types(&self, wrapper: Place, by_member: &[(&str, Match)]) -> Vec<(Match, Vec<u32>)> {
        let name = self.layers.name(wrapper).strip_prefix(WRAPPER);
        let ops = name.and_then(|name| {
            let mut members = self.struct_members(wrapper).into_iter();
            members.find(|(_, ty)| self.layers.name(*ty) == name)
        });
        let mut found = Vec::new();
        for (name, member) in ops.map_or_else(Vec::new, |(_, ops)| self.struct_members(ops)) {
            let Some((_, matched)) = by_member.iter().find(|known| known.0 == name) else {
                continue;
            };
            let pointer = self.without_modifiers(member);
            let proto = pointer
                .and_then(|pointer| self.target(pointer, libbpf_sys::BTF_KIND_PTR))
                .and_then(|to| self.without_modifiers(to));
            if let Some(types) = proto.and_then(|proto| self.types_and_result(proto)) {
                found.push((*matched, types));
            }
        }
        found
    }

    fn struct_members(&self, place: Place) -> Vec<(&str, Place)> {
        let words = self.layers.words(place);
        let is_struct = words
            .get(1)
            .is_some_and(|info| kind_number(*info) == libbpf_sys::BTF_KIND_STRUCT);
        let members = words.get(TYPE_WORDS..).filter(|_| is_struct);
        let members = members.unwrap_or_default().chunks_exact(MEMBER);
        let member = |member: &[u32]| {
            let name = self.layers.string(place.layer, member[0]);
            Some((name, self.layers.place(place.layer, member[1])?))
        };
        members.filter_map(member).collect()
    }

    fn without_modifiers(&self, mut place: Place) -> Option<Place> {
        for _ in 0..=MAX_MODIFIERS {
            match self.layers.words(place)[..] {
                [_, info, to] if MODIFIERS.contains(&kind_number(info)) => {
                    place = self.layers.place(place.layer, to)?;
                }
                _ => return Some(place),
            }
        }
        None
    }

    /// The types of a function's parameters, and of what it returns before them.
    fn function_types_and_result(&self, function: Place) -> Option<Vec<u32>> {
        self.types_and_result(self.target(function, libbpf_sys::BTF_KIND_FUNC)?)
    }

    fn types_and_result(&self, proto: Place) -> Option<Vec<u32>> {
        let result = *self.layers.words(proto).get(2)?;
        let params = self.param_types(proto)?;
        Some([vec![result], params].concat())
    }

    /// What a type of that kind refers to.
    fn target(&self, place: Place, kind: u32) -> Option<Place> {
        let words = self.layers.words(place);
        let &[_, info, id, ..] = words.first_chunk::<TYPE_WORDS>()?;
        (kind_number(info) == kind).then(|| self.layers.place(place.layer, id))?
    }

    fn param_types(&self, proto: Place) -> Option<Vec<u32>> {
        let words = self.layers.words(proto);
        let is_proto = kind_number(*words.get(1)?) == libbpf_sys::BTF_KIND_FUNC_PROTO;
        let params = words.get(TYPE_WORDS..)?.chunks_exact(PARAM);
        is_proto.then(|| params.map(|param| param[1]).collect())
    }

    fn tags_what_is_kept(&self, tag: Place) -> bool {
        let target = self.target(tag, libbpf_sys::BTF_KIND_DECL_TAG);
        target.is_some_and(|target| self.parts.contains_key(&target))
    }

    fn write(self, module_of: impl Fn(Place) -> Option<String>) -> Small {
        let mut writer = BtfWriter::new(self.layers.base().order());
        let first = writer.next_id().0;
        let kept: Vec<Place> = self.parts.keys().copied().collect();
        for (&place, &part) in &self.parts {
            self.put(&mut writer, place, part, |to| number(&kept, first, to));
        }
        // Those of a module stand together, as they do where they are from.
        let mut modules: Vec<(String, Range<u32>)> = Vec::new();
        for (place, id) in kept.iter().zip(first..) {
            let Some(name) = module_of(*place) else {
                continue;
            };
            match modules.last_mut().filter(|last| last.0 == name) {
                Some((_, ids)) => ids.end = id + 1,
                None => modules.push((name, id..id + 1)),
            }
        }
        Small {
            bytes: writer.finish(),
            modules,
            above: self.above(),
            formats: Formats::default(),
        }
    }

    /// What is kept of modules' blobs, on top of the whole kernel's BTF.
    fn above(&self) -> Above {
        let base = self.layers.base();
        let first = base.len().saturating_add(1);
        let string_len = u32::try_from(base.string_len()).unwrap_or(u32::MAX);
        let mut writer = BtfWriter::after(base.order(), first, string_len);
        let parts = || self.parts.iter().filter(|(place, _)| place.layer != 0);
        let kept: Vec<Place> = parts().map(|(place, _)| *place).collect();
        for (&place, &part) in parts() {
            self.put(&mut writer, place, part, |to| match to.layer {
                0 => to.index.checked_add(1),
                _ => number(&kept, first, to),
            });
        }
        Above {
            types: writer.next_id().0 - first,
            bytes: writer.finish(),
        }
    }

    /// Adds a type under the ids and strings of another blob.
    fn put(
        &self,
        writer: &mut BtfWriter,
        place: Place,
        part: Part,
        new_id: impl Fn(Place) -> Option<u32>,
    ) {
        let mut words = self.reduced(place.layer, self.layers.words(place), part);
        if let Some(shape) = Shape::of(words[1]) {
            for at in shape.names(words.len()) {
                words[at] = writer.string(self.layers.string(place.layer, words[at]));
            }
            for at in shape.ids(words.len()) {
                let target = self.layers.place(place.layer, words[at]);
                words[at] = target.and_then(&new_id).unwrap_or(0);
            }
        }
        writer.raw(&words);
    }
}

/// The number of a type when those that are kept are numbered from `first` on.
fn number(kept: &[Place], first: u32, place: Place) -> Option<u32> {
    let index = kept.binary_search(&place).ok()?;
    Some(first + index as u32)
}

fn is_composite(info: u32) -> bool {
    matches!(
        kind_number(info),
        libbpf_sys::BTF_KIND_STRUCT | libbpf_sys::BTF_KIND_UNION
    )
}

/// The types that one refers to, and how much of each it needs.
fn needs_of(words: &[u32], part: Part) -> Vec<(u32, Part)> {
    let Some(shape) = Shape::of(words[1]) else {
        return Vec::new();
    };
    let part = match kind_number(words[1]) {
        libbpf_sys::BTF_KIND_PTR | libbpf_sys::BTF_KIND_DECL_TAG => Part::Outside,
        // Behind a pointer, what is in an array is told by what is in it (`crate::btf::compat`).
        libbpf_sys::BTF_KIND_ARRAY if part == Part::Outside => Part::Whole,
        _ => part,
    };
    let ids = shape.ids(words.len());
    ids.map(|at| (words[at], part)).collect()
}
