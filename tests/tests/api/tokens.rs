//! Tokens as one line, spaced as rustfmt would.

use proc_macro2::Delimiter;
use proc_macro2::Spacing;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use quote::ToTokens;

/// The text of a piece of syntax.
pub(crate) fn text(syntax: &impl ToTokens) -> String {
    let mut atoms = Vec::new();
    flatten(syntax.to_token_stream(), &mut atoms);
    let mut text = String::new();
    for (index, atom) in atoms.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| atoms[before].as_str());
        if before.is_some_and(|before| is_apart(before, atom)) {
            text.push(' ');
        }
        text.push_str(atom);
    }
    text.replace(",)", ")").replace(", }", " }")
}

/// Words, lifetimes, brackets, and punctuation as far as it belongs together.
fn flatten(tokens: TokenStream, atoms: &mut Vec<String>) {
    let mut joint = false;
    for token in tokens {
        let joined = std::mem::take(&mut joint);
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                atoms.push(open.to_owned());
                flatten(group.stream(), atoms);
                atoms.push(close.to_owned());
            }
            TokenTree::Punct(punct) => {
                joint = punct.spacing() == Spacing::Joint;
                match atoms.last_mut() {
                    // What stands before a lifetime is joint with its quote.
                    Some(last) if joined && punct.as_char() != '\'' => last.push(punct.as_char()),
                    _ => atoms.push(punct.as_char().to_string()),
                }
            }
            word => match atoms.last_mut() {
                // A lifetime.
                Some(last) if joined && last.ends_with('\'') => last.push_str(&word.to_string()),
                _ => atoms.push(word.to_string()),
            },
        }
    }
}

fn is_apart(before: &str, atom: &str) -> bool {
    let is_word =
        |text: &str| text.starts_with(|c: char| c.is_alphanumeric() || "_\"'".contains(c));
    let has_spaces = |text: &str| ["->", "=", "+", "=>", "{"].contains(&text);
    let ends = |text: &str| [",", ":", ";"].contains(&text);
    has_spaces(before)
        || has_spaces(atom)
        || ends(before)
        || atom == "}"
        || (is_word(before) && (is_word(atom) && !atom.starts_with('&') || atom == "&"))
        || ([")", "]", ">"].contains(&before) && is_word(atom))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_rustfmt_would() {
        for line in [
            "pub fn new<'k>(kernel: &'k KernelBtf, all: impl IntoIterator<Item = Context>) -> Result<Self, Error>",
            "pub fn f<T: Into<String> + 'static>(&mut self, run: &dyn Fn(&str) -> u32) -> &[u8]",
            "Shipped { path: PathBuf, names: Vec<(String, u32)> }",
            "pub const fn get(self) -> [u8; 4] where Self: Sized",
        ] {
            let tokens: TokenStream = line.parse().unwrap();
            assert_eq!(text(&tokens), line);
        }
    }
}
