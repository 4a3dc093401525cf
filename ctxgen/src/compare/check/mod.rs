//! Whether the contexts of a compiled object are those of a kernel.

mod local;
mod relocated;
mod verdict;

use self::local::arguments;
use self::relocated::Relocated;
pub use self::verdict::Checked;
pub use self::verdict::Note;
pub use self::verdict::Unchecked;
pub use self::verdict::Verdict;
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
use crate::object::accesses::accesses_without_lines;

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
    if object.btf().byte_order() != kernel.byte_order() {
        let error = TargetError::ByteOrder {
            object: object.btf().byte_order(),
            kernel: kernel.byte_order(),
            origin: kernel.origin().clone(),
        };
        return Err(error.into());
    }
    check_object(&object, kernel)
}

/// As [`check`](check()), of an object that is read already: for several kernels.
///
/// # Errors
/// As [`check`](check()), but for [`CompareError::Object`] and [`TargetError::ByteOrder`]: of an object for
/// machines of the other byte order, no program is checked ([`Unchecked::ByteOrder`]).
pub fn check_object(object: &ObjectFile, kernel: &KernelBtf) -> Result<Vec<Checked>, CompareError> {
    let is_other = object.btf().byte_order() != kernel.byte_order();
    let mut relocated = Relocated::new(object, kernel);
    let programs = object.programs().iter().enumerate();
    programs
        .map(|(place, program)| {
            let hook = program.context.and_then(|id| object.context_hook(id));
            let r#struct = hook.as_ref().map(Hook::struct_name);
            let mut notes = Vec::new();
            let verdict = match is_other {
                true => Verdict::NotChecked(Unchecked::ByteOrder),
                false => verdict(object, place, hook, kernel, &mut relocated, &mut notes)?,
            };
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
        let found = accesses_without_lines(object);
        let found = found.iter().find(|found| found.program == place);
        let may_read = |field: &str| found.is_none_or(|found| found.may_read(object, field));
        if let Some(why) = unshared(kernel, &sec, &name, may_read) {
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
    let sec = SecName::parse(&program.section);
    if own.is_some() && program.implements.is_empty() && sec.is_ok_and(|sec| sec.offset().is_some())
    {
        return Ok(Verdict::NotChecked(Unchecked::WithinFunction));
    }
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
