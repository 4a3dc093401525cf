//! Whether the contexts of a compiled object are those of a kernel.

mod local;

use std::fmt;

use self::local::accessed;
use self::local::arguments;
use crate::Context;
use crate::Error;
use crate::drift::Change;
use crate::drift::Slots;
use crate::drift::absence;
use crate::drift::changes;
use crate::hook::Hook;
use crate::hook::SecName;
use crate::kernel::KernelBtf;
use crate::object::ObjectFile;
use crate::object::Program;

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
    /// reads, or has them with other types. It loads if the reads are guarded with
    /// `bpf_core_field_exists`.
    Lacks(Vec<Change>),
    /// The kernel has no such hook, for this reason.
    Absent(String),
    /// The program takes no context struct of ctxgen's, or its section says nothing about where it
    /// attaches.
    Unknown,
}

impl Checked {
    /// Whether a program with this verdict is right on the kernel as it is.
    pub fn is_fine(&self) -> bool {
        match self.verdict {
            Verdict::Agrees | Verdict::Relocatable | Verdict::Unknown => true,
            Verdict::Differs(_) | Verdict::Lacks(_) | Verdict::Absent(_) => false,
        }
    }
}

/// Holds the context of each program in a compiled BPF object against a kernel, argument by argument.
///
/// This needs neither the right to load programs nor the kernel itself, and is for objects with fixed
/// contexts above all: nothing else notices that an argument has moved. Arguments that only the kernel
/// has, and that move no other, are no difference.
///
/// # Errors
/// [`Error::Object`] where the object cannot be read, and those of [`Drift::of`](crate::Drift::of).
pub fn check(object: &[u8], kernel: &KernelBtf) -> Result<Vec<Checked>, Error> {
    let object = ObjectFile::parse(object)?;
    object
        .programs()
        .iter()
        .map(|program| {
            let hook = program.context.and_then(|id| object.context_hook(id));
            Ok(Checked {
                program: program.name.clone(),
                section: program.section.clone(),
                r#struct: hook.as_ref().map(Hook::struct_name),
                verdict: verdict(&object, program, hook, kernel)?,
            })
        })
        .collect()
}

fn verdict(
    object: &ObjectFile,
    program: &Program,
    of_struct: Option<Hook>,
    kernel: &KernelBtf,
) -> Result<Verdict, Error> {
    // What it is attached to counts; the struct says it where the section does not.
    let hook = match SecName::parse(&program.section) {
        Ok(sec) => Some(sec.hook),
        Err(_) => of_struct.clone(),
    };
    let Some(hook) = hook else {
        return Ok(Verdict::Unknown);
    };
    let context = match Context::find_hook(kernel, &hook) {
        Ok(context) => context,
        Err(error) => return Ok(Verdict::Absent(absence(&error))),
    };
    let (Some(id), Some(_)) = (program.context, of_struct) else {
        return Ok(Verdict::Unknown);
    };
    let theirs = Slots::of_context(kernel, &context);
    let ours = arguments(object.btf(), id);
    match object.relocated_contexts().contains(&id) {
        true => {
            let accessed = accessed(object, program, id);
            let mut lacks = changes(&local::named_as(&ours, &accessed, &theirs), &theirs)?;
            lacks
                .retain(|change| matches!(change, Change::Removed { .. } | Change::Retyped { .. }));
            Ok(match lacks.is_empty() {
                true => Verdict::Relocatable,
                false => Verdict::Lacks(lacks),
            })
        }
        false => {
            let mut differs = changes(&ours, &theirs)?;
            let is_harm = |change: &Change| !matches!(change, Change::Added { .. });
            if !differs.iter().any(is_harm) {
                differs.clear();
            }
            Ok(match differs.is_empty() {
                true => Verdict::Agrees,
                false => Verdict::Differs(differs),
            })
        }
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, SEC(\"{}\"): {}",
            self.program, self.section, self.verdict
        )
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changes = match self {
            Self::Agrees => return f.write_str("agrees"),
            Self::Relocatable => return f.write_str("relocatable, with all that it reads"),
            Self::Unknown => return f.write_str("not known to ctxgen"),
            Self::Absent(why) => return write!(f, "cannot attach: {why}"),
            Self::Differs(changes) => {
                f.write_str("DIFFERS: who reads these arguments reads something else:")?;
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
