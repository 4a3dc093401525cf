//! A context as bytes, for test runs.

use std::fmt::Write;

use ctxgen::CtxBtf;
use ctxgen::Passing;
use ctxgen::Shape;
use ctxgen::btf::Btf;
use ctxgen::btf::Kind;
use ctxgen::btf::TypeId;
use ctxgen::layout::Field;
use ctxgen::layout::Form;

/// A method `as_bytes` for each context of slots that consists of numbers and pointers. A struct or union within
/// may have bytes that belong to no member, which nobody may look at.
pub(super) fn as_bytes(ctx: &CtxBtf<'_>, text: &str) -> String {
    let mut methods = String::new();
    for ctx_struct in ctx.structs() {
        let Shape::Generated { layout, .. } = &ctx_struct.context.shape else {
            continue;
        };
        let is_plain = layout.fields.iter().all(|field| is_plain(ctx.btf(), field));
        if layout.passing == Passing::Slots && is_plain {
            let name = &ctx_struct.context.struct_name;
            method(&mut methods, name, &types(text, name));
        }
    }
    methods
}

fn is_plain(btf: &Btf<'_>, field: &Field) -> bool {
    field.form != Form::Own || is_number_or_pointer(btf, field.type_id)
}

fn is_number_or_pointer(btf: &Btf<'_>, type_id: TypeId) -> bool {
    btf.resolve(type_id).is_some_and(|ty| {
        matches!(
            ty.kind(),
            Kind::Int { .. }
                | Kind::Enum { .. }
                | Kind::Enum64 { .. }
                | Kind::Float { .. }
                | Kind::Ptr(_)
        )
    })
}

/// The types of a struct's fields, padding included.
fn types<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let head = format!("pub struct {name} {{");
    text.lines()
        .skip_while(|line| *line != head)
        .take_while(|line| *line != "}")
        .filter_map(|line| line.strip_prefix("    pub ")?.strip_suffix(','))
        .filter_map(|field| Some(field.split_once(": ")?.1))
        .collect()
}

fn method(text: &mut String, name: &str, types: &[&str]) {
    let sizes: Vec<String> = types
        .iter()
        .map(|ty| format!("::core::mem::size_of::<{ty}>()"))
        .collect();
    let sum = match sizes.is_empty() {
        true => "0".to_owned(),
        false => sizes.join(" + "),
    };
    let _ = write!(
        text,
        "
const _: () = assert!(
    {sum} == ::core::mem::size_of::<{name}>(),
    \"all bytes belong to fields\"
);
impl {name} {{
    /// The context as `BPF_PROG_TEST_RUN` takes it.
    pub fn as_bytes(&self) -> &[u8] {{
        // SAFETY: It consists of numbers and pointers, and each of its bytes belongs to one, as asserted above.
        unsafe {{
            ::core::slice::from_raw_parts(
                ::core::ptr::from_ref(self).cast(),
                ::core::mem::size_of::<Self>(),
            )
        }}
    }}
}}
"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_those_of_the_struct() {
        let text = "pub struct a {\n    pub x: u8,\n}\npub struct ab {\n    /// `int y`\n    pub y: *mut a,\n    \
                    pub __bindgen_padding_0: [u8; 4usize],\n}\npub struct b {\n    pub z: u8,\n}\n";
        assert_eq!(types(text, "ab"), ["*mut a", "[u8; 4usize]"]);
        assert!(types(text, "c").is_empty());
    }
}
