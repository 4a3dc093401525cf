//! Programs of a trace event that take its record for another event's.
//!
//! The kernel takes any load behind a record's first bytes, up to the end of the event's record, whatever
//! struct the program has for it. So what is read is held against what the event has there. Of what CO-RE
//! relocates, the place is that in the kernel's own struct.

use std::ffi::CString;

use ctxgen::Context;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::PrototypeError;
use ctxgen::RecordFit;
use ctxgen::btf::Kind as TypeKind;
use ctxgen::btf::Member;
use ctxgen::btf::TypeId;
use ctxgen::object::Program;
use ctxgen::object::accesses::Access;
use ctxgen::object::accesses::AccessKind;
use ctxgen::object::accesses::ProgramAccesses;
use ctxgen::reads::Reached;
use ctxgen::text::name;
use libbpf_rs::libbpf_sys::BTF_KIND_STRUCT;

use super::findings::condition;
use super::foreign::Found;
use super::kind::Kind;
use super::reads::Reads;
use super::reads::place_of;
use crate::display::line_of;
use crate::display::shown;
use crate::findings::Mismatch;

/// What all records begin with, in bytes: programs may not load it.
const COMMON: u32 = 8;

/// A field of a struct of the kernel's.
struct Field<'o> {
    /// The struct's name, without a flavour.
    of: &'o str,
    name: String,
    /// In bytes, both.
    offset: u32,
    size: u32,
}

impl Reads<'_> {
    /// What there is to say of a program that reads another event's record, or one that is not known.
    pub(super) fn other_record(
        &self,
        program: &Program,
        found: &ProgramAccesses,
        hook: &Hook,
        kernels: &[KernelBtf],
    ) -> Found {
        if Kind::of(hook) != Kind::Record || hook.is_generic() {
            return Found::default();
        }
        let Some((reached, mismatch)) = self.misread_other(program, found, hook, kernels) else {
            return self.of_candidates(program, found, hook, kernels);
        };
        match reached {
            Reached::If(variables) => Found {
                mismatch: None,
                warning: Some(format!("{mismatch}{}", condition(&variables))),
            },
            _ => Found {
                mismatch: Some(mismatch),
                warning: None,
            },
        }
    }

    /// What there is to say of a program that reads a record which BTF leaves open: one of several structs has
    /// it. What all of them have is right, whichever it is, and what none has is another event's.
    fn of_candidates(
        &self,
        program: &Program,
        found: &ProgramAccesses,
        hook: &Hook,
        kernels: &[KernelBtf],
    ) -> Found {
        let mut open =
            kernels
                .iter()
                .filter_map(|kernel| match Context::of_hook_alone(kernel, hook) {
                    Err(PrototypeError::AmbiguousEvent { candidates, .. })
                        if !candidates.is_empty() =>
                    {
                        Some((kernel, candidates))
                    }
                    _ => None,
                });
        let Some((kernel, candidates)) = open.next() else {
            return Found::default();
        };
        let names = candidates
            .iter()
            .filter_map(|name| name.strip_prefix("struct "));
        let names: Vec<&str> = names.collect();
        let mut report = Found::default();
        for access in &found.accesses {
            let Some(field) = self.field_of_record(program, access) else {
                continue;
            };
            let Some((offset, size)) = placed(kernel, &field, access.relocation.is_some()) else {
                continue;
            };
            let have = names
                .iter()
                .filter(|name| has_member(kernel, name, &field.name, offset, size));
            let have = have.count();
            let of = format!(
                "its record is {} (BTF does not tell which)",
                names.join(" or ")
            );
            let at = (&*access.section, access.instruction_offset);
            if have < names.len() && self.reached(found, kernels, at) == Reached::Never {
                continue;
            }
            if have == 0 && kernels.len() == 1 && !names.contains(&field.of) {
                let what = format!(
                    "the record of {} has no such field there: {of}",
                    hook.target()
                );
                // Its struct cannot be made either, as long as the record is not known.
                report.mismatch = Some(self.misread_field(program, None, access, &field, &what));
                return report;
            }
            if have < names.len() && report.warning.is_none() {
                report.warning = Some(format!(
                    "{}: program {}, SEC(\"{}\"): whether {} of struct {} is there is not known: {of}. The \
                     event's format in tracefs does (Builder::formats)",
                    shown(&self.source_of(&program.name)),
                    name(&program.name),
                    name(&program.section),
                    name(&field.name),
                    name(field.of),
                ));
            }
        }
        report
    }

    /// What is wrong with the first field that is another event's.
    fn misread_other(
        &self,
        program: &Program,
        found: &ProgramAccesses,
        hook: &Hook,
        kernels: &[KernelBtf],
    ) -> Option<(Reached, Mismatch)> {
        let contexts: Option<Vec<(&KernelBtf, Context)>> = kernels
            .iter()
            .map(|kernel| Some((kernel, Context::of_hook_alone(kernel, hook).ok()?)))
            .collect();
        let contexts = contexts.filter(|contexts| !contexts.is_empty())?;
        let other = found.accesses.iter().find_map(|access| {
            let field = self.field_of_record(program, access)?;
            let is_other = |(kernel, context): &(&KernelBtf, Context)| {
                context.record_fit(field.of) == Some(RecordFit::Other)
                    && !has(kernel, context, &field, access.relocation.is_some())
            };
            let at = (&*access.section, access.instruction_offset);
            let is_other = contexts.iter().all(is_other);
            match is_other.then(|| self.reached(found, kernels, at))? {
                Reached::Never => None,
                reached => Some((reached, access, field)),
            }
        });
        let (reached, access, field) = other?;
        let mismatch = self.misread_record(program, hook, access, &field, &contexts[0].1);
        Some((reached, mismatch))
    }

    fn misread_record(
        &self,
        program: &Program,
        hook: &Hook,
        access: &Access,
        field: &Field<'_>,
        context: &Context,
    ) -> Mismatch {
        let own = match context.record_struct() {
            Some(own) => format!(". The kernel's own struct of that is {own}"),
            None => String::new(),
        };
        let what = format!(
            "the record of {} has no such field there{own}",
            hook.target()
        );
        let gets = Some(hook.struct_name()).filter(|name| !name.is_empty());
        self.misread_field(program, gets, access, field, &what)
    }

    fn misread_field(
        &self,
        program: &Program,
        gets: Option<String>,
        access: &Access,
        field: &Field<'_>,
        what: &str,
    ) -> Mismatch {
        let place = place_of(access);
        let text = match &access.line {
            Some(line) if !line.text.is_empty() => format!("\n    {}", line_of(&line.text)),
            _ => String::new(),
        };
        let why = format!(
            "{place}reads {} at offset {}, which is another event's: {what}{text}",
            field.name, field.offset
        );
        self.mismatch(program, field.of.to_owned(), gets, why)
    }

    /// The field of a kernel's struct that an access to the context is to, where the access has one.
    fn field_of_record(&self, program: &Program, access: &Access) -> Option<Field<'_>> {
        if !access.is_certain || access.kind != AccessKind::Load {
            return None;
        }
        let of = match access.relocation {
            Some(place) => self.object.relocations()[place].type_id,
            // A function that is called may take it for something else.
            None => program.context.filter(|_| is_in(program, access))?,
        };
        let [offset] = access.offsets()?[..] else {
            return None;
        };
        let offset = u32::try_from(offset).ok().filter(|at| *at >= COMMON)?;
        self.member(of, offset)
    }

    /// The member of a struct itself that is there.
    fn member(&self, of: TypeId, offset: u32) -> Option<Field<'_>> {
        let btf = self.object.btf();
        let ty = btf.get(of)?;
        let TypeKind::Struct(composite) = ty.kind() else {
            return None;
        };
        let mut members = composite.members();
        members.find_map(|member| {
            let (start, size) = (member.bit_offset / 8, btf.size_of(member.type_id)?);
            // An array of any length ends the struct.
            let is_within = size == 0 || offset.wrapping_sub(start) < size;
            let is_here = start <= offset && is_within && !member.name.is_empty();
            is_here.then(|| Field {
                of: ctxgen::essential_name(ty.name()),
                name: member.name.to_owned(),
                offset: start,
                size,
            })
        })
    }
}

