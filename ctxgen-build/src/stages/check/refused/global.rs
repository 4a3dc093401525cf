//! Contexts that are handed to global functions.
//!
//! The kernel verifies a global function by itself, and takes a context for one of its arguments only where
//! the declaration says so: by the kernel's own type of the program's context, or since 6.8 by a mark
//! (`btf_prepare_func_args` and `btf_validate_prog_ctx_type` of `kernel/bpf/btf.c`).

use std::collections::BTreeSet;

use ctxgen::Generic;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::object::Parameter;
use ctxgen::object::Pointee;
use ctxgen::object::Program;
use ctxgen::object::accesses::Access;
use ctxgen::object::accesses::AccessKind;
use ctxgen::object::accesses::ProgramAccesses;

use super::foreign::REGISTERS;
use super::kind::Kind;
use super::reads::Reads;
use super::rules::Severity;
use crate::findings::Refused;

/// The last release that is known to take no global function that returns nothing: measured.
const NUMBERS_ALONE: (u32, u32) = (6, 18);
/// The first release that is taken to have any.
const NOTHING_TOO: (u32, u32) = (7, 1);

/// How the kernel's own structs of iterators begin.
const ITERATOR: &str = "bpf_iter__";

/// Which types of arguments a context is taken for whatever they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Any {
    No,
    /// Those that are marked.
    Marked,
    /// All.
    Plain,
}

/// Structs of the kernel's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Structs {
    None,
    /// That of this name.
    One(&'static str),
    /// The registers, whatever they are called on an architecture.
    Registers,
    /// Those of iterators.
    Iterators,
}

impl Structs {
    fn has(self, name: &str) -> bool {
        match self {
            Self::None => false,
            Self::One(own) => own == name,
            Self::Registers => REGISTERS.contains(&name),
            Self::Iterators => name.starts_with(ITERATOR),
        }
    }
}

/// For what the kernel takes a context: for these, and for a `void *` with a mark.
#[derive(Clone, Copy, Debug)]
struct Takes {
    any: Any,
    /// Those that need no mark.
    plain: Structs,
    /// Those that need one.
    marked: Structs,
    /// Whether integers of 64 bits are taken, with a mark.
    slots: bool,
}

const NOTHING: Takes = Takes {
    any: Any::No,
    plain: Structs::None,
    marked: Structs::None,
    slots: false,
};

/// The array of slots, as a struct.
const ARRAY: Structs = Structs::One("bpf_raw_tracepoint_args");

/// Uapi structs of contexts, and those that the kernel has behind them (`btf_is_projection_of`).
const PROJECTED: [(&str, &str); 2] = [("__sk_buff", "sk_buff"), ("xdp_md", "xdp_buff")];

/// What the kernel takes for the context of programs on that hook. Each row is measured on Linux 6.18, but for
/// the functions' and LSM programs' and those of netfilter.
fn takes(hook: &Hook) -> Takes {
    let kind = Kind::of(hook);
    let any = match kind {
        // What user space hands over is memory like any other.
        Kind::User | Kind::Unknown => Any::Plain,
        Kind::Record => Any::Marked,
        _ => Any::No,
    };
    let (plain, marked) = match (kind, hook.family().name(), hook.family().generic()) {
        (Kind::Slots, "iter", _) => (Structs::None, Structs::Iterators),
        (Kind::Slots, "tp_btf", _) => (Structs::None, ARRAY),
        (Kind::BareSlots, ..) => (ARRAY, ARRAY),
        (Kind::Registers, ..) => (Structs::Registers, Structs::Registers),
        (Kind::PerfEvent, ..) => (Structs::One("bpf_perf_event_data"), Structs::Registers),
        (Kind::Replaced | Kind::Other, _, Generic::Struct(own)) => {
            (Structs::One(own), Structs::None)
        }
        // A context that is no struct.
        (Kind::Replaced | Kind::Other, ..) => {
            let any = Any::Plain;
            return Takes { any, ..NOTHING };
        }
        _ => (Structs::None, Structs::None),
    };
    let are_slots = matches!(kind, Kind::Slots | Kind::LsmSlots | Kind::BareSlots);
    Takes {
        any,
        plain,
        marked,
        slots: are_slots && marked != Structs::Iterators,
    }
}

/// Whether a name is that of the kernel's struct behind one of these.
fn is_projected(plain: Structs, name: &str) -> bool {
    let mut projected = PROJECTED.iter();
    projected.any(|(own, kernels)| *kernels == name && plain.has(own))
}

/// Whether an argument that points to a struct of that name is the context of programs on that hook, without a
/// mark.
pub(super) fn is_context(hook: &Hook, name: &str) -> bool {
    let plain = takes(hook).plain;
    plain.has(name) || is_projected(plain, name)
}

