//! What a source and its headers define themselves.
//!
//! C has two spaces of names that headers collide in: tags (`struct`, `union` and `enum`) and
//! ordinary identifiers (typedefs, enumerators, functions, variables). Macros replace both.
//!
//! Only what is at file scope counts: a definition within a function hides the one outside.

use std::collections::BTreeSet;
use std::collections::HashSet;

use super::lexer::Token;
use crate::text::ident::is_keyword;

/// The names that a source and its headers define.
#[derive(Clone, Debug, Default)]
pub(crate) struct Own<'t> {
    /// Structs, unions and enums with their members or values.
    pub(crate) tags: BTreeSet<&'t str>,
    /// Typedefs, enumerators, functions and variables.
    pub(crate) ordinary: BTreeSet<&'t str>,
    /// Macros.
    pub(crate) macros: BTreeSet<&'t str>,
}

impl Own<'_> {
    pub(super) fn append(&mut self, other: &mut Self) {
        self.tags.append(&mut other.tags);
        self.ordinary.append(&mut other.ordinary);
        self.macros.append(&mut other.macros);
    }
}

/// Words that C puts parentheses behind which say nothing of what is declared.
const WITH_PARENTHESES: [&str; 7] = [
    "__attribute__",
    "__attribute",
    "__declspec",
    "__asm__",
    "asm",
    "_Alignas",
    "alignas",
];

/// Words that can stand in a declaration before its type.
const BEFORE_TYPE: [&str; 18] = [
    "_Noreturn",
    "_Thread_local",
    "__const",
    "__const__",
    "__extension__",
    "__inline",
    "__inline__",
    "__thread",
    "__volatile__",
    "const",
    "constexpr",
    "extern",
    "inline",
    "register",
    "static",
    "thread_local",
    "typedef",
    "volatile",
];

/// Words that can be a type, or stand behind one, and that are no keywords of ISO C.
const GNU_WORDS: [&str; 8] = [
    "__auto_type",
    "__int128",
    "__restrict",
    "__restrict__",
    "__signed",
    "__signed__",
    "__typeof__",
    "__typeof",
];

/// Words behind which parentheses are around a type or an expression.
const TAKES_TYPE: [&str; 6] = [
    "_Atomic",
    "_BitInt",
    "__typeof",
    "__typeof__",
    "typeof",
    "typeof_unqual",
];

/// What a pair of braces is around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    /// Members of a struct or union.
    Record,
    /// Values of an enum.
    Enum,
    /// A function or an initializer.
    Other,
}

/// An open pair of braces, and how many parentheses are open around it.
#[derive(Clone, Copy, Debug)]
struct Brace {
    inside: Inside,
    parentheses: usize,
}

/// `struct`, `union` or `enum`, and the tag behind it.
#[derive(Clone, Copy, Debug)]
struct Tag<'t> {
    is_enum: bool,
    name: Option<&'t str>,
}

/// A word that may be declared.
#[derive(Clone, Copy, Debug)]
struct Word<'t> {
    text: &'t str,
    /// Whether it was met before.
    is_known: bool,
}

/// A declaration at file scope, up to where the reader is.
#[derive(Clone, Copy, Debug, Default)]
struct Declaration<'t> {
    is_typedef: bool,
    has_type: bool,
    /// Whether the last word takes a type in parentheses: `typeof (*pointer)`.
    takes_type: bool,
    is_static: bool,
    is_extern: bool,
    /// The word that is declared, if nothing follows that makes it a part of the type.
    candidate: Option<Word<'t>>,
    /// A function that is declared, and defined if its body follows.
    function: Option<&'t str>,
    /// Whether parentheses are open in which the declared word stands: `(*name)(int)`.
    is_nested: bool,
    is_declared: bool,
    has_value: bool,
}

/// Reads the tokens of a preprocessed source.
#[derive(Debug, Default)]
pub(super) struct Definitions<'t> {
    own: Own<'t>,
    /// Ordinary words that were met.
    seen: HashSet<&'t str>,
    braces: Vec<Brace>,
    /// How many of the braces are around something else than members and values.
    others: usize,
    parentheses: usize,
    tag: Option<Tag<'t>>,
    declaration: Declaration<'t>,
    /// How many parentheses are open of those that are skipped; none are before the first.
    skipped: Option<usize>,
    expects_value: bool,
    before: u8,
}

