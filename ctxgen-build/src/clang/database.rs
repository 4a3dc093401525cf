//! The compilation database: how clang compiles each source, for editors.

use std::ffi::OsStr;
use std::fmt::Write;
use std::path::Path;

use super::command::Clang;
use super::command::Options;

/// The text of `compile_commands.json`.
pub(crate) fn database(clang: &Clang, sources: &[&Path], options: &Options<'_>) -> String {
    let mut text = "[".to_owned();
    for (number, source) in sources.iter().enumerate() {
        let command = clang.compiling(source, &[], options);
        let words = [command.get_program()]
            .into_iter()
            .chain(command.get_args());
        let words: Vec<_> = words.map(string).collect();
        let _ = write!(
            text,
            "{}\n{{\n  \"directory\": {},\n  \"file\": {},\n  \"arguments\": [{}]\n}}",
            if number > 0 { "," } else { "" },
            string(options.root.as_os_str()),
            string(source.as_os_str()),
            words.join(", ")
        );
    }
    text.push_str("\n]\n");
    text
}

/// A string of JSON. Bytes that are no UTF-8 cannot be in one.
fn string(text: &OsStr) -> String {
    let mut quoted = "\"".to_owned();
    for c in text.to_string_lossy().chars() {
        let _ = match c {
            '"' | '\\' => write!(quoted, "\\{c}"),
            c if c.is_control() => write!(quoted, "\\u{:04x}", u32::from(c)),
            c => write!(quoted, "{c}"),
        };
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings() {
        assert_eq!(
            string(OsStr::new("-DA=\"b\\\n\"")),
            "\"-DA=\\\"b\\\\\\u000a\\\"\""
        );
    }
}
