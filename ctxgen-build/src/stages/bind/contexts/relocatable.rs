//! Contexts without a layout: where an argument is, the running kernel says.

use std::fmt::Write;

use ctxgen::CtxBtf;

use super::comments::Comments;
use super::comments::doc;
use super::comments::of_field;
use super::comments::of_header;

/// A type without values for each context: no one can take it for what is in memory.
pub(super) fn types(ctx: &CtxBtf<'_>, header: &str) -> String {
    let structs = of_header(header);
    let none = Comments::default();
    let mut text = String::new();
    for ctx_struct in ctx.structs() {
        let name = &ctx_struct.context.struct_name;
        let comments = structs.get(&**name).unwrap_or(&none);
        text.push('\n');
        match comments.about.is_empty() {
            // A struct of the kernel's own, which the header has no definition of.
            true => doc(
                &mut text,
                "",
                ctx_struct
                    .context
                    .hooks
                    .iter()
                    .map(|hook| format!("{hook}")),
            ),
            false => doc(&mut text, "", comments.about()),
        }
        if !comments.fields.is_empty() {
            doc(&mut text, "", ["", "Its fields in C:", ""]);
        }
        for field in &comments.fields {
            doc(&mut text, "", [format!("- {}", of_field(field))]);
        }
        let _ = writeln!(text, "pub enum {name} {{}}");
    }
    text
}
