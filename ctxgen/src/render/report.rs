//! What `list` and `show` say about hooks.

use std::fmt;

use super::dump_error;
use super::error::RenderError;
use crate::btf::Btf;
use crate::btf::CPrinter;
use crate::btf::DumpError;
use crate::btf::Member;
use crate::btf::TypeId;
use crate::context::Context;
use crate::context::Shape;
use crate::context::ctx_btf::CtxBtf;
use crate::context::ctx_btf::CtxStruct;
use crate::declaration::Mentions;
use crate::declaration::Seen;
use crate::declaration::members;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::layout::Access;
use crate::layout::Field;
use crate::layout::Form;
use crate::text::c_comment;

/// A hook and its context, for people and for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Report {
    /// As a plain SEC name.
    pub hook: String,
    /// The context struct's name.
    pub r#struct: String,
    /// The hook's family.
    pub family: &'static str,
    /// What a program's argument points to, in C: the struct, or something that is none.
    pub context: String,
    /// Of the struct, in bytes.
    pub size: u32,
    /// The struct's fields.
    pub fields: Vec<FieldReport>,
    /// Where the fields' names are from.
    pub names_from: String,
    /// Why no program can attach, where that is so.
    #[cfg_attr(feature = "cli", serde(skip_serializing_if = "Option::is_none"))]
    pub unsupported: Option<String>,
}

/// A field of a context.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FieldReport {
    /// Its name.
    pub name: String,
    /// Its type in C.
    pub r#type: String,
    /// From the start of the struct, in bytes.
    pub offset: u32,
    /// In bytes.
    pub size: u32,
    /// The argument's own type, where the field is a whole slot instead.
    #[cfg_attr(feature = "cli", serde(skip_serializing_if = "Option::is_none"))]
    pub argument_type: Option<String>,
    /// A remark on what the verifier makes of it.
    #[cfg_attr(feature = "cli", serde(skip_serializing_if = "String::is_empty"))]
    pub remark: String,
    /// Which argument it is, counted from 0; `None` for what is none.
    #[cfg_attr(feature = "cli", serde(skip_serializing_if = "Option::is_none"))]
    pub argument: Option<u32>,
    /// The field as a declaration in C.
    #[cfg_attr(feature = "cli", serde(skip))]
    pub declaration: String,
}

/// How many bytes of C all reports of the smallest BTF may have.
const MOST_TEXT: usize = 8 << 20;
/// How many more for each byte of a BTF. All hooks of a kernel take about 5.
const TEXT_OF_BYTE: usize = 12;

/// How many bytes what cannot be printed counts for.
const TOO_MUCH: usize = 64 << 10;

/// Prints what reports have in C.
struct Printer<'b> {
    printer: CPrinter<'b>,
    /// How many more bytes may be printed: prototypes may be shared, so that the text is not bounded by the
    /// types.
    room: usize,
}

impl<'b> Printer<'b> {
    fn new(btf: &'b Btf<'_>, room: usize) -> Self {
        Self {
            printer: CPrinter::new(btf),
            room,
        }
    }

    fn declare(&mut self, id: TypeId, name: &str) -> Result<String, DumpError> {
        let text = match self.room {
            0 => return Err(DumpError::TooMuch(id)),
            _ => self.printer.declare(id, name),
        };
        // What is too much takes as long as much does.
        self.room = self.room.saturating_sub(match &text {
            Err(DumpError::TooMuch(_)) => TOO_MUCH,
            text => text.as_ref().map_or(0, String::len),
        });
        text
    }

    /// The type alone, and the declaration of a field with it.
    fn both(&mut self, id: TypeId, name: &str) -> Result<(String, String), DumpError> {
        let alone = self.declare(id, "")?;
        // Most have the name at the end.
        let declaration = match alone.contains(['(', '[', '{']) || name.is_empty() {
            true => self.declare(id, name)?,
            false => {
                let space = if alone.ends_with('*') { "" } else { " " };
                [&alone, space, name].concat()
            }
        };
        Ok((alone, declaration))
    }
}

/// Reports of all contexts in a ctx BTF, by struct name. Of hooks that share a struct, the report
/// is about the first; [`Report::for_hook`] makes it one about another. Where a context's types or
/// names cannot be written in C, its report says so ([`Report::unsupported`]).
///
/// # Errors
/// [`DeclarationError::Dump`](crate::DeclarationError::Dump), where no type at all can be written.
pub fn reports(ctx: &CtxBtf<'_>) -> Result<Vec<Report>, RenderError> {
    Reports::new(ctx.kernel()).of(ctx)
}

