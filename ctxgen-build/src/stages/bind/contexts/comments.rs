//! What `ctx.h` says in comments of each struct and field, for documentation in Rust.

use std::collections::BTreeMap;
use std::fmt::Write;

/// What there is to say of a context.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Comments<'h> {
    /// Lines, as they are in C.
    pub(super) about: Vec<&'h str>,
    /// In their order.
    pub(super) fields: Vec<Field<'h>>,
}

impl Comments<'_> {
    /// Lines of documentation about the struct.
    pub(super) fn about(&self) -> impl Iterator<Item = String> {
        self.about.iter().map(|line| escaped(line))
    }
}

/// A field as `ctx.h` declares it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Field<'h> {
    /// The declaration, without attributes.
    pub(super) declaration: &'h str,
    /// Empty where there is none.
    pub(super) remark: &'h str,
}

impl Field<'_> {
    /// Whether that is what it declares. C's `in` is Rust's `in_`.
    fn is(&self, name: &str) -> bool {
        let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
        let mut words = self.declaration.split(|c| !is_of_name(c));
        words.any(|word| word == name || name.strip_suffix('_') == Some(word))
    }
}

/// The structs of a header, by name.
pub(super) fn of_header(header: &str) -> BTreeMap<&str, Comments<'_>> {
    let mut structs = BTreeMap::new();
    let mut above = Vec::new();
    let mut lines = header.lines();
    while let Some(line) = lines.next() {
        let named = line.strip_prefix("struct ");
        let named = named.and_then(|rest| rest.strip_suffix(" {"));
        if line == "/*" {
            above = lines
                .by_ref()
                .take_while(|line| *line != " */")
                .map(|line| line.trim_start_matches(" *").trim())
                .collect();
        } else if let Some(name) = named {
            let comments = Comments {
                about: std::mem::take(&mut above),
                fields: fields(&mut lines),
            };
            structs.insert(name, comments);
        } else if !line.starts_with('#') {
            above.clear();
        }
    }
    structs
}

/// The fields up to the end of a struct.
fn fields<'h>(lines: &mut impl Iterator<Item = &'h str>) -> Vec<Field<'h>> {
    let mut fields = Vec::new();
    // Types that only macros look at.
    let mut is_within = false;
    for line in lines.by_ref().take_while(|line| !line.starts_with('}')) {
        match line {
            "\tstruct {" => is_within = true,
            _ if line.starts_with("\t}") => is_within = false,
            _ if is_within => {}
            _ => fields.extend(field(line)),
        }
    }
    fields
}

fn field(line: &str) -> Option<Field<'_>> {
    let (declared, remark) = match line.split_once("; /* ") {
        Some((declared, remark)) => (declared, remark.strip_suffix(" */")?),
        None => (line.strip_suffix(';')?, ""),
    };
    let declaration = declared.split(" __attribute__((").next()?;
    Some(Field {
        declaration: declaration.trim(),
        remark,
    })
}

/// Rust with these comments on the structs and their fields. Each item and each field has lines of its own.
pub(super) fn documented(text: &str, structs: &BTreeMap<&str, Comments<'_>>) -> String {
    let mut documented = String::with_capacity(2 * text.len());
    // Attributes stand between an item and what is said of it.
    let mut attributes: Vec<&str> = Vec::new();
    let mut fields: &[Field<'_>] = &[];
    for line in text.lines() {
        if line.starts_with("#[") {
            attributes.push(line);
            continue;
        }
        let named = line.strip_prefix("pub struct ");
        let named = named.and_then(|rest| rest.strip_suffix(" {"));
        if let Some(comments) = named.and_then(|name| structs.get(name)) {
            doc(&mut documented, "", comments.about());
            fields = &comments.fields;
        }
        for attribute in attributes.drain(..) {
            documented.push_str(attribute);
            documented.push('\n');
        }
        let name = line.strip_prefix("    pub ");
        let name = name.and_then(|rest| rest.split_once(':'));
        if let Some((name, _)) = name
            && let Some(at) = fields.iter().position(|field| field.is(name))
        {
            let said = of_field(&fields[at]);
            doc(&mut documented, "    ", [said]);
            fields = &fields[at + 1..];
        }
        if line == "}" {
            fields = &[];
        }
        documented.push_str(line);
        documented.push('\n');
    }
    documented
}

/// What is said of a field, with its declaration in C.
pub(super) fn of_field(field: &Field<'_>) -> String {
    match field.remark {
        "" => format!("`{}`", field.declaration),
        remark => format!("`{}`: {}", field.declaration, escaped(remark)),
    }
}

/// Lines of documentation.
pub(super) fn doc<L: AsRef<str>>(
    text: &mut String,
    indent: &str,
    lines: impl IntoIterator<Item = L>,
) {
    for line in lines {
        let line = line.as_ref();
        let space = if line.is_empty() { "" } else { " " };
        let _ = writeln!(text, "{indent}///{space}{line}");
    }
}

/// A text in which nothing is a link, a tag or an emphasis to rustdoc.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '[' | ']' | '<' | '>' | '*' | '`' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "\
/*
 * Contexts.
 */
#ifndef __X
#define __X
#endif

/*
 * fexit/f
 *
 * Argument names are from f<b>.
 */
struct btf_fexit_f_ctx {
#ifndef __BINDGEN__
	union { /* one argument */
#endif
		struct a *a; /* called so on 6.1 */
#ifndef __BINDGEN__
		struct a *b;
	};
#endif
	int in __attribute__((aligned(8)));
	void (*call)(int); /* cannot be loaded; see f(x) */
#ifndef __BINDGEN__
	struct {
		int in;
		int own;
	} __own[0];
#endif
} __ctx_static_offset;
";

    const RUST: &str = "\
#[repr(C)]
#[derive(Debug)]
pub struct a {
    pub in_: u8,
}
#[repr(C)]
pub struct btf_fexit_f_ctx {
    pub a: *mut a,
    pub in_: ::core::ffi::c_int,
    pub __bindgen_padding_0: [u8; 4usize],
    pub call: Option<f>,
}
";

    const DOCUMENTED: &str = "\
#[repr(C)]
#[derive(Debug)]
pub struct a {
    pub in_: u8,
}
/// fexit/f
///
/// Argument names are from f\\<b\\>.
#[repr(C)]
pub struct btf_fexit_f_ctx {
    /// `struct a *a`: called so on 6.1
    pub a: *mut a,
    /// `int in`
    pub in_: ::core::ffi::c_int,
    pub __bindgen_padding_0: [u8; 4usize],
    /// `void (*call)(int)`: cannot be loaded; see f(x)
    pub call: Option<f>,
}
";

    #[test]
    fn rust_says_what_c_says() {
        let structs = of_header(HEADER);
        assert_eq!(structs.len(), 1);
        let fields = &structs["btf_fexit_f_ctx"].fields;
        let declared: Vec<&str> = fields.iter().map(|field| field.declaration).collect();
        assert_eq!(
            declared,
            ["struct a *a", "struct a *b", "int in", "void (*call)(int)"]
        );
        assert_eq!(documented(RUST, &structs), DOCUMENTED);
    }
}
