//! What a compiler holds the structs against.

use std::fmt::Write;

use crate::btf::Kind;
use crate::context::ctx_btf::CtxBtf;
use crate::context::ctx_btf::CtxStruct;
use crate::layout::Field;
use crate::layout::Form;
use crate::layout::Layout;

/// Whether the field's size depends on a definition that not every header of the kernel's types
/// has right: older bpftool writes enums of one byte as if they were of four, and compilers drop
/// some members of structs (see `vmlinux.h`).
fn needs_size_assertion(ctx: &CtxBtf<'_>, field: &Field) -> bool {
    let kind = ctx.btf().resolve(field.type_id).map(|ty| ty.kind());
    field.form == Form::Own
        && match kind {
            Some(Kind::Enum { size }) => size != 4,
            Some(Kind::Enum64 { .. } | Kind::Struct(_) | Kind::Union(_)) => true,
            _ => false,
        }
}

/// Sizes and offsets of a struct, as far as no relocation changes them.
pub(super) fn assertions(
    out: &mut String,
    ctx: &CtxBtf<'_>,
    ctx_struct: &CtxStruct,
    layout: &Layout,
) {
    let name = &ctx_struct.context.struct_name;
    // Where relocated accesses go to is not for the compiler to say.
    let fixed = !ctx_struct.relocatable;
    if fixed {
        let size = layout.size;
        let _ = writeln!(
            out,
            "_Static_assert(sizeof(struct {name}) == {size}, \"{name}\");"
        );
    }
    for field in &layout.fields {
        if fixed {
            let _ = writeln!(
                out,
                "_Static_assert(__builtin_offsetof(struct {name}, {field}) == {offset}, \
                 \"{name}.{field}\");",
                field = field.name,
                offset = field.offset
            );
        }
        if needs_size_assertion(ctx, field) {
            let _ = writeln!(
                out,
                "_Static_assert(sizeof(((struct {name} *)0)->{field}) == {size}, \
                 \"{name}.{field}: its type has another size in vmlinux.h\");",
                field = field.name,
                size = field.size
            );
        }
    }
    out.push('\n');
}
