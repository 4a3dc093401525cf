//! A field that a context struct does not have, and what it has in its place.

use std::fmt;

use super::Place;
use super::Slots;
use crate::Context;
use crate::Shape;
use crate::declaration::declared;
use crate::essential_name;
use crate::hook::Family;
use crate::hook::Hook;
use crate::hook::Returned;
use crate::kernel::KernelBtf;
use crate::kernel::labels;
use crate::layout::RET;
use crate::prototype::pairing::KnownBy;
use crate::prototype::pairing::pair;
use crate::text::nearest::nearest;

/// A field that is asked for and is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingField {
    /// The struct's name.
    pub struct_name: String,
    /// The hook that it is of.
    pub hook: String,
    /// The field's name.
    pub field: String,
    /// The short name of the kernel that does not have it; see [`labels`].
    pub kernel: String,
    /// Another kernel that has it.
    pub elsewhere: Option<Elsewhere>,
    /// What the struct has: where, and as a declaration in C.
    pub fields: Vec<(Place, String)>,
    /// Names like that of the field.
    pub nearest: Vec<String>,
    /// Why there is no returned value, where that is asked for.
    pub no_result: Option<NoResult>,
}

/// Why a context has no returned value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoResult {
    /// The function returns nothing (`void`), or nothing that a program may read.
    Void,
    /// Programs of the hook's family run before there is one. The hook of a family whose programs run behind, on
    /// the same function.
    Before(Option<String>),
}

impl NoResult {
    fn of(kernel: &KernelBtf, hook: &Hook) -> Self {
        if hook.family().returned() != Returned::No {
            return Self::Void;
        }
        let behind = match hook.family().name() {
            "fentry" => "fexit",
            "kprobe" => "kretprobe",
            "uprobe" => "uretprobe",
            "ksyscall" => "kretsyscall",
            _ => return Self::Before(None),
        };
        let behind =
            Family::by_name(behind).and_then(|family| Hook::new(family, hook.target()).ok());
        let has_ret = |hook: &Hook| {
            let context = Context::find_struct(kernel, hook);
            context.is_ok_and(|context| match &context.shape {
                Shape::Generated { layout, .. } => {
                    layout.fields.iter().any(|field| field.name == RET)
                }
                _ => false,
            })
        };
        Self::Before(behind.filter(has_ret).map(|hook| hook.to_string()))
    }

    fn said(&self, hook: &str) -> String {
        match self {
            Self::Void => format!("{hook} returns nothing that a program could read"),
            Self::Before(Some(other)) => {
                format!("programs on {hook} run before it returns; its result is in {other}")
            }
            Self::Before(None) => format!("programs on {hook} get no returned value"),
        }
    }
}

/// A kernel that has the field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Elsewhere {
    /// Its short name.
    pub kernel: String,
    /// What the first kernel calls the argument, where it is and what tells so; `None` where it does not
    /// have the argument.
    pub renamed: Option<(String, Place, KnownBy)>,
}

impl MissingField {
    /// What is known of a field that the struct does not have on the first kernel; `None` where it has
    /// it, and where the name is none of a generated struct's.
    pub fn of(kernels: &[KernelBtf], struct_name: &str, field: &str) -> Option<Self> {
        let (kernel, others) = kernels.split_first()?;
        let names = [struct_name, essential_name(struct_name)];
        let (name, hook) = names
            .into_iter()
            .find_map(|name| Some((name, Hook::from_struct_name(name)?)))?;
        let context = Context::find_struct(kernel, &hook).ok()?;
        let Shape::Generated { layout, .. } = &context.shape else {
            return None;
        };
        if layout.fields.iter().any(|known| known.name == field) {
            return None;
        }
        let labels = labels(kernels);
        let slots = Slots::of_context(kernel, &context);
        let btf = kernel.types(layout.types);
        let elsewhere = others
            .iter()
            .zip(&labels[1..])
            .filter_map(|(other, label)| {
                let there = Context::find_struct(other, &hook).ok()?;
                let Shape::Generated { layout: there, .. } = &there.shape else {
                    return None;
                };
                let place = there.fields.iter().position(|known| known.name == field)?;
                let ours = layout.arguments(btf);
                let theirs = there.arguments(other.types(there.types));
                let renamed = pair(&theirs, &ours)[place].map(|pair| {
                    let slot = &slots.args[pair.place];
                    (slot.name.clone(), slots.place(slot), pair.by)
                });
                Some(Elsewhere {
                    kernel: label.clone(),
                    renamed,
                })
            });
        Some(Self {
            struct_name: name.to_owned(),
            field: field.to_owned(),
            kernel: labels[0].clone(),
            // What says most comes first.
            elsewhere: elsewhere.max_by_key(|other| other.renamed.is_some()),
            fields: slots
                .args
                .iter()
                .map(|slot| {
                    let declared = declared(btf, slot.type_id, &slot.name);
                    (slots.place(slot), declared)
                })
                .collect(),
            nearest: nearest(field, slots.args.iter().map(|slot| &*slot.name)),
            no_result: (field == RET).then(|| NoResult::of(kernel, &hook)),
            hook: hook.to_string(),
        })
    }
}

impl fmt::Display for MissingField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            struct_name,
            field,
            kernel,
            elsewhere,
            fields,
            nearest,
            hook,
            no_result,
        } = self;
        let renamed = elsewhere.as_ref().and_then(|other| other.renamed.as_ref());
        if let (Some(other), Some((name, place, by))) = (elsewhere, renamed) {
            let other = &other.kernel;
            return write!(
                f,
                "struct {struct_name}: {field} is its name on {other}; on {kernel} {place} is called \
                 {name} ({by})"
            );
        }
        write!(f, "struct {struct_name} has no field {field} on {kernel}")?;
        if let Some(other) = elsewhere {
            write!(f, ", and {} has one", other.kernel)?;
        }
        if let Some(why) = no_result {
            write!(f, ": {}", why.said(hook))?;
        }
        f.write_str(". It has:")?;
        for (place, declared) in fields {
            write!(f, "\n    {place}: {declared}")?;
        }
        if fields.is_empty() {
            f.write_str(" no fields")?;
        }
        match nearest.is_empty() {
            true => Ok(()),
            false => write!(f, "\nSimilar names: {}", nearest.join(", ")),
        }
    }
}
