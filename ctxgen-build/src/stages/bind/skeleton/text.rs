//! Puts the names of an object, and those of the types, into the text of its skeleton.

use super::names::Renamed;

/// The text with identifiers in the place of placeholders, and in strings the names themselves.
///
/// The variables of functions that libbpf-cargo has for maps and programs keep the placeholder: there,
/// a map called `name` would be mistaken for something else.
pub(super) fn with_names<'n>(text: &str, names: impl Iterator<Item = &'n Renamed>) -> String {
    let names: Vec<&Renamed> = names.collect();
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match names.iter().any(|name| line.contains(&*name.placeholder)) {
            true => line_with_names(line, &names, &mut out),
            false => out.push_str(line),
        }
    }
    out
}

fn line_with_names(line: &str, names: &[&Renamed], out: &mut String) {
    let mut in_string = false;
    // There, libbpf looks for the section; elsewhere, for what it has called the map.
    let in_config = line.trim_start().starts_with(".map(");
    let name_of = |name: &Renamed| match in_config {
        true => name.original.escape_default().to_string(),
        false => name.in_map.escape_default().to_string(),
    };
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let len = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        let (token, after) = rest.split_at(len.max(c.len_utf8()));
        in_string ^= c == '"';
        match is_word(c) {
            true if in_string => out.push_str(&replaced(token, names, name_of)),
            true if is_variable(after) => out.push_str(token),
            true => match names.iter().find(|name| name.placeholder == token) {
                Some(name) => out.push_str(&name.identifier),
                None => out.push_str(&replaced(token, names, |name| name.plain.clone())),
            },
            false => out.push_str(token),
        }
        rest = after;
    }
}

fn replaced(token: &str, names: &[&Renamed], with: impl Fn(&Renamed) -> String) -> String {
    let contained = names
        .iter()
        .filter(|name| token.contains(&*name.placeholder));
    contained.fold(token.to_owned(), |token, name| {
        token.replace(&name.placeholder, &with(name))
    })
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Whether what is before this is a variable for a map or a program.
fn is_variable(after: &str) -> bool {
    [" = None;", " = Some(", ".expect("]
        .iter()
        .any(|use_of| after.starts_with(use_of))
}

/// What is around the object's name in the names of types.
const TYPES: [(&str, &str); 8] = [
    ("", "SkelBuilder"),
    ("", "Skel"),
    ("Open", "Skel"),
    ("", "Maps"),
    ("Open", "Maps"),
    ("", "Progs"),
    ("Open", "Progs"),
    ("", "Links"),
];

/// The text with the types called by `to` instead of `from`.
pub(super) fn with_types(text: &str, from: &str, to: &str) -> String {
    if from == to {
        return text.to_owned();
    }
    let types = TYPES.map(|(before, after)| format!("{before}{from}{after}"));
    let renamed = TYPES.map(|(before, after)| format!("{before}{to}{after}"));
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let len = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        let (token, after) = rest.split_at(len.max(c.len_utf8()));
        let place = types.iter().position(|ty| ty == token);
        out.push_str(place.map_or(token, |place| &renamed[place]));
        rest = after;
    }
    out
}

/// The text with these bytes as the object.
pub(super) fn with_object(text: &str, object: &[u8]) -> String {
    with_data(text, object.len(), &format!("{object:?}"))
}

/// The text with the object of this name and length in a file beside it.
pub(super) fn with_reference(text: &str, name: &str, len: usize) -> String {
    with_data(text, len, &format!("*include_bytes!(\"{name}.bpf.o\")"))
}

/// The text with this expression as the object. The item that is there ends with its semicolon, which may be in
/// another line after rustfmt.
fn with_data(text: &str, len: usize, expression: &str) -> String {
    let mut out = String::new();
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        if !line.trim_start().starts_with("static DATA: [u8; ") {
            out.push_str(line);
            continue;
        }
        out.push_str(&format!("static DATA: [u8; {len}] = {expression};\n"));
        if !line.trim_end().ends_with(';') {
            lines.find(|line| line.trim_end().ends_with(';'));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_in_the_text_and_beside_it() {
        let inline = "#[link]\nstatic DATA: [u8; 3] = [1, 2, 3];\n}\n";
        let beside = "#[link]\nstatic DATA: [u8; 3] = *include_bytes!(\"a.bpf.o\");\n}\n";
        let broken =
            "#[link]\n    static DATA: [u8; 3] =\n        *include_bytes!(\"a.bpf.o\");\n}\n";
        assert_eq!(with_reference(inline, "a", 3), beside);
        for text in [inline, beside, broken] {
            assert_eq!(with_object(text, &[1, 2, 3]), inline, "{text}");
        }
    }
}
