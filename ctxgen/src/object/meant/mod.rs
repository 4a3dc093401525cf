//! What the author of a program takes its context for, from the best source that an object has: its debug
//! information, the type of the program's argument, the line of source of the macro that it was made with.

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
use super::ObjectFile;
use super::accesses::Line;
use super::functions::Functions;
use super::functions::Pointee;

/// What the authors of an object's programs take their contexts for, in the order of the programs. `heads`
/// has the lines that a program starts with.
pub(super) fn of_programs(
    object: &ObjectFile,
    elf: &Elf<'_>,
    heads: impl Fn(usize) -> Vec<Line>,
) -> Vec<Meant> {
    #[cfg(feature = "dwarf")]
    let debug = dwarf::declared(elf, object);
    #[cfg(not(feature = "dwarf"))]
    let debug = {
        let _ = elf;
        std::collections::HashMap::<String, (Taken, Vec<Declared>)>::new()
    };
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
