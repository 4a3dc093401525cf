//! What the author of a program takes its context for, from the best source that an object has: its debug
//! information, the type of the program's argument, the line of source of the macro that it was made with.

#[cfg(feature = "dwarf")]
mod dwarf;
mod meaning;
mod text;

pub use self::meaning::Meaning;
pub use self::meaning::PointsTo;
pub(crate) use self::meaning::tag;

use super::Elf;
use super::ObjectFile;
use super::accesses::Line;
use super::functions::Functions;
use super::functions::Pointee;
use crate::btf::TypeId;

/// Names of the structs that registers are in (`PT_REGS_*` of libbpf's `bpf_tracing.h`).
pub(crate) const REGISTERS: [&str; 3] = ["pt_regs", "user_pt_regs", "user_regs_struct"];
/// The kernel's own struct of an array of slots.
const SLOTS: &str = "bpf_raw_tracepoint_args";

/// What the author of a program takes its context for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Meant {
    /// What it is taken for as a whole.
    pub context: Taken,
    /// The arguments, in their order, as far as they are declared.
    pub arguments: Vec<Declared>,
    /// What tells the arguments.
    pub source: Source,
    /// Whether there may be more arguments behind those.
    pub is_partial: bool,
    /// Whether the arguments are those of a system call, behind those of the function.
    pub of_system_call: bool,
}

/// What a context is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Taken {
    /// An array of slots.
    Slots,
    /// The registers.
    Registers,
    /// This struct, of the object's BTF.
    Struct(TypeId),
    /// Nothing says so.
    Unknown,
}

/// Where arguments are declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Source {
    /// Nowhere.
    Nowhere,
    /// In the line of the macro, as it is in `.BTF.ext`: names, and types as they are written.
    Line,
    /// In debug information.
    Debug,
    /// In the struct that the context is taken for.
    Struct,
}

/// A declared argument.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Declared {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// What it is taken for.
    pub meaning: Meaning,
}

impl Meant {
    /// Without arguments.
    fn undeclared(context: Taken, source: Source) -> Self {
        Self {
            context,
            arguments: Vec::new(),
            source,
            is_partial: true,
            of_system_call: false,
        }
    }
}

impl Taken {
    fn or(self, other: Self) -> Self {
        match self {
            Self::Unknown => other,
            taken => taken,
        }
    }
}

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