/// Makes reports of several ctx BTFs on top of one kernel's, of whose types it keeps what it has found out.
/// What all of them have in C is bounded by the size of the kernel's BTF.
#[derive(Debug)]
pub struct Reports<'k> {
    kernel: &'k KernelBtf,
    seen: Seen,
    /// How many more bytes of C all of them may have.
    room: usize,
}

impl<'k> Reports<'k> {
    /// Of contexts of that kernel.
    pub fn new(kernel: &'k KernelBtf) -> Self {
        Self {
            kernel,
            seen: Seen::default(),
            room: MOST_TEXT.saturating_add(TEXT_OF_BYTE.saturating_mul(kernel.btf().len())),
        }
    }

    /// As [`reports`], of a ctx BTF on top of this kernel's.
    ///
    /// # Errors
    /// As [`reports`].
    pub fn of(&mut self, ctx: &CtxBtf<'_>) -> Result<Vec<Report>, RenderError> {
        let is_own = std::ptr::eq(ctx.kernel(), self.kernel);
        let seen = match is_own {
            true => std::mem::take(&mut self.seen),
            false => Seen::default(),
        };
        let mut printer = Printer::new(ctx.btf(), self.room);
        let mut mentions = Mentions::with_seen(ctx.btf(), ctx.kernel().origin(), seen);
        let mut reports = Vec::with_capacity(ctx.structs().len());
        for ctx_struct in ctx.structs() {
            let report = mention(&mut mentions, ctx_struct).and_then(|()| {
                report(ctx, ctx_struct, &mut printer).map_err(|error| dump_error(ctx, error))
            });
            let hook = ctx_struct.context.hooks.first();
            match (report, hook) {
                (Ok(report), _) => reports.extend(report),
                // What is wrong with one says nothing of the others.
                (Err(error), Some(hook)) => reports.push(unsupported(hook, error.to_string())),
                (Err(error), None) => return Err(error),
            }
        }
        self.room = printer.room;
        if is_own {
            let end = TypeId(self.kernel.btf().type_count());
            self.seen = mentions.into_seen().below(end);
        }
        Ok(reports)
    }
}

fn mention(mentions: &mut Mentions<'_>, ctx_struct: &CtxStruct) -> Result<(), RenderError> {
    mentions.add_members(ctx_struct.type_id)?;
    if let Shape::Generated { layout, .. } = &ctx_struct.context.shape {
        // A slot's type is not the argument's.
        for field in &layout.fields {
            mentions.add(field.type_id)?;
            if let Access::Data(element) = field.access {
                mentions.add(element)?;
            }
        }
    }
    Ok(())
}

/// The report of a hook that no program can attach to.
pub fn unsupported(hook: &Hook, why: String) -> Report {
    Report {
        hook: hook.to_string(),
        r#struct: hook.struct_name(),
        context: format!("struct {}", hook.struct_name()),
        family: hook.family().name(),
        size: 0,
        fields: Vec::new(),
        names_from: "none".to_owned(),
        unsupported: Some(why),
    }
}

impl Report {
    /// The same about another hook with the same struct.
    #[must_use]
    pub fn for_hook(mut self, hook: &Hook) -> Self {
        // What it is called is known better here.
        if hook.has_joined_parts() {
            return self;
        }
        self.hook = hook.to_string();
        self.family = hook.family().name();
        self
    }
}

fn report(
    ctx: &CtxBtf<'_>,
    ctx_struct: &CtxStruct,
    printer: &mut Printer<'_>,
) -> Result<Option<Report>, DumpError> {
    let context = &ctx_struct.context;
    let Some(hook) = context.hooks.first() else {
        return Ok(None);
    };
    let fields = match &context.shape {
        Shape::Generated { layout, .. } => {
            let members = self::fields(ctx.btf(), ctx_struct.type_id);
            let mut fields = Vec::with_capacity(layout.fields.len());
            for (field, member) in layout.fields.iter().zip(members) {
                fields.push(slot_field(printer, field, &member)?);
            }
            fields
        }
        Shape::Other { .. } => Vec::new(),
        Shape::Kernel { type_id } => {
            let mut fields = Vec::new();
            kernel_fields(ctx.btf(), printer, *type_id, 0, 0, &mut fields)?;
            fields
        }
    };
    Ok(Some(Report {
        hook: hook.to_string(),
        r#struct: context.struct_name.clone(),
        context: match &context.shape {
            Shape::Other { pointee, .. } => (*pointee).to_owned(),
            _ => format!("struct {}", context.struct_name),
        },
        family: hook.family().name(),
        size: context.size(ctx.kernel()),
        fields,
        names_from: names_from(context),
        unsupported: None,
    }))
}

