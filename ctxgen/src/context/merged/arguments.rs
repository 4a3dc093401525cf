//! The arguments of a hook on several kernels: which are the same.

use std::collections::HashMap;

use super::OtherName;
use crate::Context;
use crate::Shape;
use crate::kernel::KernelBtf;
use crate::layout::Field;
use crate::layout::Layout;
use crate::layout::RET;
use crate::prototype::pairing::KnownBy;
use crate::prototype::pairing::Pair;
use crate::prototype::pairing::is_numbered;
use crate::prototype::pairing::pair;

/// An argument, and what each kernel has for it.
#[derive(Debug)]
pub(super) struct Argument<'c> {
    /// What kernels call it; the name that the first of them has comes first.
    pub(super) names: Vec<OtherName>,
    pub(super) found: Vec<(usize, &'c Field)>,
}

impl Argument<'_> {
    fn is_called(&self, name: &str) -> bool {
        self.names.iter().any(|known| known.name == name)
    }

    fn is_of(&self, kernel: usize) -> bool {
        self.found.iter().any(|(known, _)| *known == kernel)
    }
}

/// The arguments of all kernels: those of each kernel in its order, a new one behind what it is behind
/// there, and the returned value last.
pub(super) fn arguments<'c>(
    kernels: &[KernelBtf],
    contexts: &'c [(usize, Context)],
) -> Vec<Argument<'c>> {
    let layouts: Vec<(usize, &Layout)> = contexts
        .iter()
        .filter_map(|(kernel, context)| match &context.shape {
            Shape::Generated { layout, .. } => Some((*kernel, layout)),
            Shape::Kernel { .. } | Shape::Other { .. } => None,
        })
        .collect();
    let together = Together::new(&layouts);
    let mut arguments: Vec<Argument<'c>> = Vec::new();
    for (number, (kernel, layout)) in layouts.iter().enumerate() {
        // Neighbours in the list have most in common.
        let before = layouts[..number].iter().rev();
        let pairs: Vec<_> = before
            .map(|(other, before)| {
                let sides = [(*kernel, *layout), (*other, *before)];
                let [ours, theirs] = sides.map(|(of, layout)| layout.arguments(kernels[of].btf()));
                (*before, pair(&ours, &theirs))
            })
            .collect();
        let mut next = 0;
        for (place, field) in layout.fields.iter().enumerate() {
            let by_name = arguments
                .iter()
                .position(|known| known.is_called(&field.name));
            let by_name = by_name.map(|at| (at, KnownBy::Name));
            let found = by_name.or_else(|| {
                counterpart(&arguments, &pairs, place).filter(|(at, _)| {
                    !arguments[*at].is_of(*kernel) && !together.any(&arguments[*at], &field.name)
                })
            });
            let (at, by) = found.unwrap_or_else(|| {
                let argument = Argument {
                    names: Vec::new(),
                    found: Vec::new(),
                };
                arguments.insert(next, argument);
                (next, KnownBy::Name)
            });
            arguments[at].found.push((*kernel, field));
            let names = &mut arguments[at].names;
            match names.iter_mut().find(|known| known.name == field.name) {
                Some(known) => known.called.push(*kernel),
                None => names.push(OtherName {
                    name: field.name.clone(),
                    called: vec![*kernel],
                    by,
                }),
            }
            next = at + 1;
        }
    }
    for argument in &mut arguments {
        // What is no name comes after those that are.
        argument.names.sort_by_key(|known| is_numbered(&known.name));
        let mut reasons = argument.names.iter().map(|known| known.by);
        let reason = reasons.find(|by| *by != KnownBy::Name);
        let others = argument.names.iter_mut().skip(1);
        for other in others.filter(|other| other.by == KnownBy::Name) {
            other.by = reason.unwrap_or(KnownBy::Name);
        }
    }
    if let Some(ret) = arguments.iter().position(|known| known.is_called(RET)) {
        let ret = arguments.remove(ret);
        arguments.push(ret);
    }
    arguments
}

/// The argument that the field in that place is known to be by another kernel's.
fn counterpart(
    arguments: &[Argument<'_>],
    pairs: &[(&Layout, Vec<Option<Pair>>)],
    place: usize,
) -> Option<(usize, KnownBy)> {
    pairs.iter().find_map(|(before, pairs)| {
        let Pair { place, by } = pairs[place]?;
        let name = &before.fields[place].name;
        let at = arguments.iter().position(|known| known.is_called(name))?;
        Some((at, by))
    })
}

/// Which names one kernel has together: what they are of is not the same then.
struct Together<'c>(HashMap<&'c str, Vec<usize>>);

impl<'c> Together<'c> {
    fn new(layouts: &[(usize, &'c Layout)]) -> Self {
        let mut kernels: HashMap<&'c str, Vec<usize>> = HashMap::new();
        for (kernel, layout) in layouts {
            for field in &layout.fields {
                kernels.entry(&field.name).or_default().push(*kernel);
            }
        }
        Self(kernels)
    }

    /// Whether a kernel has one of an argument's names together with this one.
    fn any(&self, argument: &Argument<'_>, name: &str) -> bool {
        let of = |name: &str| self.0.get(name).map_or(&[][..], Vec::as_slice);
        let kernels = of(name);
        let mut names = argument.names.iter();
        names.any(|known| {
            of(&known.name)
                .iter()
                .any(|kernel| kernels.contains(kernel))
        })
    }
}
