//! What sources reach of the kernel's structs: from the pointers of their contexts on, the fields whose names
//! the sources have.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::debug_types::Of;
use super::module::Step;
use super::pointers::Pointees;
use super::reading::Reading;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::btf::compat::Agreement;
use crate::btf::compat::agreement;
use crate::context::ctx_btf::CtxBtf;
use crate::declaration::members;
use crate::kernel::KernelBtf;
use crate::kernel::Named;

/// How deep members without a name are looked for in one another.
const MAX_DEPTH: u32 = 16;

/// The fields that are reached, and what the module has to have of the structs.
#[derive(Debug, Default)]
pub(super) struct Reached {
    /// By what Rust calls the struct.
    pub(super) fields: BTreeMap<String, Vec<Reachable>>,
    /// The members of structs and unions that accesses go through, by number.
    pub(super) parts: BTreeMap<Of, BTreeSet<usize>>,
}

/// A field of a struct of the kernels'.
#[derive(Clone, Debug)]
pub(super) struct Reachable {
    pub(super) name: String,
    /// As the first kernel that has it has it.
    pub(super) type_id: Of,
    pub(super) steps: Vec<Step>,
    /// In bits, of a bitfield.
    pub(super) bits: u32,
    /// The kernels that have no such struct, or that have it without the field.
    pub(super) lacking: Vec<usize>,
    /// The kernels that have it with another type.
    pub(super) other: Vec<usize>,
}

/// A field, and where it is in a struct.
#[derive(Clone, Debug)]
struct Found {
    name: String,
    type_id: Of,
    steps: Vec<Step>,
    bits: u32,
}

/// Looks for the fields of these names in all structs that `pointees` has, which gets those that they lead to.
pub(super) fn reach(
    ctx: &CtxBtf<'_>,
    pointees: &mut Pointees,
    names: &BTreeSet<String>,
) -> Reached {
    let kernels = ctx.kernels();
    let mut reached = Reached::default();
    loop {
        let mut known = pointees.0.iter();
        let next = known.find(|(name, _)| !reached.fields.contains_key(*name));
        let Some((rust, (is_union, own))) = next.map(|(name, of)| (name.clone(), of.clone()))
        else {
            return reached;
        };
        let mut fields: Vec<Reachable> = Vec::new();
        for (number, kernel) in kernels.iter().enumerate() {
            for found in defined((number, kernel), is_union, &own, names) {
                if fields.iter().any(|known| known.name == found.name) {
                    continue;
                }
                let btf = kernel.btf();
                reached.hold(btf, &found);
                pointees.lead(btf, found.type_id.1);
                fields.push(on_all(kernels, is_union, &own, found));
            }
        }
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        reached.fields.insert(rust, fields);
    }
}

impl Reached {
    /// Notes the members that lead to a field, and what is held by value at its place.
    fn hold(&mut self, btf: &Btf<'_>, found: &Found) {
        for step in &found.steps {
            if let Step::Member(of, number) = *step {
                self.parts.entry(of).or_default().insert(number);
            }
        }
        let (kernel, id) = found.type_id;
        if let Some(composite) = held(btf, id) {
            self.parts.entry((kernel, composite)).or_default();
        }
    }
}

impl Pointees {
    /// Adds the struct that a field of this type leads to.
    fn lead(&mut self, btf: &Btf<'_>, id: TypeId) {
        let to = match btf.resolve(id).map(|ty| ty.kind()) {
            Some(Kind::Ptr(to)) => to,
            _ => id,
        };
        self.pointer(btf, to, Reading::Direct);
    }
}

/// The struct or union that a type holds by value, be it in an array.
fn held(btf: &Btf<'_>, id: TypeId) -> Option<TypeId> {
    let mut id = id;
    for _ in 0..MAX_DEPTH {
        let ty = btf.resolve(id)?;
        match ty.kind() {
            Kind::Struct(_) | Kind::Union(_) => return Some(ty.id()),
            Kind::Array { element, .. } => id = element,
            _ => return None,
        }
    }
    None
}

/// The fields of a kernel's struct that have these names.
fn defined(
    (number, kernel): (usize, &KernelBtf),
    is_union: bool,
    own: &str,
    names: &BTreeSet<String>,
) -> Vec<Found> {
    let mut found = Vec::new();
    if let Some(id) = definition(kernel, is_union, own) {
        flatten(kernel.btf(), (number, id), &[], MAX_DEPTH, &mut |field| {
            if names.contains(&field.name) {
                found.push(field);
            }
        });
    }
    found
}

fn definition(kernel: &KernelBtf, is_union: bool, name: &str) -> Option<TypeId> {
    let named = match is_union {
        true => Named::Union,
        false => Named::Struct,
    };
    let found = kernel.find(named, name).next();
    found.map(|ty| ty.id())
}

/// All fields of a struct, those of members without a name too.
fn flatten(
    btf: &Btf<'_>,
    (kernel, id): Of,
    before: &[Step],
    depth: u32,
    visit: &mut impl FnMut(Found),
) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    for (number, member) in members(btf, id).into_iter().enumerate() {
        let mut steps = before.to_vec();
        steps.push(Step::Member((kernel, id), number));
        if member.name.is_empty() {
            if let Some(inner) = btf.resolve(member.type_id) {
                flatten(btf, (kernel, inner.id()), &steps, depth, visit);
            }
            continue;
        }
        visit(Found {
            name: member.name.to_owned(),
            type_id: (kernel, member.type_id),
            steps,
            bits: member.bits,
        });
    }
}

/// The field with what the other kernels have in its place.
fn on_all(kernels: &[KernelBtf], is_union: bool, own: &str, found: Found) -> Reachable {
    let mut lacking = Vec::new();
    let mut other = Vec::new();
    let (of, id) = found.type_id;
    for (number, kernel) in kernels
        .iter()
        .enumerate()
        .filter(|(number, _)| *number != of)
    {
        let there = definition(kernel, is_union, own);
        let there = there.and_then(|id| kernel.btf().member_named(id, &found.name));
        match there {
            None => lacking.push(number),
            Some((_, type_id)) => {
                let sides = ((kernels[of].btf(), id), (kernel.btf(), type_id));
                if !is_same(sides.0, sides.1) {
                    other.push(number);
                }
            }
        }
    }
    Reachable {
        name: found.name,
        type_id: found.type_id,
        steps: found.steps,
        bits: found.bits,
        lacking,
        other,
    }
}

/// Whether what is read with the one type may be of the other. Structs that are held by value are read
/// field by field.
fn is_same(one: (&Btf<'_>, TypeId), other: (&Btf<'_>, TypeId)) -> bool {
    let composite = |(btf, id): (&Btf<'_>, TypeId)| {
        let ty = held(btf, id).and_then(|id| btf.get(id).map(|ty| ty.name().to_owned()));
        ty.map(|name| {
            (
                name,
                btf.size_of(id) == btf.size_of(held(btf, id).unwrap_or(id)),
            )
        })
    };
    match (composite(one), composite(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => agreement(one, other) == Agreement::Same,
        _ => false,
    }
}
