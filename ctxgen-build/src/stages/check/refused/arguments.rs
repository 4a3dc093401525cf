//! What global functions get as their arguments, besides contexts.
//!
//! The kernel verifies a global function by itself, with nothing but the declarations of its arguments
//! (`btf_prepare_func_args` of `kernel/bpf/btf.c`). A pointer is one to memory of the program's own, of so
//! many bytes as the type has, unless it is marked. A pointer of the kernel's is no such memory, and where the
//! arguments of a program are numbers to the verifier, neither is one of these.
//!
//! Each rule is measured on 5.10, 6.1, 6.12, 6.18, 7.2 and 7.3. Releases in between are taken to be as the next older
//! one of these, but for the marks, whose first releases are known.

use std::collections::HashSet;
use std::ffi::CString;

use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::btf::Btf;
use ctxgen::btf::Kind as TypeKind;
use ctxgen::btf::TypeId;
use ctxgen::object::Parameter;
use ctxgen::object::Program;
use ctxgen::object::Step;
use ctxgen::object::accesses::Access;
use ctxgen::object::accesses::AccessKind;
use ctxgen::object::accesses::GlobalCall;
use ctxgen::object::accesses::Passed;
use ctxgen::object::accesses::ProgramAccesses;
use ctxgen::reads::Reached;
use libbpf_rs::libbpf_sys::BTF_KIND_STRUCT;

use super::global::is_context;
use super::kind::Kind;
use super::marks::Mark;
use super::numbers::is_writable_buffer;
use super::reads::Reads;
use crate::findings::Refused;

/// The last release that is known to take no pointers but contexts: measured.
const NO_POINTERS: (u32, u32) = (5, 10);
/// Kernels up to the first take nothing of the kernel's memory for the program's own, nor do those from the
/// second on; between, a field that is read as a whole passes.
const NONE_OF_THE_KERNELS: [(u32, u32); 2] = [(6, 1), (7, 2)];

/// `bpf_get_current_task`, which returns a number, and `bpf_get_current_task_btf`.
const CURRENT_TASK: i32 = 35;
const CURRENT_TASK_BTF: i32 = 158;

/// How deep structs lie in each other.
const MAX_DEPTH: usize = 32;

/// What an argument is declared as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Declared<'o> {
    /// A number.
    Number,
    /// A pointer to so many bytes.
    Memory(u32),
    /// A pointer to what has no size.
    Unsized,
    /// Marked as a pointer of the kernel's, to a struct of that name.
    Marked(Mark, Option<&'o str>),
    /// No kernel takes it.
    Unsupported,
    /// A context, or what is not looked at here.
    Other,
}

/// What a function gets.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Given<'o> {
    /// A number to the verifier, whatever it is to the program.
    Number,
    /// A pointer of the kernel's, to a struct of that name.
    Pointer(&'o str),
    /// That or a number.
    Either(&'o str),
    /// An address within what such a pointer is to.
    Within,
    Stack,
    Unknown,
}

/// What is wrong with an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Unsupported,
    Unsized,
    /// The kernel takes no pointers.
    AnyPointer,
    /// The kernel does not know the mark.
    Unmarked(Mark),
    /// A pointer of the kernel's is given as memory.
    KernelsAsMemory,
    NumberAsMemory,
    NumberAsPointer,
    PointerAsNumber,
    OwnAsPointer,
    /// The kernel has no such struct.
    NotKernels,
}

