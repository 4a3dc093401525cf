//! `ctx.h` before it is known what is in it.
//!
//! Which contexts sources name, their preprocessed text tells, and for that they need a `ctx.h`: one
//! without contexts stands in. The true one then has the same macros, unless some of the contexts need
//! more. If it has the same, the preprocessor would make the same of the sources.

use super::marker::segments;

/// Puts `header` in place of the `stand_in` that was read from the file `ctx_h`, in a preprocessed text.
/// `false` if it has other macros, or if there are no line markers: then the source has to be
/// preprocessed again. What does not include the file is as it should be.
pub fn replace_stand_in(text: &mut String, ctx_h: &str, stand_in: &str, header: &str) -> bool {
    let found = segments(text)
        .find(|segment| segment.marker.file().as_deref() == Some(ctx_h))
        .map(|segment| segment.text.as_ptr().addr() - text.as_ptr().addr());
    let Some(at) = found else {
        return segments(text).next().is_some();
    };
    let is_same = macros(stand_in) == macros(header);
    if is_same {
        text.insert_str(at, header);
    }
    is_same
}

/// The definitions of macros in a header.
fn macros(header: &str) -> Vec<&str> {
    let mut goes_on = false;
    let is_of_macro = |line: &&str| {
        let is_of_macro = goes_on || line.starts_with("#define ");
        goes_on = is_of_macro && line.ends_with('\\');
        is_of_macro
    };
    header.lines().filter(is_of_macro).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAND_IN: &str = "#define A(x) \\\n\tx\n#include \"vmlinux.h\"\n";

    fn replaced(text: &str, header: &str) -> Option<String> {
        let mut text = text.to_owned();
        replace_stand_in(&mut text, "/o/ctx.h", STAND_IN, header).then_some(text)
    }

    #[test]
    fn contexts_in_their_place() {
        let text = "# 1 \"a.c\"\n# 1 \"/o/ctx.h\" 1 3\n\n# 2 \"a.c\" 2\nint x;\n";
        let header = format!("{STAND_IN}struct c;\n");
        assert_eq!(
            replaced(text, &header).unwrap(),
            format!("# 1 \"a.c\"\n# 1 \"/o/ctx.h\" 1 3\n{header}\n# 2 \"a.c\" 2\nint x;\n")
        );
    }

    #[test]
    fn other_macros() {
        let text = "# 1 \"a.c\"\n# 1 \"/o/ctx.h\" 1 3\n";
        let more = format!("{STAND_IN}#define B\n");
        assert_eq!(replaced(text, &more), None);
        assert_eq!(replaced(text, &STAND_IN.replace("\tx", "\ty")), None);
        let without = "# 1 \"a.c\"\n# 1 \"ctx.h\" 1\n";
        assert_eq!(replaced(without, &more).as_deref(), Some(without));
    }
}
