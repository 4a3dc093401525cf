//! Two lists of arguments, held against each other.

use std::fmt;

use crate::Context;
use crate::Shape;
use crate::btf::Btf;
use crate::btf::CPrinter;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::btf::compat::Agreement;
use crate::btf::compat::agreement;
use crate::compare::CompareError;
use crate::declaration::DeclarationError;
use crate::declaration::check_declaration;
use crate::declaration::members;
use crate::hook::Passing;
use crate::kernel::KernelBtf;
use crate::kernel::Origin;
use crate::kernel::Types;
use crate::layout::Field;
use crate::layout::SLOT;
use crate::prototype::pairing::Argument;
use crate::prototype::pairing::Arguments;
use crate::prototype::pairing::KnownBy;
use crate::prototype::pairing::Pair;
use crate::prototype::pairing::pair;

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
    /// An argument with another name than before.
    Renamed {
        /// As it was called.
        from: String,
        /// As it is called.
        to: String,
        /// Where it is.
        #[cfg_attr(feature = "cli", serde(flatten))]
        place: Place,
        /// What tells that it is the same.
        by: KnownBy,
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

impl Change {
    /// Whether what was built before it still reads what it did.
    pub fn is_harmless(&self) -> bool {
        matches!(self, Self::Added { .. } | Self::Renamed { .. })
    }
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
            Self::Renamed {
                from,
                to,
                place,
                by,
            } => write!(f, "renamed: {from} to {to}, in {place}: {by}"),
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
    /// Whether only names tell what is what, as in a struct of the kernel's own.
    pub(crate) is_own: bool,
    /// Whether they are those of a function in user space. Where its structs have names that the kernel's
    /// have too, pointers to them are declared as pointers to nothing that is known.
    pub(crate) is_user: bool,
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
    /// Whether it is the returned value.
    pub(crate) is_result: bool,
}

impl<'b> Slots<'b> {
    pub(crate) fn of_context(kernel: &'b KernelBtf, context: &Context) -> Self {
        let btf = match &context.shape {
            Shape::Generated { layout, .. } => kernel.types(layout.types),
            Shape::Kernel { .. } | Shape::Other { .. } => kernel.btf(),
        };
        let args = match &context.shape {
            Shape::Generated { layout, .. } => {
                let arguments = layout.arguments(btf).list;
                let fields = layout.fields.iter().zip(arguments);
                let slot = |(field, argument): (&Field, Argument<'_>)| Slot {
                    name: field.name.clone(),
                    type_id: field.type_id,
                    offset: field.offset,
                    is_result: argument.is_result,
                };
                fields.map(slot).collect()
            }
            Shape::Kernel { type_id } => members(kernel.btf(), *type_id)
                .into_iter()
                .filter(|member| !member.name.is_empty())
                .map(|member| Slot {
                    name: member.name.to_owned(),
                    type_id: member.type_id,
                    offset: member.bit_offset / 8,
                    is_result: false,
                })
                .collect(),
            Shape::Other { .. } => Vec::new(),
        };
        Self {
            btf,
            origin: kernel.origin(),
            is_own: !matches!(context.shape, Shape::Generated { .. }),
            is_user: matches!(&context.shape, Shape::Generated { layout, .. } if layout.types != Types::Kernel),
            passing: match &context.shape {
                Shape::Generated { layout, .. } => layout.passing,
                Shape::Kernel { .. } | Shape::Other { .. } => Passing::Memory,
            },
            args,
        }
    }

    pub(super) fn place(&self, slot: &Slot) -> Place {
        match self.passing {
            Passing::Slots => Place::Slot(slot.offset / SLOT),
            Passing::Registers | Passing::Memory => Place::Byte(slot.offset),
        }
    }

    fn arguments(&self) -> Arguments<'_> {
        let slots = self.args.iter();
        let arguments = slots.map(|slot| Argument {
            names: vec![&*slot.name],
            types: vec![slot.type_id],
            // Of these, only the name tells.
            is_result: slot.is_result || self.is_own,
        });
        Arguments {
            btf: self.btf,
            list: arguments.collect(),
        }
    }

    /// An argument, or with an empty name its type, in C.
    fn declare(&self, slot: &Slot, name: &str) -> Result<String, CompareError> {
        check_declaration(self.btf, self.origin, slot.type_id)?;
        let declared = CPrinter::new(self.btf).declare(slot.type_id, name);
        let origin = || self.origin.clone();
        declared.map_err(|error| {
            DeclarationError::Dump {
                origin: origin(),
                error,
            }
            .into()
        })
    }
}

/// Whether a pointer is one to `void`; `None` for what is no pointer.
fn pointee(btf: &Btf<'_>, id: TypeId) -> Option<bool> {
    match btf.resolve(id)?.kind() {
        Kind::Ptr(to) => Some(matches!(btf.resolve(to)?.kind(), Kind::Void)),
        _ => None,
    }
}

/// That an argument of `before` is not in `after`.
pub(crate) fn removed(
    before: &Slots<'_>,
    slot: &Slot,
    after: &Slots<'_>,
) -> Result<Change, CompareError> {
    Ok(Change::Removed {
        declaration: before.declare(slot, &slot.name)?,
        // An object does not say what its context is laid over.
        place: after.place(slot),
    })
}

/// What is different in `after`: what is gone, what is of another type, what has another name, what is new
/// and what is elsewhere, each in the order of the slots.
pub(crate) fn changes(before: &Slots<'_>, after: &Slots<'_>) -> Result<Vec<Change>, CompareError> {
    let mut gone = Vec::new();
    let mut retyped = Vec::new();
    let mut renamed = Vec::new();
    let mut moves = Vec::new();
    let mut is_new = vec![true; after.args.len()];
    let pairs = pair(&before.arguments(), &after.arguments());
    for (old, pair) in before.args.iter().zip(pairs) {
        let Some(Pair { place, by }) = pair else {
            gone.push(removed(before, old, after)?);
            continue;
        };
        let new = &after.args[place];
        is_new[place] = false;
        let agreement = agreement((before.btf, old.type_id), (after.btf, new.type_id));
        let is_stranger = after.is_user
            && pointee(before.btf, old.type_id) == Some(true)
            && pointee(after.btf, new.type_id).is_some();
        if agreement != Agreement::Same && !is_stranger {
            retyped.push(Change::Retyped {
                name: old.name.clone(),
                from: before.declare(old, "")?,
                to: after.declare(new, "")?,
            });
        }
        if old.name != new.name {
            renamed.push(Change::Renamed {
                from: old.name.clone(),
                to: new.name.clone(),
                place: after.place(new),
                by,
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
    let mut changes = [gone, retyped, renamed].concat();
    for (new, _) in after.args.iter().zip(is_new).filter(|(_, is_new)| *is_new) {
        changes.push(Change::Added {
            declaration: after.declare(new, &new.name)?,
            place: after.place(new),
        });
    }
    if !moves.is_empty() {
        changes.push(Change::Moved(moves));
    }
    Ok(changes)
}
