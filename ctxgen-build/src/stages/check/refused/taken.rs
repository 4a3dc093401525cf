//! Contexts that are taken for another kind of memory within a program that declares none.
//!
//! A program that declares its context as `void *` says nothing of it. What takes it for something does: a
//! function of the object by its argument's type, an access that CO-RE relocates by its struct, and of
//! registers, a slot that is read by its number.

use ctxgen::KernelBtf;
use ctxgen::btf::TypeId;
use ctxgen::object::Pointee;
use ctxgen::object::Program;
use ctxgen::object::accesses::Access;
use ctxgen::object::accesses::AccessKind;
use ctxgen::object::accesses::ProgramAccesses;

use super::foreign::Memory;
use super::foreign::SLOT_TYPE;
use super::foreign::memory_of;
use super::foreign::register;
use super::reads::Reads;
use super::rules::SLOT;

/// What registers are called.
const PT_REGS: &str = "pt_regs";
/// How many bytes are read of a slot.
const SLOT_LEN: u32 = 8;
/// No argument is in these registers on any architecture but arm64.
const FIRST: i64 = 4;

/// What an access takes the context for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) memory: Memory,
    /// The same in C.
    pub(super) spelt: String,
    /// What the context is called there.
    pub(super) name: Option<String>,
}

impl Reads<'_> {
    /// What an access takes the context for, where it does not go by the program's own declaration.
    pub(super) fn taken(
        &self,
        program: &Program,
        found: &ProgramAccesses,
        access: &Access,
        is: Memory,
        kernels: &[KernelBtf],
    ) -> Option<Taken> {
        if let Some(place) = access.relocation {
            return self.taken_as_struct(self.object.relocations()[place].type_id);
        }
        let function = access.line.as_ref().map(|line| &*line.function);
        match function.filter(|function| !function.is_empty() && *function != program.name) {
            Some(function) => self.taken_by(found, function, access),
            None => {
                let parameter = self.functions.parameter(&program.name, 1)?;
                if parameter.points_to == Pointee::Void && is != Memory::Registers {
                    let is_by_name = kernels.iter().any(|of| is_register_by_name(access, of));
                    return is_by_name.then(|| Taken {
                        memory: Memory::Registers,
                        spelt: PT_REGS.to_owned(),
                        name: None,
                    });
                }
                let by_number = is == Memory::Registers
                    && parameter.points_to == Pointee::Void
                    && is_slot_by_number(access);
                by_number.then(|| Taken {
                    memory: Memory::Slots,
                    spelt: SLOT_TYPE.to_owned(),
                    name: None,
                })
            }
        }
    }

    fn taken_as_struct(&self, id: TypeId) -> Option<Taken> {
        let ty = self.object.btf().resolve(id)?;
        let spelt = ctxgen::essential_name(ty.name()).to_owned();
        Some(Taken {
            memory: memory_of(&spelt)?,
            spelt,
            name: None,
        })
    }

    /// What a function that the context is handed to takes it for.
    fn taken_by(&self, found: &ProgramAccesses, function: &str, access: &Access) -> Option<Taken> {
        let mut handed = found.accesses.iter().filter_map(|access| {
            // Of a global function, the kernel goes by the declaration alone.
            let callee = access.callee.as_ref().filter(|callee| !callee.is_global)?;
            match access.kind {
                AccessKind::Function { argument } if *callee.name == *function => Some(argument),
                _ => None,
            }
        });
        let first = handed.next()?;
        // Which one an access is through would not be known.
        if handed.any(|argument| argument != first) {
            return None;
        }
        let parameter = self.functions.parameter(function, first)?;
        let name = Some(parameter.name.to_owned()).filter(|name| !name.is_empty());
        match parameter.points_to {
            Pointee::Slots => Some(Taken {
                memory: Memory::Slots,
                spelt: SLOT_TYPE.to_owned(),
                name,
            }),
            Pointee::Composite(id) => {
                let taken = self.taken_as_struct(id)?;
                // The function may cast it to what it is.
                let is_so = taken.memory == Memory::Slots || is_through(access, parameter.name);
                is_so.then_some(Taken { name, ..taken })
            }
            _ => None,
        }
    }
}

/// Whether the line of an access has it through a variable of that name, or by a macro for registers.
fn is_through(access: &Access, name: &str) -> bool {
    let text = access.line.as_ref().map_or("", |line| &line.text);
    let arrow = format!("{name}->");
    let is_word = |(at, _): (usize, &str)| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    };
    text.contains("PT_REGS") || !name.is_empty() && text.match_indices(&arrow).any(is_word)
}

