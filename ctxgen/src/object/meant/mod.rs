//! What the author of a program takes its context for, from the best source that an object has: its debug
//! information, the type of the program's argument, the line of source of the macro that it was made with.

use std::collections::HashMap;

mod declared;
#[cfg(feature = "dwarf")]
mod dwarf;
mod meaning;
mod text;

pub use self::declared::Declared;
pub use self::declared::Meant;
pub(crate) use self::declared::REGISTERS;
use self::declared::SLOTS;
pub use self::declared::Source;
pub use self::declared::Taken;
pub use self::meaning::Meaning;
pub use self::meaning::PointsTo;
pub(crate) use self::meaning::tag;

use super::Elf;
use super::ObjectError;
use super::ObjectFile;
use super::accesses::Line;
use super::functions::Functions;
use super::functions::Pointee;

/// What debug information declares for programs, by their names.
pub(super) type InDebug = HashMap<String, (Taken, Vec<Declared>)>;

/// What the debug information of these objects declares for the programs of one, which was linked of them.
///
/// # Errors
/// [`ObjectError`], where the bytes of one are no object.
pub(super) fn in_debug(object: &ObjectFile, compiled: &[&[u8]]) -> Result<InDebug, ObjectError> {
    let mut found = InDebug::new();
    for bytes in compiled {
        let elf = Elf::parse(*bytes)?;
        #[cfg(feature = "dwarf")]
        found.extend(dwarf::declared(&elf, object));
        #[cfg(not(feature = "dwarf"))]
        let _ = (elf, object, &mut found);
    }
    Ok(found)
}

/// What the authors of an object's programs take their contexts for, in the order of the programs. `debug` is
/// what debug information declares, and `heads` has the lines that a program starts with.
pub(super) fn of_programs(
    object: &ObjectFile,
    debug: &InDebug,
    mut heads: impl FnMut(usize) -> Vec<Line>,
) -> Vec<Meant> {
    let functions = object.functions();
    let typedefs = text::Typedefs::of(object.btf());
    let programs = object.programs().iter().enumerate();
    programs
        .map(|(place, program)| {
            let context = taken(object, &functions, place);
            let heads = heads(place);
            let written = text::declared(&typedefs, &program.name, &heads);
            let of_system_call = written.as_ref().is_some_and(|found| found.of_system_call);
            match (context, debug.get(&program.name), written) {
                (Taken::Struct(_), ..) => Meant::undeclared(context, Source::Struct),
                (_, Some((taken, arguments)), _) => Meant {
                    arguments: arguments.clone(),
                    is_partial: false,
                    of_system_call,
                    ..Meant::undeclared(taken.or(context), Source::Debug)
                },
                (_, None, Some(found)) => Meant {
                    arguments: found.arguments,
                    is_partial: found.is_partial,
                    of_system_call,
                    ..Meant::undeclared(found.context.or(context), Source::Line)
                },
                (_, None, None) => Meant::undeclared(context, Source::Nowhere),
            }
        })
        .collect()
}

/// What the type of a program's argument says.
fn taken(object: &ObjectFile, functions: &Functions<'_>, program: usize) -> Taken {
    let program = &object.programs()[program];
    if let Some(id) = program.context {
        let name = object.btf().get(id).map_or("", |ty| ty.name());
        return match tag(name).as_deref() {
            Some(name) if REGISTERS.contains(&name) => Taken::Registers,
            Some(SLOTS) => Taken::Slots,
            _ => Taken::Struct(id),
        };
    }
    match functions.parameter(&program.name, 1) {
        Some(parameter) if parameter.points_to == Pointee::Slots => Taken::Slots,
        _ => Taken::Unknown,
    }
}