impl Reads<'_> {
    /// The arguments of global functions that a program calls and that one of these kernels does not take, with
    /// whether the call is reached there.
    pub(super) fn arguments(
        &self,
        program: &Program,
        hook: &Hook,
        found: &ProgramAccesses,
        kernels: &[KernelBtf],
    ) -> Vec<(Reached, Refused)> {
        // What a replacement's or a `syscall` program's own context may be is not known.
        if matches!(Kind::of(hook), Kind::User | Kind::Unknown) {
            return Vec::new();
        }
        let contexts = contexts(found);
        let mut refused = Vec::new();
        for call in &found.globals {
            let at = (&*call.section, call.instruction_offset);
            for (argument, passed) in (1..).zip(&call.arguments) {
                if contexts.contains(&(at, argument)) {
                    continue;
                }
                let Some(parameter) = self.functions.parameter(&call.callee, argument) else {
                    continue;
                };
                let declared = self.declared_argument(hook, &call.callee, argument, parameter);
                let given = self.given(program, hook, &found.accesses, passed);
                let faults = kernels.iter().filter_map(|kernel| {
                    let fault = fault(declared, &given, kernel)?;
                    // What one kernel refuses, only another may get to.
                    let reached = self.reached(found, std::slice::from_ref(kernel), at);
                    (reached != Reached::Never).then_some((fault, reached))
                });
                for (fault, reached) in faults.take(1) {
                    let faulty = (argument, parameter, fault);
                    refused.push((reached, self.refused_argument(program, call, faulty)));
                }
            }
        }
        refused
    }

    fn declared_argument(
        &self,
        hook: &Hook,
        callee: &str,
        argument: u8,
        parameter: Parameter<'_>,
    ) -> Declared<'_> {
        let btf = self.object.btf();
        let is_marked = |mark| self.functions.is_marked(callee, argument, mark);
        let Some(ty) = btf.resolve(parameter.type_id) else {
            return Declared::Other;
        };
        let to = match ty.kind() {
            TypeKind::Ptr(to) => btf.resolve(to),
            TypeKind::Int { .. } | TypeKind::Enum { .. } | TypeKind::Enum64 { .. } => {
                return Declared::Number;
            }
            TypeKind::Struct(_) | TypeKind::Union(_) | TypeKind::Float { .. } => {
                return Declared::Unsupported;
            }
            _ => return Declared::Other,
        };
        let Some(to) = to else {
            return Declared::Other;
        };
        let is_dynptr = to.name() == "bpf_dynptr";
        if parameter.is_marked || is_marked("arena") || is_dynptr || is_context(hook, to.name()) {
            return Declared::Other;
        }
        let mut marks = [Mark::Trusted, Mark::Untrusted].into_iter();
        if let Some(mark) = marks.find(|mark| is_marked(mark.name())) {
            let name = Some(to.name()).filter(|_| matches!(to.kind(), TypeKind::Struct(_)));
            return Declared::Marked(mark, name);
        }
        match to.kind() {
            TypeKind::Void | TypeKind::Fwd { .. } | TypeKind::FuncProto { .. } => Declared::Unsized,
            _ => btf
                .size_of(to.id())
                .filter(|size| *size > 0)
                .map_or(Declared::Other, Declared::Memory),
        }
    }

    fn given(
        &self,
        program: &Program,
        hook: &Hook,
        accesses: &[Access],
        passed: &Passed,
    ) -> Given<'_> {
        match passed {
            Passed::Read(loads) => {
                let loads = loads.iter().filter_map(|load| accesses.get(*load));
                let mut given = loads.map(|load| self.read(program, hook, load));
                match given.next() {
                    Some(first) if given.all(|given| given == first) => first,
                    _ => Given::Unknown,
                }
            }
            Passed::Within(loads) => {
                let whole = Passed::Read(loads.clone());
                match self.given(program, hook, accesses, &whole) {
                    Given::Pointer(_) => Given::Within,
                    _ => Given::Unknown,
                }
            }
            Passed::Loaded(place) => {
                let field = self.object.relocations().get(*place);
                let field = field.and_then(|relocation| self.object.steps(relocation));
                let Some(Step::Member { of, name }) = field.and_then(|steps| steps.last().copied())
                else {
                    return Given::Unknown;
                };
                let of = self.object.btf().get(of).map(|ty| ty.kind());
                let member = match of {
                    Some(TypeKind::Struct(of) | TypeKind::Union(of)) => {
                        of.members().find(|member| member.name == name)
                    }
                    _ => None,
                };
                let Some(member) = member else {
                    return Given::Unknown;
                };
                let btf = self.object.btf();
                match btf.resolve(member.type_id).map(|ty| ty.kind()) {
                    Some(TypeKind::Int { .. } | TypeKind::Enum { .. }) => Given::Number,
                    _ => pointee(btf, member.type_id).map_or(Given::Unknown, Given::Either),
                }
            }
            Passed::Returned(CURRENT_TASK) => Given::Number,
            Passed::Returned(CURRENT_TASK_BTF) => Given::Pointer("task_struct"),
            Passed::Stack => Given::Stack,
            _ => Given::Unknown,
        }
    }

    /// What a load from the context has read.
    fn read(&self, program: &Program, hook: &Hook, load: &Access) -> Given<'_> {
        if !load.is_certain || is_writable_buffer(program, load) {
            return Given::Unknown;
        }
        match Kind::of(hook) {
            Kind::Registers | Kind::BareSlots | Kind::Record | Kind::PerfEvent => Given::Number,
            Kind::Slots | Kind::LsmSlots => {
                let btf = self.object.btf();
                let field = self.own_field(program, load);
                let to = field.and_then(|field| pointee(btf, field.type_id));
                to.map_or(Given::Unknown, Given::Pointer)
            }
            _ => Given::Unknown,
        }
    }

    fn refused_argument(
        &self,
        program: &Program,
        call: &GlobalCall,
        (argument, parameter, fault): (u8, Parameter<'_>, Fault),
    ) -> Refused {
        let name = match parameter.name {
            "" => "arg",
            name => name,
        };
        let declared = self.declared(parameter.type_id, name);
        let callee = &call.callee;
        let (what, marked) = fault.words(&declared, name);
        Refused {
            what: format!(
                "calls the global function {callee}(), whose argument {argument} is declared as \
                 `{declared}`: {what}"
            ),
            instead: format!(
                "Make the function one that is verified with its callers, `static __noinline`, or \
                 `static __always_inline`{marked}."
            ),
            ..self.finding_at(program, call.line.as_ref())
        }
    }
}