/// Whether the line of an access has a register by its name, at the place where a kernel has it: `c->si`. What is
/// inlined has no declaration, and its accesses no relocations where clang keeps offsets.
fn is_register_by_name(access: &Access, kernel: &KernelBtf) -> bool {
    let text = access.line.as_ref().map_or("", |line| &line.text);
    let offsets = access.offsets().unwrap_or_default();
    let [offset] = offsets[..] else {
        return false;
    };
    // The register may be one of those that an argument points to.
    if access.width != SLOT_LEN || text.contains('[') || text.contains("args") {
        return false;
    }
    let name = register(kernel, offset);
    name.is_some_and(|name| by_name(text).any(|field| field == name) || is_by_macro(text))
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The fields of variables in a line: `si` of `c->si`, and nothing of `c->regs->si`.
fn by_name(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("->").filter_map(move |(at, arrow)| {
        let before = text[..at].trim_end_matches(is_of_name);
        let is_variable = before.len() < at && !before.ends_with(['>', '.']);
        let behind = text[at + arrow.len()..]
            .split(|c: char| !is_of_name(c))
            .next();
        behind.filter(|_| is_variable)
    })
}

/// Whether a line has a macro for registers with a variable: `PT_REGS_PARM2(c)`.
fn is_by_macro(text: &str) -> bool {
    text.match_indices("PT_REGS_").any(|(at, _)| {
        let rest = text[at..]
            .split_once('(')
            .and_then(|(_, rest)| rest.split_once(')'));
        let argument = rest.map_or("", |(argument, _)| argument.trim());
        !argument.is_empty() && argument.chars().all(is_of_name)
    })
}

/// Whether an access to registers is to one of the first slots by its number, as in `slots[1]`.
fn is_slot_by_number(access: &Access) -> bool {
    let text = access.line.as_ref().map_or("", |line| &line.text);
    let offsets = access.offsets().unwrap_or_default();
    let [offset] = offsets[..] else {
        return false;
    };
    let number = offset / SLOT;
    let is_slot = offset % SLOT == 0 && (0..FIRST).contains(&number);
    is_slot
        && !text.contains("->")
        && !text.contains("PT_REGS")
        && (text.contains(&format!("[{number}]"))
            || access.width == SLOT_LEN && is_dereferenced(text))
}

/// Whether a line has a variable dereferenced: `return *c;`, and not `u64 *c = ctx;`, nor `*(u64 *)at`, which says
/// where it reads. A product looks alike in some places, and is left.
fn is_dereferenced(text: &str) -> bool {
    text.match_indices('*').any(|(at, _)| {
        let before = text[..at].trim_end();
        let is_operand = before.ends_with("return")
            || before.is_empty()
            || before.ends_with(['=', '(', ',', '!', '&', '|', '<', '>', '?', ':', '{', ';']);
        let behind = text[at + 1..].chars().next();
        // `(*c)` may be a function's pointer or an array's.
        is_operand && behind.is_some_and(|c| c.is_alphabetic() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_by_name() {
        for (text, names, is_macro) in [
            ("return c->si;", &["si"][..], false),
            ("seen = c->regs->r15;", &["regs"], false),
            ("seen = ((struct pt_regs *)c)->r15;", &[], false),
            ("a.b->di + c->ax", &["ax"], false),
            ("seen = PT_REGS_PARM2(c);", &[], true),
            (
                "seen = PT_REGS_PARM1((struct pt_regs *)c->regs);",
                &["regs"],
                false,
            ),
            ("->", &[], false),
            ("PT_REGS_RC(", &[], false),
        ] {
            assert_eq!(by_name(text).collect::<Vec<_>>(), names, "{text}");
            assert_eq!(is_by_macro(text), is_macro, "{text}");
        }
    }

    #[test]
    fn dereferences() {
        for (text, expected) in [
            ("return *c != 0; }", true),
            ("unsigned long long a = *c;", true),
            ("if (*c)", true),
            ("u64 *c = ctx;", false),
            ("u64 a = *(u64 *)(ctx + 8);", false),
            ("a = b * c;", false),
            ("f(a, *c);", true),
            ("int f(u64 *c)", false),
            ("", false),
        ] {
            assert_eq!(is_dereferenced(text), expected, "{text}");
        }
    }
}
