//! An argument that is of other types on other kernels.

use super::OtherName;
use super::arguments::Argument;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::btf::compat::Agreement;
use crate::btf::compat::agreement;
use crate::kernel::KernelBtf;
use crate::layout::Field;
use crate::layout::Form;
use crate::text::ident::FLAVOR;
use crate::text::ident::is_identifier;

/// How many pointers, modifiers and the like are told by name.
const MAX_DEPTH: u32 = 8;

/// A field for the arguments that can be read with one type.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Variant {
    /// At least one.
    pub(super) names: Vec<OtherName>,
    /// The kernel that the type is from, as an index.
    pub(super) of: usize,
    /// The kernels whose argument it is.
    pub(super) has: Vec<usize>,
}

/// The fields that an argument needs on these kernels: one of its names if one type does for all.
pub(super) fn variants(kernels: &[KernelBtf], argument: &Argument<'_>) -> Vec<Variant> {
    let found = &argument.found;
    // The type that serves most kernels comes first, and then the one that serves most of the rest.
    let mut classes: Vec<(usize, &Field, Vec<usize>)> = Vec::new();
    let mut rest = found.clone();
    while !rest.is_empty() {
        let served = |candidate: &(usize, &Field)| {
            let mut served = rest.clone();
            served.retain(|other| is_readable(kernels, candidate, other));
            served
        };
        let best = rest.iter().rev().max_by_key(|field| served(field).len());
        let Some(&best) = best else { break };
        let readable = found
            .iter()
            .filter(|other| is_readable(kernels, &best, other));
        let has: Vec<usize> = readable.map(|(kernel, _)| *kernel).collect();
        let (of, field) = best;
        rest.retain(|(kernel, _)| *kernel != of && !has.contains(kernel));
        classes.push((of, field, has));
    }
    classes.sort_by_key(|(of, ..)| *of);

    let alone = classes.len() == 1;
    let mut taken: Vec<String> = Vec::new();
    classes
        .into_iter()
        .map(|(of, field, has)| {
            let mut names = argument.names.clone();
            if !alone {
                for known in &mut names {
                    known.called.retain(|kernel| has.contains(kernel));
                }
                names.retain(|known| !known.called.is_empty());
                for known in &mut names {
                    known.name = flavored(kernels[of].btf(), &known.name, field.type_id, &taken);
                    taken.push(known.name.clone());
                }
            }
            Variant { names, of, has }
        })
        .collect()
}

/// Whether a field declared as `local` gives the value of `target` where a relocated access reads it.
fn is_readable(kernels: &[KernelBtf], local: &(usize, &Field), target: &(usize, &Field)) -> bool {
    let types = |&(kernel, field): &(usize, &Field)| (kernels[kernel].btf(), field.type_id);
    match agreement(types(local), types(target)) {
        Agreement::Same => local.1.form == target.1.form,
        // A slot is loaded whole, and cut to the type that it is declared with.
        Agreement::Narrower => local.1.form == Form::Own && target.1.form == Form::Own,
        Agreement::No => false,
    }
}

/// `error___int`. The type's part neither starts with an underscore nor has three of them, so that the
/// argument's name can be told from it whatever it ends with.
fn flavored(btf: &Btf<'_>, name: &str, type_id: TypeId, taken: &[String]) -> String {
    let mut word = word(btf, type_id, MAX_DEPTH);
    while word.contains(FLAVOR) {
        word = word.replace(FLAVOR, "__");
    }
    let plain = format!("{name}{FLAVOR}{word}");
    let numbered = (2..).map(|number| format!("{plain}_{number}"));
    std::iter::once(plain.clone())
        .chain(numbered)
        .find(|name| !taken.contains(name))
        .unwrap_or(plain)
}

/// A type in one word: `int`, `unsigned_long`, `blk_status_t`, `inode_ptr_ptr`.
fn word(btf: &Btf<'_>, id: TypeId, depth: u32) -> String {
    let Some(depth) = depth.checked_sub(1) else {
        return "deep".to_owned();
    };
    let Some(ty) = btf.skip_modifiers(id) else {
        return "unknown".to_owned();
    };
    let name = ty.name().trim_start_matches('_').replace(' ', "_");
    match ty.kind() {
        Kind::Void => "void".to_owned(),
        Kind::Ptr(to) => format!("{}_ptr", word(btf, to, depth)),
        Kind::FuncProto { .. } => "func".to_owned(),
        _ if is_identifier(&name) => name,
        _ => "unnamed".to_owned(),
    }
}