impl Fault {
    /// What the kernel makes of it, and what else there is to write.
    fn words(self, declared: &str, name: &str) -> (&'static str, String) {
        match self {
            Self::Unsupported => (
                "the kernel verifies a global function by itself, and takes nothing but numbers and pointers",
                format!("; or have it take a pointer, `*{name}`"),
            ),
            Self::Unsized => (
                "the kernel verifies a global function by itself, takes that for memory of the program's own, and \
                 has to know how large it is",
                "; or have it take a pointer to a type that has a size".to_owned(),
            ),
            Self::AnyPointer => (
                "up to Linux 5.10, the kernel verifies a global function by itself, and takes no pointers but \
                 contexts",
                String::new(),
            ),
            Self::Unmarked(Mark::Trusted) => (
                "the target kernel does not know the mark `__arg_trusted` (Linux 6.9 and later do)",
                String::new(),
            ),
            Self::Unmarked(Mark::Untrusted) => (
                "the target kernel does not know the mark `__arg_untrusted` (Linux 6.17 and later do)",
                String::new(),
            ),
            Self::KernelsAsMemory => (
                "the kernel verifies a global function by itself, and takes that for memory of the program's own; \
                 what is passed is a pointer of the kernel's",
                format!("; or mark the argument, `{declared} __arg_trusted` (Linux 6.9 and later)"),
            ),
            Self::NumberAsMemory => (
                "the kernel verifies a global function by itself, and takes that for memory of the program's own; \
                 what is passed is a number to it",
                format!(
                    "; or declare the argument as `unsigned long {name}`, and cast it in there; or mark it, \
                     `{declared} __arg_untrusted` (Linux 6.17 and later)"
                ),
            ),
            Self::NumberAsPointer => (
                "what is passed is a number to the kernel, and no pointer that it trusts",
                format!(
                    "; or declare the argument as `unsigned long {name}`, and cast it in there; or mark it with \
                     `__arg_untrusted` instead (Linux 6.17 and later)"
                ),
            ),
            Self::PointerAsNumber => (
                "what is passed is a pointer of the kernel's, and no number",
                "; or declare the argument as that pointer, with `__arg_trusted` (Linux 6.9 and later)".to_owned(),
            ),
            Self::NotKernels => (
                "the target kernel has no such struct, which the mark says",
                "; or leave the mark away".to_owned(),
            ),
            Self::OwnAsPointer => (
                "what is passed is memory of the program's own, and no pointer of the kernel's",
                "; or leave the mark away".to_owned(),
            ),
        }
    }
}

