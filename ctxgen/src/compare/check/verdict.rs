//! What a kernel makes of a program's context, and how that is said.

use std::fmt;

use crate::compare::drift::Change;
use crate::prototype::pairing::KnownBy;
use crate::text::name;

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
    /// The object is for machines of the other byte order than the kernel's.
    ByteOrder,
    /// The probe is set behind the function's start, where registers need not hold its arguments.
    WithinFunction,
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
    /// The same, where the program reads it unless a variable keeps it from that which has its value before
    /// the program is loaded: a `const volatile` one, which user space sets, or one of the kernel's
    /// configuration.
    Depends {
        /// What the kernel lacks or has otherwise.
        change: Change,
        /// The variables, by name: each of them can.
        on: Vec<String>,
    },
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

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, SEC(\"{}\"): {}",
            name(&self.program),
            name(&self.section),
            self.verdict
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
            Self::KernelStruct(own) => write!(
                f,
                "it takes struct {}, which is none of ctxgen's; its fields were not compared",
                name(own)
            ),
            Self::UserSpace => f.write_str(
                "its context is of a function in user space, of which the kernel's BTF says nothing",
            ),
            Self::AbsentMember => f.write_str(
                "it implements a member of struct_ops that the kernel does not have, and takes no \
                 context struct",
            ),
            Self::TooLong => f.write_str("the object's programs are too long to be followed"),
            Self::WithinFunction => f.write_str(
                "the probe is set behind the function's start, where registers need not hold its arguments",
            ),
            Self::ByteOrder => {
                f.write_str("the object is for machines of the other byte order than the kernel's")
            }
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Renamed { field, kernel, by } => {
                let (field, kernel) = (name(field), name(kernel));
                write!(f, "renamed: {field} is {kernel} in this kernel: {by}")
            }
            Self::Guarded(change) => {
                write!(f, "guarded, and not read on this kernel: {change}")
            }
            Self::Depends { change, on } => {
                let on: Vec<_> = on.iter().map(|variable| name(variable)).collect();
                let on = on.join(" or ");
                write!(
                    f,
                    "depends on {on}, which has its value before it is loaded: {change}"
                )
            }
        }
    }
}