impl Reads<'_> {
    /// What is wrong with handing the context to a global function, if that is what an access does.
    pub(super) fn passed_to_global(
        &self,
        program: &Program,
        hook: &Hook,
        access: &Access,
    ) -> Option<Refused> {
        let AccessKind::Function { argument } = access.kind else {
            return None;
        };
        let callee = access.callee.as_ref().filter(|callee| callee.is_global)?;
        let parameter = self.functions.parameter(&callee.name, argument)?;
        if !access.is_certain || self.is_taken(hook, parameter) {
            return None;
        }
        let declared = self.parameter_type(parameter);
        let name = match parameter.name {
            "" => "ctx",
            name => name,
        };
        let callee = &callee.name;
        let mut instead = "Make the function one that is verified with its callers, \
                           `static __noinline`, or `static __always_inline`"
            .to_owned();
        match takes(hook).plain {
            Structs::One(own) => instead.push_str(&format!(
                "; or declare the argument as `struct {own} *{name}`."
            )),
            _ => {
                let cast = match parameter.points_to {
                    Pointee::Composite(_) => {
                        format!(", and cast it in there: `{declared}c = {name};`")
                    }
                    _ => String::new(),
                };
                instead.push_str(&format!(
                    "; or declare the argument as `void *{name} __arg_ctx` (Linux 6.8 and later){cast}."
                ));
            }
        }
        let declared = match &*declared {
            "" => "declared as another type".to_owned(),
            declared => format!("declared as `{declared}{name}`"),
        };
        Some(Refused {
            what: format!(
                "hands its context to the global function {callee}(), whose argument {argument} is \
                 {declared}: the kernel verifies a global function by itself, and takes no context of \
                 this program for that type"
            ),
            instead,
            ..self.finding(program, Some(access))
        })
    }

    /// The global functions that a program calls and that return something else than a number, which no
    /// kernel takes (`btf_prepare_func_args` of `kernel/bpf/btf.c`). Later kernels may take one that returns
    /// nothing. With each, the place of its call.
    pub(super) fn returning<'f>(
        &self,
        program: &Program,
        found: &'f ProgramAccesses,
        kernels: &[KernelBtf],
    ) -> Vec<((&'f str, u32), Severity, Refused)> {
        let oldest = kernels.iter().map(KernelBtf::release).min().flatten();
        let of_nothing = match oldest {
            Some(release) if release <= NUMBERS_ALONE => Some(Severity::Error),
            Some(release) if release >= NOTHING_TOO => None,
            _ => Some(Severity::Warning),
        };
        let mut seen = BTreeSet::new();
        let calls = found.globals.iter().filter(|call| {
            self.functions.returns_number(&call.callee) == Some(false) && seen.insert(&call.callee)
        });
        calls
            .filter_map(|call| {
                let returned = self.functions.returned(&call.callee).unwrap_or_default();
                let (severity, kernel) = match &*returned {
                    "void" => (of_nothing?, "up to Linux 6.18, the kernel"),
                    _ => (Severity::Error, "the kernel"),
                };
                let callee = &call.callee;
                let refused = Refused {
                    what: format!(
                        "calls the global function {callee}(), which returns `{returned}`: {kernel} verifies \
                         a global function by itself, and takes none but those that return a number"
                    ),
                    instead: "Have it return an `int`, or make the function one that is verified with its \
                              callers, `static __noinline`, or `static __always_inline`."
                        .to_owned(),
                    ..self.finding_at(program, call.line.as_ref())
                };
                let at = (&*call.section, call.instruction_offset);
                Some((at, severity, refused))
            })
            .collect()
    }

    /// Whether a global function with such a parameter can be called with the context of a program on that
    /// hook.
    fn is_taken(&self, hook: &Hook, parameter: Parameter<'_>) -> bool {
        let takes = takes(hook);
        match (parameter.points_to, parameter.is_marked) {
            _ if takes.any == Any::Plain => true,
            (_, true) if takes.any == Any::Marked => true,
            (Pointee::Void, is_marked) => is_marked,
            (Pointee::Slots, is_marked) => is_marked && takes.slots,
            (Pointee::Composite(id), is_marked) => {
                let name = self.object.btf().get(id).map_or("", |ty| ty.name());
                match is_marked {
                    true => takes.plain.has(name) || takes.marked.has(name),
                    false => takes.plain.has(name) || is_projected(takes.plain, name),
                }
            }
            _ => false,
        }
    }

    fn parameter_type(&self, parameter: Parameter<'_>) -> String {
        match parameter.points_to {
            Pointee::Void => "void *".to_owned(),
            Pointee::Slots => "u64 *".to_owned(),
            Pointee::Composite(id) => {
                let name = self.object.btf().get(id).map_or("", |ty| ty.name());
                format!("struct {name} *")
            }
            _ => String::new(),
        }
    }
}
