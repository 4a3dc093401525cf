//! The arguments' own types, for `ctx_get`.

use std::fmt::Write;

use crate::btf::CPrinter;
use crate::btf::Definitions;
use crate::btf::TypeId;
use crate::context::ctx_btf::CtxBtf;
use crate::context::ctx_btf::CtxStruct;
use crate::layout::Access;
use crate::layout::Field;
use crate::layout::Form;
use crate::layout::Layout;
use crate::layout::SLOT;

/// The argument's own type, where the field is declared as slots and `ctx_get` makes one of the other.
pub(super) fn own_type(field: &Field, declared: TypeId, relocatable: bool) -> Option<TypeId> {
    let slots = match field.form {
        Form::Own | Form::SystemCall => false,
        Form::Slot => true,
        Form::Slots(_) => relocatable && !matches!(field.access, Access::Never(_)),
    };
    (slots && field.type_id != declared).then_some(field.type_id)
}

/// The arguments' own types, for `ctx_get`, in an array that takes no room.
pub(super) fn own_types(
    out: &mut String,
    definitions: &mut Definitions<'_>,
    ctx: &CtxBtf<'_>,
    ctx_struct: &CtxStruct,
    layout: &Layout,
) -> Result<(), crate::btf::DumpError> {
    let is_readable = |field: &Field| !matches!(field.access, Access::Never(_));
    let members = crate::render::report::fields(ctx.btf(), ctx_struct.type_id);
    let fields = layout.fields.iter().zip(members);
    let readable: Vec<_> = fields.filter(|(field, _)| is_readable(field)).collect();
    if readable.is_empty() {
        return Ok(());
    }
    // The array has no room, and is to ask for no alignment that slots do not have.
    let mut packed = "";
    out.push_str("#ifndef __BINDGEN__\n\tstruct {\n");
    for (field, member) in readable {
        let type_id = match field.form {
            // It points to what is declared here, and not to registers.
            Form::SystemCall => member.type_id,
            _ => field.type_id,
        };
        if is_wider_aligned(ctx, type_id) {
            packed = "__attribute__((packed)) ";
        }
        let declared = definitions.declare(type_id, &field.name)?;
        let _ = writeln!(out, "\t\t{declared};");
    }
    let _ = write!(out, "\t}} {packed}__own[0];\n#endif\n");
    Ok(())
}

/// Whether a type asks for more than slots have.
pub(super) fn is_wider_aligned(ctx: &CtxBtf<'_>, id: TypeId) -> bool {
    let align = CPrinter::new(ctx.btf()).align_of(id);
    align.is_some_and(|align| align > SLOT)
}
