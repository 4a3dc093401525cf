//! What a compiler's front end says of a source.

use std::ops::Range;

/// A source, as far as its programs are concerned. All offsets are in bytes, into the source's own text.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// The uses of macros that stand for a program's head, in the order of the source.
    pub expansions: Vec<Expansion>,
    /// The functions that are defined in the source.
    pub functions: Vec<Function>,
    /// The headers that the source includes itself.
    pub includes: Vec<Include>,
}

/// A use of a macro.
#[derive(Clone, Debug)]
pub struct Expansion {
    /// The macro's name.
    pub name: String,
    /// The file, where that is not the source itself.
    pub file: Option<String>,
    /// Counted from 1.
    pub line: u32,
    /// From the first byte of its name behind the last one of its arguments' parenthesis.
    pub range: Range<usize>,
}

/// A header that is included.
#[derive(Clone, Debug)]
pub struct Include {
    /// As it is written.
    pub name: String,
    /// Where the directive begins.
    pub start: usize,
    /// Whether it is `vmlinux.h`, or includes that.
    pub has_types: bool,
}

/// A function that is defined.
#[derive(Clone, Debug)]
pub struct Function {
    /// The function's name.
    pub name: String,
    /// Counted from 1.
    pub line: u32,
    /// Its arguments, the context included.
    pub parameters: Vec<Parameter>,
    /// The body, braces included.
    pub body: Range<usize>,
    /// Whether the body begins with a declaration.
    pub starts_with_declaration: bool,
    /// What the body does with the first argument.
    pub context: Vec<Use>,
}

/// An argument of a function.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name; empty where it has none.
    pub name: String,
    /// Where it is declared.
    pub range: Range<usize>,
    /// Its type in C, typedefs resolved.
    pub canonical: String,
    /// What it is.
    pub category: Category,
    /// In bytes.
    pub size: u32,
    /// Whether the body uses it.
    pub is_used: bool,
}

/// What a type is, as far as two of them can be told apart with certainty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Category {
    /// A pointer to a struct or union of that tag.
    PointerTo(String),
    /// Any other pointer.
    Pointer,
    /// An integer or an enum.
    Number,
    /// Anything else, such as a struct.
    Other,
}

/// A use of the context.
#[derive(Clone, Debug)]
pub struct Use {
    /// Counted from 1.
    pub line: u32,
    /// What would be replaced.
    pub range: Range<usize>,
    /// What is done with it.
    pub kind: UseKind,
}

/// What is done with a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UseKind {
    /// It is handed on as `void *`, or cast.
    Passed,
    /// An element of its slots, of a `u64`, is read.
    Element {
        /// From the start of the context, in bytes.
        offset: u32,
        /// Whether the element becomes a pointer at once.
        is_cast_to_pointer: bool,
    },
    /// A member of its struct is used.
    Member {
        /// From the start of the context, in bytes.
        offset: u32,
        /// The member's name.
        name: String,
    },
    /// Anything else.
    Other,
}
