//! Whether the contexts of a compiled object are those of a kernel.

mod local;
mod relocated;

use std::fmt;

use self::local::arguments;
use self::relocated::Relocated;
use crate::Context;
use crate::Shape;
use crate::compare::CompareError;
use crate::compare::drift::Change;
use crate::compare::drift::Slots;
use crate::compare::drift::absence;
use crate::compare::drift::changes;
use crate::compare::targets::TargetError;
use crate::context::multi::unshared;
use crate::hook::Hook;
use crate::hook::SecName;
use crate::kernel::KernelBtf;
use crate::object::ObjectFile;
use crate::object::Program;
use crate::prototype::pairing::KnownBy;

/// A program, and what a kernel makes of its context.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Checked {
    /// The program's function.
    pub program: String,
    /// Its SEC name, as it stands in the source.
    pub section: String,
    /// The struct that it takes; `None` where it takes no context struct of ctxgen's.
    pub r#struct: Option<String>,
    /// How the two fit.
    pub verdict: Verdict,
    /// More about it.
    #[cfg_attr(feature = "cli", serde(skip_serializing_if = "Vec::is_empty"))]
    pub notes: Vec<Note>,
}

/// How a program's context fits a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize),
    serde(rename_all = "snake_case", tag = "is", content = "why")
)]
#[non_exhaustive]
pub enum Verdict {
    /// Every argument is where the program expects it, with the type that it expects.
    Agrees,
    /// Arguments are elsewhere, of other types or gone: the program would read something else.
    Differs(Vec<Change>),
    /// The context is relocatable, and the kernel has all that the program accesses.
    Relocatable,
    /// The context is relocatable, and the kernel lacks these of the arguments that the program
    /// reads, or has them with other types, and the program does not ask before.
    Lacks(Vec<Change>),
    /// The program takes the context of another hook than that of its section, on any kernel.
    WrongStruct {
        /// The struct that it should take.
        should_be: String,
    },
    /// The context is relocatable, and the [`Loader`](crate::Loader) refuses the object with this
    /// error: contexts that differ would be relocated as one.
    Refused(String),
    /// The kernel has no such hook, for this reason.
    Absent(String),
    /// The context is not that of the kernel, and the program reads nothing of it.
    Unread,
    /// The context was not examined: nothing is known of it, good or bad.
    NotChecked(Unchecked),
}

/// Why a program's context was not examined.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Unchecked {
    /// The program takes no struct: a `void *`, an array of slots, or nothing.
    NoStruct,
    /// The program takes this struct of the kernel's own, whose fields are not compared.
    KernelStruct(String),
    /// The context is of a function in user space, of which the kernel's BTF says nothing.
    UserSpace,
    /// It implements a member of `struct_ops` that the kernel lacks: libbpf leaves it out there.
    AbsentMember,
    /// The object's programs are too long to be followed.
    TooLong,
}

/// What is worth knowing of a program's context, though nothing is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Note {
    /// An argument has another name in the kernel.
    Renamed {
        /// The field in the object.
        field: String,
        /// What the kernel calls it.
        kernel: String,
        /// What tells that it is the same.
        by: KnownBy,
    },
    /// The kernel lacks an argument or a hook, or has the argument with another type, and the program reads
    /// it only where `bpf_core_field_exists` or `bpf_core_type_exists` says that it is there.
    Guarded(Change),
}

impl Checked {
    /// Whether nothing is wrong with a program of this verdict on the kernel. That holds for what was
    /// not examined too: see [`Checked::is_examined`].
    pub fn is_fine(&self) -> bool {
        match self.verdict {
            Verdict::Agrees | Verdict::Relocatable | Verdict::Unread | Verdict::NotChecked(_) => {
                true
            }
            Verdict::Differs(_)
            | Verdict::Lacks(_)
            | Verdict::WrongStruct { .. }
            | Verdict::Refused(_)
            | Verdict::Absent(_) => false,
        }
    }

    /// Whether the program's context was held against the kernel.
    pub fn is_examined(&self) -> bool {
        !matches!(self.verdict, Verdict::NotChecked(_))
    }
}

/// Holds the context of each program in a compiled BPF object against a kernel, argument by argument.
///
/// This needs neither the right to load programs nor the kernel itself, and is for objects with fixed
/// contexts above all: nothing else notices that an argument has moved. Arguments that only the kernel
/// has, and that move no other, are no difference.
///
/// Relocatable contexts are held against it by the rules of the [`Loader`](crate::Loader).
///
/// # Errors
/// [`CompareError::Object`] where the object cannot be read; [`TargetError::ByteOrder`] where it is for machines
/// of the other byte order; and those of [`Drift::of`](crate::Drift::of).
pub fn check(object: &[u8], kernel: &KernelBtf) -> Result<Vec<Checked>, CompareError> {
    let object = ObjectFile::parse(object)?;
    let order = object.btf().byte_order();
    if order != kernel.byte_order() {
        let error = TargetError::ByteOrder {
            object: order,
            kernel: kernel.byte_order(),
            origin: kernel.origin().clone(),
        };
        return Err(error.into());
    }
    let mut relocated = Relocated::new(&object, kernel);
    let programs = object.programs().iter().enumerate();
    programs
        .map(|(place, program)| {
            let hook = program.context.and_then(|id| object.context_hook(id));
            let r#struct = hook.as_ref().map(Hook::struct_name);
            let mut notes = Vec::new();
            let verdict = verdict(&object, place, hook, kernel, &mut relocated, &mut notes)?;
            Ok(Checked {
                program: program.name.clone(),
                section: program.section.to_string(),
                r#struct,
                verdict,
                notes,
            })
        })
        .collect()
}