/// Whether an access is in the program's own function, and not in one that it calls.
fn is_in(program: &Program, access: &Access) -> bool {
    let line = access.line.as_ref();
    line.is_some_and(|line| *line.function == *program.name)
}

/// Whether the record of an event has a field that a program reads, where it reads it.
fn has(kernel: &KernelBtf, context: &Context, field: &Field<'_>, is_relocated: bool) -> bool {
    match placed(kernel, field, is_relocated) {
        Some((offset, size)) => context.has_record_field(&field.name, offset, size),
        // That fails when it is loaded, and need not be reached.
        None => true,
    }
}

/// Where a field is read, and how long it is, in bytes: what is relocated, as the kernel's struct has it.
/// `None` where it has no such.
fn placed(kernel: &KernelBtf, field: &Field<'_>, is_relocated: bool) -> Option<(u32, u32)> {
    if !is_relocated {
        return Some((field.offset, field.size));
    }
    let member = member(kernel, field.of, &field.name)?;
    let size = kernel.btf().size_of(member.type_id);
    Some((member.bit_offset / 8, size.unwrap_or(field.size)))
}

fn has_member(kernel: &KernelBtf, of: &str, name: &str, offset: u32, size: u32) -> bool {
    member(kernel, of, name).is_some_and(|member| {
        member.bit_offset / 8 == offset && kernel.btf().size_of(member.type_id) == Some(size)
    })
}

fn member<'k>(kernel: &'k KernelBtf, of: &str, name: &str) -> Option<Member<'k>> {
    let of = CString::new(of).ok()?;
    match kernel.btf().find(&of, BTF_KIND_STRUCT)?.kind() {
        TypeKind::Struct(composite) => composite.members().find(|member| member.name == name),
        _ => None,
    }
}
