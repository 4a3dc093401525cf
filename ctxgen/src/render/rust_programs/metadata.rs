//! Metadata of a module of LLVM IR: nodes by number, and strings.

use std::collections::HashMap;
use std::fmt::Write;

/// A node, by its number in the module.
pub(super) type Node = usize;

/// The nodes of a module, in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    nodes: Vec<String>,
    known: HashMap<String, Node>,
}

impl Metadata {
    /// The node with this text, which is added where there is none.
    pub(super) fn add(&mut self, text: String) -> Node {
        if let Some(node) = self.known.get(&text) {
            return *node;
        }
        let node = self.reserve();
        self.nodes[node].clone_from(&text);
        self.known.insert(text, node);
        node
    }

    /// A node whose text comes later: what it consists of may refer to it.
    pub(super) fn reserve(&mut self) -> Node {
        self.nodes.push("!{}".to_owned());
        self.nodes.len() - 1
    }

    /// Gives a reserved node its text.
    pub(super) fn set(&mut self, node: Node, text: String) {
        self.nodes[node] = text;
    }

    /// A tuple of nodes.
    pub(super) fn tuple(&mut self, nodes: &[Node]) -> Node {
        let nodes: Vec<String> = nodes.iter().map(|node| format!("!{node}")).collect();
        self.add(format!("!{{{}}}", nodes.join(", ")))
    }

    /// All nodes, a line each.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (number, node) in self.nodes.iter().enumerate() {
            let _ = writeln!(text, "!{number} = {node}");
        }
        text
    }
}

/// A string, or a name in quotes, as LLVM reads it: what is neither a letter nor a digit nor plain
/// punctuation is written as its bytes.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b' ' | b'-' => {
                quoted.push(char::from(byte));
            }
            _ => {
                let _ = write!(quoted, "\\{byte:02X}");
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_node() {
        let mut metadata = Metadata::default();
        let one = metadata.add("!{}".to_owned());
        let own = metadata.reserve();
        assert_eq!(metadata.add("!{}".to_owned()), one);
        let both = metadata.tuple(&[one, own]);
        metadata.set(own, "distinct !{}".to_owned());
        assert_eq!(both, 2);
        assert_eq!(
            metadata.text(),
            "!0 = !{}\n!1 = distinct !{}\n!2 = !{!0, !1}\n"
        );
    }

    #[test]
    fn strings() {
        for (text, expected) in [
            ("unsigned int", "\"unsigned int\""),
            ("a\"b\\", "\"a\\22b\\5C\""),
            ("ctxgen.a.b", "\"ctxgen.a.b\""),
            ("\n", "\"\\0A\""),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