/// The arguments of calls that are the context, with the places of the calls.
fn contexts(found: &ProgramAccesses) -> HashSet<((&str, u32), u8)> {
    let of_calls = found
        .accesses
        .iter()
        .filter_map(|access| match access.kind {
            AccessKind::Function { argument } => {
                Some(((&*access.section, access.instruction_offset), argument))
            }
            _ => None,
        });
    of_calls.collect()
}

/// What is wrong with an argument that is declared so and gets that, on a kernel.
fn fault(declared: Declared<'_>, given: &Given<'_>, kernel: &KernelBtf) -> Option<Fault> {
    let is_pointer = !matches!(
        declared,
        Declared::Number | Declared::Other | Declared::Unsupported
    );
    let takes_pointers = kernel.release().is_none_or(|release| release > NO_POINTERS);
    match (declared, given) {
        (Declared::Unsupported, _) => Some(Fault::Unsupported),
        _ if is_pointer && !takes_pointers => Some(Fault::AnyPointer),
        (Declared::Unsized, _) => Some(Fault::Unsized),
        (Declared::Memory(_), Given::Number) => Some(Fault::NumberAsMemory),
        (Declared::Memory(size), Given::Pointer(to) | Given::Either(to)) => {
            is_no_memory(kernel, to, size).then_some(Fault::KernelsAsMemory)
        }
        (Declared::Memory(_), Given::Within) => {
            takes_none(kernel).then_some(Fault::KernelsAsMemory)
        }
        (Declared::Number, Given::Pointer(_)) => Some(Fault::PointerAsNumber),
        (Declared::Marked(mark, to), given) => {
            if mark.is_known_to(kernel) == Some(false) {
                // A kernel that knows no marks at all takes no notice of them.
                let ignores = Mark::Trusted.is_known_to(kernel) == Some(false);
                let is_own = matches!(given, Given::Stack | Given::Unknown);
                return (!ignores || !is_own).then_some(Fault::Unmarked(mark));
            }
            let is_known = |name: &str| {
                let name = CString::new(ctxgen::essential_name(name));
                name.is_ok_and(|name| kernel.btf().find(&name, BTF_KIND_STRUCT).is_some())
            };
            if kernel.pin_note().is_none() && !to.is_none_or(is_known) {
                return Some(Fault::NotKernels);
            }
            match (mark, given) {
                (Mark::Trusted, Given::Number) => Some(Fault::NumberAsPointer),
                (Mark::Trusted, Given::Stack) => Some(Fault::OwnAsPointer),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether a kernel does not take a pointer to a struct of its own for memory of so many bytes.
fn is_no_memory(kernel: &KernelBtf, to: &str, size: u32) -> bool {
    let Some(first) = first_field(kernel.btf(), to) else {
        return false;
    };
    size > first || takes_none(kernel)
}

/// Whether a kernel takes nothing of its own memory for the program's.
fn takes_none(kernel: &KernelBtf) -> bool {
    let [last, again] = NONE_OF_THE_KERNELS;
    let release = kernel.release();
    release.is_some_and(|release| release <= last || release >= again)
}

/// How long the first field is that a struct starts with, through structs within structs, in bytes.
fn first_field(btf: &Btf<'_>, name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    let mut id = btf.find(&name, BTF_KIND_STRUCT)?.id();
    for _ in 0..MAX_DEPTH {
        match btf.resolve(id)?.kind() {
            TypeKind::Struct(composite) => id = composite.members().next()?.type_id,
            _ => return btf.size_of(id),
        }
    }
    None
}

/// The name of the struct that a pointer is to.
fn pointee<'b>(btf: &'b Btf<'_>, id: TypeId) -> Option<&'b str> {
    let TypeKind::Ptr(to) = btf.resolve(id)?.kind() else {
        return None;
    };
    let to = btf.resolve(to)?;
    let is_struct = matches!(to.kind(), TypeKind::Struct(_) | TypeKind::Fwd { .. });
    let name = ctxgen::essential_name(to.name());
    (is_struct && !name.is_empty()).then_some(name)
}
