//! Whether the contexts of a compiled object are those of a kernel.

mod local;
mod relocated;

use std::fmt;

use self::local::arguments;
use self::relocated::Relocated;
use crate::Context;
use crate::Error;
use crate::LoadError;
use crate::Shape;
use crate::drift::Change;
use crate::drift::Slots;
use crate::drift::absence;
use crate::drift::changes;
use crate::hook::Hook;
use crate::hook::SecName;
use crate::kernel::KernelBtf;
use crate::multi::unshared;
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
    /// The program takes no context struct of ctxgen's, or its section says nothing about where it
    /// attaches.
    Unknown,
}

impl Checked {
    /// Whether a program with this verdict is right on the kernel as it is.
    pub fn is_fine(&self) -> bool {
        match self.verdict {
            Verdict::Agrees | Verdict::Relocatable | Verdict::Unknown => true,
            Verdict::Differs(_)
            | Verdict::Lacks(_)
            | Verdict::WrongStruct { .. }
            | Verdict::Refused(_)
            | Verdict::Absent(_) => false,
        }
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
/// [`Error::Object`] where the object cannot be read; [`LoadError::ByteOrder`] where it is for machines
/// of the other byte order; and those of [`Drift::of`](crate::Drift::of).
pub fn check(object: &[u8], kernel: &KernelBtf) -> Result<Vec<Checked>, Error> {
    let object = ObjectFile::parse(object)?;
    let order = object.btf().byte_order();
    if order != kernel.byte_order() {
        let error = LoadError::ByteOrder {
            object: order,
            kernel: kernel.byte_order(),
            origin: kernel.origin().clone(),
        };
        return Err(error.into());
    }
    let relocated = Relocated::new(&object, kernel);
    let programs = object.programs().iter().enumerate();
    programs
        .map(|(place, program)| {
            let hook = program.context.and_then(|id| object.context_hook(id));
            Ok(Checked {
                program: program.name.clone(),
                section: program.section.to_string(),
                r#struct: hook.as_ref().map(Hook::struct_name),
                verdict: verdict(&object, (place, program), hook, kernel, &relocated)?,
            })
        })
        .collect()
}

fn verdict(
    object: &ObjectFile,
    (place, program): (usize, &Program),
    of_struct: Option<Hook>,
    kernel: &KernelBtf,
    relocated: &Relocated<'_>,
) -> Result<Verdict, Error> {
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
    if let Some(of_struct) = &of_struct {
        let name = of_struct.struct_name();
        let mut right = hooks.iter().map(Hook::struct_name);
        if let Some(should_be) = right.find(|right| *right != name) {
            return Ok(Verdict::WrongStruct { should_be });
        }
    }
    // What it is attached to counts; the struct says it where the section does not.
    let hook = hooks.first().cloned().or_else(|| of_struct.clone());
    let Some(hook) = hook else {
        return Ok(Verdict::Unknown);
    };
    let is_claimed = program.context.is_some() && of_struct.is_some();
    let context = match Context::find_hook(kernel, &hook) {
        Ok(context) => context,
        // libbpf knows by itself what to do with members that the kernel lacks.
        Err(_) if !program.implements.is_empty() && !is_claimed => return Ok(Verdict::Unknown),
        Err(error) => return Ok(Verdict::Absent(absence(&error))),
    };
    let (Some(id), Some(of_struct)) = (program.context, of_struct) else {
        return Ok(Verdict::Unknown);
    };
    // Of a function in user space, the kernel's BTF says nothing.
    if of_struct.has_generated_struct() && matches!(context.shape, Shape::Kernel { .. }) {
        return Ok(Verdict::Unknown);
    }
    if let Some(verdict) = relocated.verdict(place, id, &of_struct)? {
        return Ok(verdict);
    }
    let mut differs = changes(
        &arguments(object.btf(), id),
        &Slots::of_context(kernel, &context),
    )?;
    let is_harm = |change: &Change| !matches!(change, Change::Added { .. });
    if !differs.iter().any(is_harm) {
        differs.clear();
    }
    Ok(match differs.is_empty() {
        true => Verdict::Agrees,
        false => Verdict::Differs(differs),
    })
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
            Self::WrongStruct { should_be } => {
                return write!(
                    f,
                    "TAKES THE CONTEXT OF ANOTHER HOOK: it should take struct {should_be}"
                );
            }
            Self::Refused(why) => return write!(f, "the object cannot be loaded: {why}"),
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
