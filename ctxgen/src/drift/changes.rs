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
use crate::hook::Passing;
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
        /// Where it is.
        #[cfg_attr(feature = "cli", serde(flatten))]
        place: Place,
    },
    /// An argument that is not there any more.
    Removed {
        /// In C.
        declaration: String,
        /// Where it was.
        #[cfg_attr(feature = "cli", serde(flatten))]
        place: Place,
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
    /// Arguments in other places than before.
    Moved(Vec<Move>),
}

/// Where an argument is in a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
pub enum Place {
    /// In this slot, counted from 0.
    Slot(u32),
    /// So many bytes behind the start, of registers and of records.
    Byte(u32),
}

impl Place {
    fn number(self) -> u32 {
        match self {
            Self::Slot(number) | Self::Byte(number) => number,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slot(number) => write!(f, "slot {number}"),
            Self::Byte(number) => write!(f, "byte {number}"),
        }
    }
}

/// An argument in another place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
pub struct Move {
    /// The argument.
    pub name: String,
    /// Where it was.
    pub from: Place,
    /// Where it is.
    pub to: Place,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent { why } => write!(f, "absent: {why}"),
            Self::Appears => f.write_str("appears: no kernel before has it"),
            Self::Added { declaration, place } => write!(f, "added: {declaration}, in {place}"),
            Self::Removed { declaration, place } => {
                write!(f, "removed: {declaration}, was in {place}")
            }
            Self::Retyped { name, from, to } => write!(f, "retyped: {name}, from {from} to {to}"),
            Self::Moved(moves) => {
                f.write_str("moved: ")?;
                for (number, Move { name, from, to }) in moves.iter().enumerate() {
                    if number > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{name} from {from} to {}", to.number())?;
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
    /// What they are in.
    pub(crate) passing: Passing,
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
            Shape::Generated { layout, .. } => layout
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
            Shape::Other { .. } => Vec::new(),
        };
        Self {
            btf: kernel.btf(),
            origin: kernel.origin(),
            passing: match &context.shape {
                Shape::Generated { layout, .. } => layout.passing,
                Shape::Kernel { .. } | Shape::Other { .. } => Passing::Memory,
            },
            args,
        }
    }

    fn place(&self, slot: &Slot) -> Place {
        match self.passing {
            Passing::Slots => Place::Slot(slot.offset / SLOT),
            Passing::Registers | Passing::Memory => Place::Byte(slot.offset),
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
                // An object does not say what its context is laid over.
                place: after.place(old),
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
                from: after.place(old),
                to: after.place(new),
            });
        }
    }
    let mut changes = removed;
    changes.extend(retyped);
    for new in &after.args {
        if before.find(&new.name).is_none() {
            changes.push(Change::Added {
                declaration: after.declare(new, &new.name)?,
                place: after.place(new),
            });
        }
    }
    if !moves.is_empty() {
        changes.push(Change::Moved(moves));
    }
    Ok(changes)
}
