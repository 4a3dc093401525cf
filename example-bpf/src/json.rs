//! Just enough JSON to write one object per line.

use std::fmt;
use std::fmt::Write as _;

/// A JSON object whose members appear in the order in which they are added.
#[derive(Clone, Debug, Default)]
pub struct Object(String);

impl Object {
    /// An object without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a string.
    pub fn string(mut self, key: &str, value: &str) -> Self {
        self.key(key);
        quote(&mut self.0, value);
        self
    }

    /// Adds an integer.
    pub fn number(mut self, key: &str, value: impl Into<i128>) -> Self {
        self.key(key);
        self.0.push_str(&value.into().to_string());
        self
    }

    /// Adds `true` or `false`.
    pub fn flag(mut self, key: &str, value: bool) -> Self {
        self.key(key);
        self.0.push_str(if value { "true" } else { "false" });
        self
    }

    /// Adds an array of strings.
    pub fn strings<S: AsRef<str>>(mut self, key: &str, values: &[S]) -> Self {
        self.key(key);
        self.0.push('[');
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            quote(&mut self.0, value.as_ref());
        }
        self.0.push(']');
        self
    }

    fn key(&mut self, key: &str) {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        quote(&mut self.0, key);
        self.0.push(':');
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.0)
    }
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\u{0}'..='\u{1f}' | '\u{7f}' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order() {
        let object = Object::new()
            .string("comm", "sh")
            .number("ret", -2)
            .flag("ok", false)
            .strings("arguments", &["a", "b"])
            .strings::<&str>("none", &[]);
        assert_eq!(
            object.to_string(),
            r#"{"comm":"sh","ret":-2,"ok":false,"arguments":["a","b"],"none":[]}"#
        );
    }

    #[test]
    fn nothing_escapes_its_quotes() {
        let object = Object::new().string("name", "a\"b\\c\nd\u{7f}é");
        assert_eq!(object.to_string(), r#"{"name":"a\"b\\c\u000ad\u007fé"}"#);
    }
}
