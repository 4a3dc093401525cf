//! Two lists of arguments, held against each other.

use std::fmt;

use crate::Context;
use crate::Error;
use crate::Shape;
use crate::agree::Agreement;
use crate::agree::agreement;
use crate::btf::Btf;
use crate::btf::CDump;
use crate::btf::TypeId;
use crate::kernel::KernelBtf;
use crate::kernel::Origin;
use crate::layout::SLOT;
use crate::render::check_declaration;
use crate::render::members;

/// Something that is different.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Change {
    /// The hook is not there any more.
    Absent {
        /// Why not.
        why: String,
    },
    /// The hook was not there before.
    Appears,
    /// An argument that was not there before.
    Added {
        /// In C.
        declaration: String,
        /// Its slot, counted from 0.
        slot: u32,
    },
    /// An argument that is not there any more.
    Removed {
        /// In C.
        declaration: String,
        /// The slot that it had.
        slot: u32,
    },
    /// An argument whose value has another type.
    Retyped {
        /// The argument.
        name: String,
        /// As it was, in C.
        from: String,
        /// As it is.
        to: String,
    },
    /// Arguments in other slots than before.
    Moved(Vec<Move>),
}

/// An argument in another slot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
pub struct Move {
    /// The argument.
    pub name: String,
    /// The slot that it had.
    pub from: u32,
    /// The one that it has.
    pub to: u32,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent { why } => write!(f, "absent: {why}"),
            Self::Appears => f.write_str("appears: no kernel before has it"),
            Self::Added { declaration, slot } => write!(f, "added: {declaration}, in slot {slot}"),
            Self::Removed { declaration, slot } => {
                write!(f, "removed: {declaration}, was in slot {slot}")
            }
            Self::Retyped { name, from, to } => write!(f, "retyped: {name}, from {from} to {to}"),
            Self::Moved(moves) => {
                f.write_str("moved: ")?;
                for (number, Move { name, from, to }) in moves.iter().enumerate() {
                    if number > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{name} from slot {from} to {to}")?;
                }
                Ok(())
            }
        }
    }
}

/// The arguments of a context.
#[derive(Debug)]
pub(crate) struct Slots<'b> {
    pub(crate) btf: &'b Btf<'b>,
    pub(crate) origin: &'b Origin,
    pub(crate) args: Vec<Slot>,
}

/// An argument.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) name: String,
    /// The argument's own type.
    pub(crate) type_id: TypeId,
    /// From the start of the context, in bytes.
    pub(crate) offset: u32,
}

impl<'b> Slots<'b> {
    pub(crate) fn of_context(kernel: &'b KernelBtf, context: &Context) -> Self {
        let args = match &context.shape {
            Shape::Slots { layout, .. } => layout
                .fields
                .iter()
                .map(|field| Slot {
                    name: field.name.clone(),
                    type_id: field.type_id,
                    offset: field.offset,
                })
                .collect(),
            Shape::Kernel { type_id } => members(kernel.btf(), *type_id)
                .into_iter()
                .filter(|member| !member.name.is_empty())
                .map(|member| Slot {
                    name: member.name.to_owned(),
                    type_id: member.type_id,
                    offset: member.bit_offset / 8,
                })
                .collect(),
        };
        Self {
            btf: kernel.btf(),
            origin: kernel.origin(),
            args,
        }
    }

    fn find(&self, name: &str) -> Option<&Slot> {
        self.args.iter().find(|slot| slot.name == name)
    }

    /// An argument, or with an empty name its type, in C.
    fn declare(&self, slot: &Slot, name: &str) -> Result<String, Error> {
        check_declaration(self.btf, self.origin, slot.type_id)?;
        let declared = CDump::new(self.btf).and_then(|mut dump| dump.declare(slot.type_id, name));
        declared.map_err(|error| Error::Dump {
            origin: self.origin.clone(),
            error,
        })
    }
}

/// What is different in `after`: what is gone, what is of another type, what is new and what is
/// elsewhere, each in the order of the slots.
pub(crate) fn changes(before: &Slots<'_>, after: &Slots<'_>) -> Result<Vec<Change>, Error> {
    let mut removed = Vec::new();
    let mut retyped = Vec::new();
    let mut moves = Vec::new();
    for old in &before.args {
        let Some(new) = after.find(&old.name) else {
            removed.push(Change::Removed {
                declaration: before.declare(old, &old.name)?,
                slot: old.offset / SLOT,
            });
            continue;
        };
        let agreement = agreement((before.btf, old.type_id), (after.btf, new.type_id));
        if agreement != Agreement::Same {
            retyped.push(Change::Retyped {
                name: old.name.clone(),
                from: before.declare(old, "")?,
                to: after.declare(new, "")?,
            });
        }
        if old.offset != new.offset {
            moves.push(Move {
                name: old.name.clone(),
                from: old.offset / SLOT,
                to: new.offset / SLOT,
            });
        }
    }
    let mut changes = removed;
    changes.extend(retyped);
    for new in &after.args {
        if before.find(&new.name).is_none() {
            changes.push(Change::Added {
                declaration: after.declare(new, &new.name)?,
                slot: new.offset / SLOT,
            });
        }
    }
    if !moves.is_empty() {
        changes.push(Change::Moved(moves));
    }
    Ok(changes)
}