fn names_from(context: &Context) -> String {
    match &context.shape {
        Shape::Generated { names_from, .. } => names_from.to_string(),
        Shape::Kernel { .. } => format!("struct {}", context.struct_name),
        Shape::Other { what, .. } => (*what).to_owned(),
    }
}

fn slot_field(
    printer: &mut Printer<'_>,
    field: &Field,
    member: &Member<'_>,
) -> Result<FieldReport, DumpError> {
    let (r#type, declaration) = printer.both(member.type_id, member.name)?;
    Ok(FieldReport {
        name: field.name.clone(),
        r#type,
        offset: field.offset,
        size: field.size,
        argument_type: match field.form {
            Form::Own | Form::SystemCall => None,
            Form::Slot | Form::Slots(_) => Some(printer.declare(field.type_id, "")?),
        },
        remark: remark(printer, field)?,
        argument: field.argument,
        declaration,
    })
}

fn remark(printer: &mut Printer<'_>, field: &Field) -> Result<String, DumpError> {
    let access = super::access(field, |id| printer.declare(id, ""))?.unwrap_or_default();
    let both = [field.remark.as_str(), access.as_str()];
    let said: Vec<&str> = both.into_iter().filter(|text| !text.is_empty()).collect();
    Ok(said.join("; "))
}

/// How deep anonymous members are followed.
const MAX_DEPTH: u32 = 8;

/// The fields of a struct of the kernel's own, those of anonymous members in its place.
fn kernel_fields(
    btf: &Btf<'_>,
    printer: &mut Printer<'_>,
    type_id: TypeId,
    offset: u32,
    depth: u32,
    fields: &mut Vec<FieldReport>,
) -> Result<(), DumpError> {
    for member in members(btf, type_id) {
        let offset = offset.saturating_add(member.bit_offset / 8);
        if member.name.is_empty() {
            if depth < MAX_DEPTH {
                // Fails where more is in it than anyone would want to see.
                printer.declare(member.type_id, "")?;
                kernel_fields(btf, printer, member.type_id, offset, depth + 1, fields)?;
            }
            continue;
        }
        let (r#type, declaration) = printer.both(member.type_id, member.name)?;
        fields.push(FieldReport {
            name: member.name.to_owned(),
            r#type,
            offset,
            size: btf.size_of(member.type_id).unwrap_or(0),
            argument_type: None,
            remark: String::new(),
            argument: None,
            declaration,
        });
    }
    Ok(())
}

/// The members of a context struct, one for each field: those of an argument with several names, which are
/// in a union, in its place.
pub(super) fn fields<'b>(btf: &'b Btf<'_>, id: TypeId) -> Vec<Member<'b>> {
    let mut fields = Vec::new();
    for member in members(btf, id) {
        match member.name {
            "" => fields.extend(members(btf, member.type_id)),
            _ => fields.push(member),
        }
    }
    fields
}

impl fmt::Display for Report {
    /// The struct in C, with the offset and size of each field beside it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(why) = &self.unsupported {
            return writeln!(f, "/* {} */", c_comment(&format!("{}: {why}", self.hook)));
        }
        if self.r#struct.is_empty() {
            return writeln!(
                f,
                "/* {}: {} */\n{} *",
                c_comment(&self.hook),
                c_comment(&self.names_from),
                self.context
            );
        }
        writeln!(
            f,
            "/* {}; names from {} */\nstruct {} {{ /* {} bytes */",
            c_comment(&self.hook),
            c_comment(&self.names_from),
            self.r#struct,
            self.size
        )?;
        let width = self
            .fields
            .iter()
            .map(|field| field.declaration.chars().count())
            .max()
            .unwrap_or(0)
            .min(60);
        for field in &self.fields {
            let declaration = format!("{};", field.declaration);
            write!(
                f,
                "\t{declaration:<width$}  /* {:>3} +{}",
                field.offset,
                field.size,
                width = width + 1
            )?;
            if let Some(own) = &field.argument_type {
                write!(f, "; {}", c_comment(own))?;
            }
            if !field.remark.is_empty() {
                write!(f, "; {}", c_comment(&field.remark))?;
            }
            writeln!(f, " */")?;
        }
        writeln!(f, "}};")
    }
}
