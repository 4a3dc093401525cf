//! Contexts that are handed to global functions.
//!
//! The kernel verifies a global function by itself, and takes a context for one of its arguments only where
//! the declaration says so: by the kernel's own type of the program's context, or since 6.8 by a mark
//! (`btf_prepare_func_args` and `btf_validate_prog_ctx_type` of `kernel/bpf/btf.c`).

use ctxgen::object::Parameter;
use ctxgen::object::Pointee;
use ctxgen::object::Program;
use ctxgen::object::accesses::Access;
use ctxgen::object::accesses::AccessKind;

use super::foreign::REGISTERS;
use super::kind::Kind;
use super::reads::Reads;
use crate::findings::Refused;

/// How the kernel's own structs of iterators begin.
const ITERATOR: &str = "bpf_iter__";

impl Reads<'_> {
    /// What is wrong with handing the context to a global function, if that is what an access does.
    pub(super) fn passed_to_global(
        &self,
        program: &Program,
        kind: Kind,
        access: &Access,
    ) -> Option<Refused> {
        let AccessKind::Function { argument } = access.kind else {
            return None;
        };
        let callee = access.callee.as_ref().filter(|callee| callee.is_global)?;
        let parameter = self.functions.parameter(&callee.name, argument)?;
        if !access.is_certain || !self.is_refused(kind, parameter) {
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
        let cast = match parameter.points_to {
            Pointee::Composite(_) => format!(", and cast it in there: `{declared}c = {name};`"),
            _ => String::new(),
        };
        instead.push_str(&format!(
            "; or declare the argument as `void *{name} __arg_ctx` (Linux 6.8 and later){cast}."
        ));
        Some(Refused {
            what: format!(
                "hands its context to the global function {callee}(), whose argument {argument} is \
                 declared as `{declared}{name}`: the kernel verifies a global function by itself, and \
                 takes no context for that type"
            ),
            instead,
            ..self.finding(program, Some(access))
        })
    }

    /// Whether a global function with such a parameter cannot be called with a context of that kind.
    fn is_refused(&self, kind: Kind, parameter: Parameter<'_>) -> bool {
        match (parameter.points_to, parameter.is_marked) {
            // What user space hands over is memory like any other.
            _ if matches!(kind, Kind::User | Kind::Unknown) => false,
            // Of these programs, the kernel takes any type that is marked.
            (_, true) if kind == Kind::Record => false,
            (Pointee::Void | Pointee::Slots, marked) => !marked,
            (Pointee::Composite(id), _) => {
                let name = self.object.btf().get(id).map_or("", |ty| ty.name());
                let is_registers = REGISTERS.contains(&name);
                let are_slots = matches!(kind, Kind::Slots | Kind::LsmSlots | Kind::BareSlots);
                // Of these, the verifier knows the slots that they are laid out as.
                let is_iterator = kind == Kind::Slots && name.starts_with(ITERATOR);
                let is_own = self.object.context_hook(id).is_some();
                is_own || is_iterator || is_registers && are_slots
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
