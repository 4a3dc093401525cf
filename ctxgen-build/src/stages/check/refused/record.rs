//! Programs of a trace event that take its record for another event's.
//!
//! The kernel takes any load behind a record's first bytes, up to the end of the event's record, whatever
//! struct the program has for it. So what is read is held against what the event has there. Of what CO-RE
//! relocates, the place is that in the kernel's own struct.

use std::ffi::CString;

use ctxgen::Context;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::RecordFit;
use ctxgen::btf::Kind as TypeKind;
use ctxgen::btf::TypeId;
use ctxgen::object::Program;
use ctxgen::object::accesses::Access;
use ctxgen::object::accesses::AccessKind;
use ctxgen::object::accesses::ProgramAccesses;
use libbpf_rs::libbpf_sys::BTF_KIND_STRUCT;

use super::kind::Kind;
use super::reads::Reads;
use super::reads::place_of;
use crate::display::line_of;
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
    /// What is wrong with the first field that a program reads of another event's record.
    pub(super) fn other_record(
        &self,
        program: &Program,
        found: &ProgramAccesses,
        hook: &Hook,
        kernels: &[KernelBtf],
    ) -> Option<Mismatch> {
        if Kind::of(hook) != Kind::Record || hook.is_generic() {
            return None;
        }
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
            contexts.iter().all(is_other).then_some((access, field))
        });
        let (access, field) = other?;
        Some(self.misread_record(program, hook, access, &field, &contexts[0].1))
    }

    fn misread_record(
        &self,
        program: &Program,
        hook: &Hook,
        access: &Access,
        field: &Field<'_>,
        context: &Context,
    ) -> Mismatch {
        let place = place_of(access);
        let text = match &access.line {
            Some(line) if !line.text.is_empty() => format!("\n    {}", line_of(&line.text)),
            _ => String::new(),
        };
        let own = match context.record_struct() {
            Some(own) => format!(". The kernel's own struct of that is {own}"),
            None => String::new(),
        };
        let gets = Some(hook.struct_name()).filter(|name| !name.is_empty());
        let why = format!(
            "{place}reads {} at offset {}, which is another event's: the record of {} has no such field \
             there{own}{text}",
            field.name,
            field.offset,
            hook.target()
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

/// Whether an event's record has a field of another's, which a kernel has perhaps elsewhere than the object.
fn has(kernel: &KernelBtf, context: &Context, field: &Field<'_>, is_relocated: bool) -> bool {
    let (mut offset, mut size) = (field.offset, field.size);
    if is_relocated {
        let btf = kernel.btf();
        let ty = CString::new(field.of)
            .ok()
            .and_then(|of| btf.find(&of, BTF_KIND_STRUCT));
        let Some(TypeKind::Struct(composite)) = ty.map(|ty| ty.kind()) else {
            // That fails when it is loaded, and need not be reached.
            return true;
        };
        let mut members = composite.members();
        let Some(member) = members.find(|member| member.name == field.name) else {
            return true;
        };
        offset = member.bit_offset / 8;
        size = btf.size_of(member.type_id).unwrap_or(size);
    }
    context.has_record_field(&field.name, offset, size)
}