impl<'t> Definitions<'t> {
    pub(super) fn finish(self) -> Own<'t> {
        self.own
    }

    /// Takes a token that has `rest` behind it.
    pub(super) fn token(&mut self, token: Token<'t>, rest: &str) {
        match token {
            Token::Word(word) => self.word(word),
            Token::Mark(mark) => self.mark(mark, rest),
            Token::Define(name) => {
                self.own.macros.insert(name);
            }
            Token::File(_) | Token::Literal(_) => {}
        }
    }

    fn word(&mut self, word: &'t str) {
        if self.skipped.is_some() {
            return;
        }
        let before = std::mem::replace(&mut self.before, b'a');
        if WITH_PARENTHESES.contains(&word) {
            self.skipped = Some(0);
            return;
        }
        match word {
            "struct" | "union" | "enum" => {
                let is_enum = word == "enum";
                self.declaration.has_type = true;
                self.tag = Some(Tag {
                    is_enum,
                    name: None,
                });
                return;
            }
            _ => {}
        }
        match &mut self.tag {
            Some(tag) if tag.name.is_none() && before != b':' => {
                tag.name = Some(word);
                return;
            }
            // The type of an enum's values: `enum name : unsigned int {`.
            Some(tag) if tag.is_enum && (before == b':' || is_known(word)) => return,
            _ => self.tag = None,
        }
        let text = word;
        let is_known = before != b'.' && !self.seen.insert(word);
        match self.braces.last().map(|brace| brace.inside) {
            Some(Inside::Enum) if self.expects_value && self.others == 0 => {
                self.own.ordinary.insert(word);
                self.expects_value = false;
            }
            None => self.declared(Word { text, is_known }, before),
            _ => {}
        }
    }

    /// Takes a word at file scope.
    fn declared(&mut self, word: Word<'t>, before: u8) {
        let declaration = &mut self.declaration;
        match word.text {
            "typedef" => declaration.is_typedef = true,
            "static" => declaration.is_static = true,
            "extern" => declaration.is_extern = true,
            _ => {}
        }
        if BEFORE_TYPE.contains(&word.text) || declaration.is_declared || declaration.has_value {
            return;
        }
        declaration.takes_type = TAKES_TYPE.contains(&word.text);
        if is_known(word.text) {
            declaration.has_type = true;
        } else if declaration.is_nested {
            if matches!(before, b'*' | b'(' | b'a') {
                self.declare(word, false);
            }
        } else if self.parentheses == 0 {
            match declaration.has_type {
                true => declaration.candidate = Some(word),
                false => declaration.has_type = true,
            }
        }
    }

    fn mark(&mut self, mark: u8, rest: &str) {
        if self.skip(mark) {
            return;
        }
        if mark != b':' && mark != b'{' {
            self.tag = None;
        }
        let is_arrow = mark == b'>' && self.before == b'-';
        self.before = if is_arrow { b'.' } else { mark };
        match mark {
            b'{' => return self.open(),
            b'}' => return self.close(),
            b',' => self.expects_value = self.parentheses == self.parentheses_around(),
            _ => {}
        }
        match mark {
            b'(' | b'[' => {
                if self.braces.is_empty() && self.parentheses == 0 {
                    self.open_declarator(mark, rest);
                }
                self.parentheses += 1;
            }
            b')' | b']' => {
                self.parentheses = self.parentheses.saturating_sub(1);
                self.declaration.is_nested &= self.parentheses > 0;
            }
            _ if self.braces.is_empty() && self.parentheses == 0 => self.separate(mark),
            _ => {}
        }
    }

    /// Whether a mark is one of those that are skipped.
    fn skip(&mut self, mark: u8) -> bool {
        let Some(open) = &mut self.skipped else {
            return false;
        };
        match mark {
            b'(' => *open += 1,
            b')' => *open = open.saturating_sub(1),
            // `asm volatile` aside, parentheses follow.
            _ if *open == 0 => {
                self.skipped = None;
                return false;
            }
            _ => {}
        }
        if *open == 0 {
            self.skipped = None;
        }
        true
    }

    /// A parenthesis or bracket within a declaration.
    fn open_declarator(&mut self, mark: u8, rest: &str) {
        let declaration = &mut self.declaration;
        if declaration.is_declared || declaration.has_value {
            return;
        }
        if std::mem::take(&mut declaration.takes_type) {
            return;
        }
        match declaration.candidate.take() {
            // It was the type of `name (*function)(int)` after all.
            Some(_) if mark == b'(' && rest.starts_with('*') => declaration.is_nested = true,
            Some(word) => self.declare(word, mark == b'('),
            None => declaration.is_nested = declaration.has_type && rest.starts_with('*'),
        }
    }

    /// A mark between parts of a declaration.
    fn separate(&mut self, mark: u8) {
        match mark {
            b'*' => self.declaration.candidate = None,
            b';' | b',' | b'=' | b':' => {
                if let Some(word) = self.declaration.candidate.take() {
                    self.declare(word, false);
                }
                match mark {
                    b';' => self.declaration = Declaration::default(),
                    b',' => {
                        self.declaration.is_declared = false;
                        self.declaration.function = None;
                        self.declaration.has_value = false;
                    }
                    _ => self.declaration.has_value = true,
                }
            }
            _ => {}
        }
    }

    fn declare(&mut self, word: Word<'t>, is_function: bool) {
        let declaration = &mut self.declaration;
        declaration.is_declared = true;
        declaration.is_nested = false;
        if declaration.is_typedef {
            // One that was used before stands for the kernel's, and is the same or an error.
            if !word.is_known {
                self.own.ordinary.insert(word.text);
            }
        } else if is_function && !declaration.is_static {
            declaration.function = Some(word.text);
        } else if !declaration.is_extern {
            self.own.ordinary.insert(word.text);
        }
    }

    fn open(&mut self) {
        let inside = match self.tag.take() {
            Some(tag) => {
                if self.others == 0 {
                    self.own.tags.extend(tag.name);
                }
                match tag.is_enum {
                    true => Inside::Enum,
                    false => Inside::Record,
                }
            }
            None => {
                if self.braces.is_empty() {
                    self.own.ordinary.extend(self.declaration.function.take());
                }
                self.others += 1;
                Inside::Other
            }
        };
        self.expects_value = inside == Inside::Enum;
        self.braces.push(Brace {
            inside,
            parentheses: self.parentheses,
        });
    }

    fn close(&mut self) {
        self.expects_value = false;
        let Some(brace) = self.braces.pop() else {
            return;
        };
        self.parentheses = brace.parentheses;
        if brace.inside == Inside::Other {
            self.others -= 1;
            // Nothing stands between a function and what follows it.
            if self.braces.is_empty() && !self.declaration.has_value {
                self.declaration = Declaration::default();
            }
        }
    }

    /// How many parentheses are open around the innermost braces.
    fn parentheses_around(&self) -> usize {
        self.braces.last().map_or(0, |brace| brace.parentheses)
    }
}

/// What the generated header of contexts needs of the kernel, whatever a source defines.
#[derive(Debug, Default)]
pub(super) struct Needed<'t> {
    /// Tags of what is held by value.
    pub(super) tags: HashSet<&'t str>,
    /// All other words.
    pub(super) ordinary: HashSet<&'t str>,
    is_tag: bool,
}

impl<'t> Needed<'t> {
    pub(super) fn token(&mut self, token: Token<'t>, rest: &str) {
        let Token::Word(word) = token else {
            return;
        };
        let is_tag = matches!(word, "struct" | "union" | "enum");
        if !std::mem::replace(&mut self.is_tag, is_tag) {
            self.ordinary.insert(word);
        } else if !rest.starts_with(['*', ';', '{']) {
            self.tags.insert(word);
        }
    }
}

/// Whether a word cannot be declared: those of C and of its compilers.
fn is_known(word: &str) -> bool {
    is_keyword(word) || GNU_WORDS.contains(&word) || BEFORE_TYPE.contains(&word)
}

#[cfg(test)]
mod tests;
