//! `ctx_data` and its like, the macros that lead to what a record has behind its fields.
//!
//! `__data_loc_<name>` has the place in its lower half, from the start of the record, and the length in
//! its upper half, in bytes; of `__rel_loc_<name>`, the place is from the end of that word on
//! (`__dynamic_array` and `__rel_dynamic_array` of `include/trace/stages/`). The type of what is there
//! is no member's, so that the struct has it in an array that takes no room, as for `ctx_get`.

use std::fmt::Write;

use crate::btf::Definitions;
use crate::btf::DumpError;
use crate::context::Shape;
use crate::context::ctx_btf::CtxBtf;
use crate::layout::Access;
use crate::layout::ELEMENTS;
use crate::layout::Layout;
use crate::text::ident::field_name;
use crate::tracefs::Data;

/// To the verifier, what is behind the fields is no memory that may be loaded from.
const ABSOLUTE: &str = "\
/*
 * What a record has behind its fields: ctx_data(ctx, name) points to the first element of what
 * __data_loc_name says the place of, and ctx_data_len(ctx, name) is how many bytes it has.
 * bpf_probe_read_kernel() and bpf_probe_read_kernel_str() read it.
 */
#define ctx_data(ctx, name)                                                            \\
	((__typeof__((ctx)->__elements->name) *)((const char *)(ctx) +                 \\
						 (ctx_keep((ctx)->__data_loc_##name) & 0xffff)))
#define ctx_data_len(ctx, name)                                                        \\
	((unsigned int)ctx_keep((ctx)->__data_loc_##name) >> 16)

";

/// As [`ABSOLUTE`]; where the field is, is `OFFSET`.
const RELATIVE: &str = "\
/* As ctx_data() and ctx_data_len(), for __rel_loc_name, which counts from its own end. */
#define ctx_rel_data(ctx, name)                                                        \\
	((__typeof__((ctx)->__elements->name) *)((const char *)(ctx) + 4 +             \\
						 OFFSET + \\
						 (ctx_keep((ctx)->__rel_loc_##name) & 0xffff)))
#define ctx_rel_data_len(ctx, name)                                                    \\
	((unsigned int)ctx_keep((ctx)->__rel_loc_##name) >> 16)

";

const FIXED_OFFSET: &str = "__builtin_offsetof(__typeof__(*(ctx)), __rel_loc_##name)";
/// `BPF_FIELD_BYTE_OFFSET` is 0.
const RELOCATED_OFFSET: &str = "__builtin_preserve_field_info((ctx)->__rel_loc_##name, 0)";

/// The macros that these contexts need.
pub(super) fn accessors(ctx: &CtxBtf<'_>) -> String {
    let needs = |data: Data| {
        ctx.structs().iter().any(|ctx_struct| {
            let Shape::Generated { layout, .. } = &ctx_struct.context.shape else {
                return false;
            };
            places(layout).any(|(found, ..)| found == data)
        })
    };
    let mut text = String::new();
    if needs(Data::Absolute) {
        text.push_str(ABSOLUTE);
    }
    if needs(Data::Relative) {
        let offset = match ctx.is_relocatable() {
            true => RELOCATED_OFFSET,
            false => FIXED_OFFSET,
        };
        text.push_str(&RELATIVE.replace("OFFSET", offset));
    }
    text
}

/// The fields that are places in the record: how they say it, and name and type of what is there.
fn places(layout: &Layout) -> impl Iterator<Item = (Data, &str, crate::btf::TypeId)> {
    layout.fields.iter().filter_map(|field| {
        let Access::Data(element) = field.access else {
            return None;
        };
        let (data, name) = Data::of_member(&field.name)?;
        // What no member can be called, a macro's argument cannot name.
        (field_name(name, &[]) == name).then_some((data, name, element))
    })
}

/// The elements' types.
pub(super) fn elements(
    out: &mut String,
    definitions: &mut Definitions<'_>,
    layout: &Layout,
) -> Result<(), DumpError> {
    let mut members = String::new();
    let mut names: Vec<&str> = Vec::new();
    for (_, name, element) in places(layout) {
        if !names.contains(&name) {
            names.push(name);
            let declared = definitions.declare(element, name)?;
            let _ = writeln!(members, "\t\t{declared};");
        }
    }
    if !members.is_empty() {
        let _ = write!(
            out,
            "#ifndef __BINDGEN__\n\tstruct {{\n{members}\t}} {ELEMENTS}[0];\n#endif\n"
        );
    }
    Ok(())
}