fn verdict(
    object: &ObjectFile,
    place: usize,
    of_struct: Option<Hook>,
    kernel: &KernelBtf,
    relocated: &mut Relocated<'_>,
    notes: &mut Vec<Note>,
) -> Result<Verdict, CompareError> {
    let program = &object.programs()[place];
    let mut hooks = program.hooks();
    if let (Some(of_struct), Ok(sec)) = (&of_struct, SecName::parse(&program.section))
        && sec.may_take(&of_struct.struct_name())
        && program.implements.is_empty()
        && !sec.listed().is_empty()
    {
        let name = of_struct.struct_name();
        if let Some(why) = unshared(kernel, &sec, &name) {
            return Ok(Verdict::Absent(why));
        }
        hooks.retain(|hook| hook.struct_name() == name);
    }
    let mut hook = hooks.first();
    if let Some(of_struct) = &of_struct {
        let name = of_struct.struct_name();
        let other = hooks.iter().find(|hook| hook.struct_name() != name);
        hook = match other {
            // A section that says less than the struct does, or is for both ends of a call.
            Some(_) if program.may_take(&name) => Some(of_struct),
            Some(other) => {
                let should_be = other.struct_name();
                return Ok(Verdict::WrongStruct { should_be });
            }
            None => hook.or(Some(of_struct)),
        };
    }
    let hook = hook.cloned();
    let own = program.context.zip(of_struct);
    let context = match hook.map(|hook| Context::find_hook(kernel, &hook)) {
        Some(Ok(context)) => Some(context),
        // libbpf knows by itself what to do with members that the kernel lacks.
        Some(Err(_)) if !program.implements.is_empty() && own.is_none() => {
            return Ok(Verdict::NotChecked(Unchecked::AbsentMember));
        }
        Some(Err(error)) => return Ok(Verdict::Absent(absence(&error))),
        None => None,
    };
    if let Some((_, of_struct)) = &own
        && of_struct.has_generated_struct()
        && let Some(Shape::Kernel { .. }) = context.as_ref().map(|context| &context.shape)
    {
        return Ok(Verdict::NotChecked(Unchecked::UserSpace));
    }
    if let Some(verdict) = relocated.verdict(place, own.as_ref(), notes)? {
        return Ok(verdict);
    }
    let (Some((id, of_struct)), Some(context)) = (own, context) else {
        return Ok(Verdict::NotChecked(unchecked(object, program)));
    };
    let ours = arguments(object.btf(), id, &of_struct);
    let differs = changes(&ours, &Slots::of_context(kernel, &context))?;
    if differs.iter().all(Change::is_harmless) {
        notes.extend(differs.into_iter().filter_map(renamed));
        return Ok(Verdict::Agrees);
    }
    Ok(match relocated.uses_context(place) {
        true => Verdict::Differs(differs),
        false => Verdict::Unread,
    })
}

fn unchecked(object: &ObjectFile, program: &Program) -> Unchecked {
    let context = program.context.and_then(|id| object.btf().get(id));
    match context {
        Some(ty) => Unchecked::KernelStruct(ty.name().to_owned()),
        None => Unchecked::NoStruct,
    }
}

fn renamed(change: Change) -> Option<Note> {
    match change {
        Change::Renamed { from, to, by, .. } => Some(Note::Renamed {
            field: from,
            kernel: to,
            by,
        }),
        _ => None,
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, SEC(\"{}\"): {}",
            self.program, self.section, self.verdict
        )?;
        for note in &self.notes {
            write!(f, "\n    {note}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changes = match self {
            Self::Agrees => return f.write_str("agrees"),
            Self::Relocatable => return f.write_str("relocatable, with all that it reads"),
            Self::Unread => {
                return f.write_str("reads nothing of its context, which differs on this kernel");
            }
            Self::NotChecked(why) => return write!(f, "NOT CHECKED: {why}"),
            Self::WrongStruct { should_be } => {
                return write!(
                    f,
                    "TAKES THE CONTEXT OF ANOTHER HOOK: it should take struct {should_be}"
                );
            }
            Self::Refused(why) => return write!(f, "the object cannot be loaded: {why}"),
            Self::Absent(why) => return write!(f, "cannot attach: {why}"),
            Self::Differs(changes) => {
                f.write_str("DIFFERS: these arguments would be misread:")?;
                changes
            }
            Self::Lacks(changes) => {
                f.write_str("relocatable, but reads what the kernel does not have:")?;
                changes
            }
        };
        for change in changes {
            write!(f, "\n    {change}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Unchecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStruct => f.write_str(
                "it takes no context struct, so what it reads from its context is not known",
            ),
            Self::KernelStruct(name) => write!(
                f,
                "it takes struct {name}, which is none of ctxgen's; its fields were not compared"
            ),
            Self::UserSpace => f.write_str(
                "its context is of a function in user space, of which the kernel's BTF says nothing",
            ),
            Self::AbsentMember => f.write_str(
                "it implements a member of struct_ops that the kernel does not have, and takes no \
                 context struct",
            ),
            Self::TooLong => f.write_str("the object's programs are too long to be followed"),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Renamed { field, kernel, by } => {
                write!(f, "renamed: {field} is {kernel} in this kernel: {by}")
            }
            Self::Guarded(change) => {
                write!(f, "guarded, and not read on this kernel: {change}")
            }
        }
    }
}
