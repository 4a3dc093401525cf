//! A small BTF with what an object needs of a kernel's.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::btf::Btf;
use crate::btf::BtfError;
use crate::btf::BtfWriter;
use crate::btf::Kind;
use crate::btf::Role;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::btf::copy;
use crate::btf::copy::ids;
use crate::ctype;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::kernel::KernelError;
use crate::kernel::Origin;
use crate::object::struct_members;
use crate::prototype::WRAPPER;
use crate::prototype::syscall;
use crate::sorted::set;
use crate::tracefs::Formats;

use super::joined::joined;
use super::names::Match;
use super::wanted::Part;
use super::wanted::Reason;
use super::wanted::Wanted;

/// A type: the blob it is in, by number, and its id there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) layer: u32,
    pub(super) id: TypeId,
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
    pub(super) base: &'b Btf<'b>,
    pub(super) modules: Vec<Btf<'b>>,
    pub(super) found: Vec<Found>,
}

impl Layers<'_> {
    /// A layer with all that it continues.
    fn btf(&self, layer: u32) -> &Btf<'_> {
        let module = (layer as usize).checked_sub(1);
        module.map_or(self.base, |module| &self.modules[module])
    }

    /// Where the type is that one in this layer calls by that id; `None` for void.
    fn place(&self, layer: u32, id: TypeId) -> Option<Place> {
        let layer = match id.0 < self.base.type_count() {
            true => 0,
            false => layer,
        };
        (id != TypeId::VOID).then_some(Place { layer, id })
    }

    fn get(&self, place: Place) -> Option<Type<'_>> {
        self.btf(place.layer).get(place.id)
    }

    fn name(&self, place: Place) -> &str {
        self.get(place).map_or("", |ty| ty.name())
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
        let is_long = |ty: Type<'_>| matches!(ty.kind(), Kind::Int { size: 4 | 8, .. });
        let mut longs = with(|reason| *reason == Reason::Long);
        if let Some(found) = longs.find(|found| self.get(found.place).is_some_and(is_long)) {
            extract.reach(found.place, Part::Whole);
        }
        let tracepoints = with(|reason| matches!(reason, Reason::Hook(_)))
            .filter_map(|found| tracepoint_types(self.btf(found.place.layer), found.place.id));
        let tracepoints = set(tracepoints.collect());
        let mut functions = Vec::new();
        for Found { place, .. } in with(|reason| *reason == Reason::SameTypes) {
            let types = function_types(self.btf(place.layer), place.id);
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
        let members = with(|reason| matches!(reason, Reason::Hook(_))).flat_map(|found| {
            member_types(self.btf(found.place.layer), found.place.id, &by_member)
        });
        let members = set(members.collect());
        for found in with(|reason| matches!(reason, Reason::MemberTypes(_))) {
            let types = types_of(self.btf(found.place.layer), found.place.id);
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

struct Extract<'l> {
    layers: &'l Layers<'l>,
    members: &'l [String],
    /// What is kept, and how much of it.
    parts: BTreeMap<Place, Part>,
}

impl Extract<'_> {
    /// Keeps a type, and what it needs.
    fn reach(&mut self, place: Place, part: Part) {
        let mut queue = vec![(place, part)];
        while let Some((place, part)) = queue.pop() {
            let Some(ty) = self.layers.get(place) else {
                continue;
            };
            // What has no name is told by what is in it.
            let part = match ty.name_offset() == 0 && is_composite(&ty) {
                true => Part::Whole,
                false => part,
            };
            if self.parts.get(&place).is_some_and(|known| *known >= part) {
                continue;
            }
            self.parts.insert(place, part);
            let below = part_below(&ty, part);
            for id in ids(&self.reduced(&ty, part).words(&ty)) {
                queue.extend(self.layers.place(place.layer, id).map(|to| (to, below)));
            }
        }
    }

    /// What is copied of a type of which so much is needed.
    fn reduced(&self, ty: &Type<'_>, part: Part) -> copy::Part {
        let (Kind::Struct(composite) | Kind::Union(composite)) = ty.kind() else {
            return copy::Part::Whole;
        };
        match part {
            Part::Whole => return copy::Part::Whole,
            Part::Outside => return copy::Part::HOLLOW,
            Part::Members => {}
        }
        let is_wanted = |name: &str| {
            let of_members = |known: &String| (**known).cmp(name);
            name.is_empty() || self.members.binary_search_by(of_members).is_ok()
        };
        let mut places = Vec::new();
        let mut last = None;
        for (place, member) in composite.members().enumerate() {
            if is_wanted(member.name) {
                places.push(place);
                last = Some(member);
            }
        }
        // An array without length may be indexed if it is the last member, and only then.
        let true_last = composite.members().len().saturating_sub(1);
        if let Some(last) = last
            && places.last() != Some(&true_last)
            && is_array_without_length(ty.btf(), last.type_id)
        {
            places.push(true_last);
        }
        copy::Part::Members(places)
    }

    fn tags_what_is_kept(&self, tag: Place) -> bool {
        let target = match self.layers.get(tag).map(|tag| tag.kind()) {
            Some(Kind::DeclTag { target, .. }) => self.layers.place(tag.layer, target),
            _ => None,
        };
        target.is_some_and(|target| self.parts.contains_key(&target))
    }

    fn write(self, module_of: impl Fn(Place) -> Option<String>) -> Small {
        let mut writer = BtfWriter::new(self.layers.base.byte_order());
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
        let base = self.layers.base;
        let first = base.type_count();
        let mut writer = BtfWriter::split(base);
        let parts = || self.parts.iter().filter(|(place, _)| place.layer != 0);
        let kept: Vec<Place> = parts().map(|(place, _)| *place).collect();
        for (&place, &part) in parts() {
            self.put(&mut writer, place, part, |to| match to.layer {
                0 => Some(to.id.0),
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
        let Some(ty) = self.layers.get(place) else {
            return;
        };
        writer.copy(&ty, &self.reduced(&ty, part), |_, child| {
            let target = self.layers.place(place.layer, child.id);
            Some(TypeId(target.and_then(&new_id).unwrap_or(0)))
        });
    }
}

/// The number of a type when those that are kept are numbered from `first` on.
fn number(kept: &[Place], first: u32, place: Place) -> Option<u32> {
    let index = kept.binary_search(&place).ok()?;
    Some(first + index as u32)
}

fn is_composite(ty: &Type<'_>) -> bool {
    matches!(ty.kind(), Kind::Struct(_) | Kind::Union(_))
}

fn is_array_without_length(btf: &Btf<'_>, id: TypeId) -> bool {
    let array = btf.resolve(id).map(|ty| ty.kind());
    matches!(array, Some(Kind::Array { len: 0, .. }))
}

/// How much of what a type refers to is needed, where so much is of the type.
fn part_below(ty: &Type<'_>, part: Part) -> Part {
    match ty.children().next().map(|child| child.role) {
        Some(Role::Pointee | Role::Tagged) => Part::Outside,
        // Behind a pointer, what is in an array is told by what is in it (`crate::btf::compat`).
        Some(Role::Element) if part == Part::Outside => Part::Whole,
        _ => part,
    }
}

/// The types of a tracepoint's arguments, `__data` included, for its typedef.
fn tracepoint_types(btf: &Btf<'_>, typedef: TypeId) -> Option<Vec<TypeId>> {
    let Kind::Typedef(pointer) = btf.get(typedef)?.kind() else {
        return None;
    };
    match btf.get(pointer)?.kind() {
        Kind::Ptr(proto) => param_types(btf, proto),
        _ => None,
    }
}

fn function_types(btf: &Btf<'_>, function: TypeId) -> Option<Vec<TypeId>> {
    match btf.get(function)?.kind() {
        Kind::Func(proto) => param_types(btf, proto),
        _ => None,
    }
}

fn param_types(btf: &Btf<'_>, proto: TypeId) -> Option<Vec<TypeId>> {
    let proto = btf.get(proto)?;
    let is_proto = matches!(proto.kind(), Kind::FuncProto { .. });
    is_proto.then(|| proto.params().map(|param| param.type_id).collect())
}

/// The types of a function's parameters, and of what it returns before them.
fn types_of(btf: &Btf<'_>, function: TypeId) -> Option<Vec<TypeId>> {
    match btf.get(function)?.kind() {
        Kind::Func(proto) => types_and_result(btf, proto),
        _ => None,
    }
}

fn types_and_result(btf: &Btf<'_>, proto: TypeId) -> Option<Vec<TypeId>> {
    let Kind::FuncProto { ret } = btf.get(proto)?.kind() else {
        return None;
    };
    Some([vec![ret], param_types(btf, proto)?].concat())
}

/// The types of what members of an ops type point to, by what is sought with those members' names,
/// for the ops type's wrapper.
fn member_types(
    btf: &Btf<'_>,
    wrapper: TypeId,
    by_member: &[(&str, Match)],
) -> Vec<(Match, Vec<TypeId>)> {
    let name_of = |id| btf.get(id).map_or("", |ty| ty.name());
    let ops = name_of(wrapper).strip_prefix(WRAPPER).and_then(|name| {
        let mut members = struct_members(btf, wrapper);
        members.find(|member| name_of(member.type_id) == name)
    });
    let mut found = Vec::new();
    for member in ops
        .into_iter()
        .flat_map(|ops| struct_members(btf, ops.type_id))
    {
        let Some((_, matched)) = by_member.iter().find(|known| known.0 == member.name) else {
            continue;
        };
        let proto = match btf.resolve(member.type_id).map(|ty| ty.kind()) {
            Some(Kind::Ptr(to)) => btf.resolve(to),
            _ => None,
        };
        if let Some(types) = proto.and_then(|proto| types_and_result(btf, proto.id())) {
            found.push((*matched, types));
        }
    }
    found
}
