//! The names by which C sources can reach a kernel's types.
//!
//! A type can be used only by naming it, or through a member that is named. So what a preprocessed
//! source can need of a kernel is told by its identifiers, and by where they stand: tags behind
//! `struct`, `union` and `enum`, members behind `.` and `->`, and everything else.

mod asked;
mod block;
mod headers;
pub(crate) mod lexer;
mod marker;
mod own;
mod place;
mod requests;
mod stand_in;

use std::collections::BTreeSet;

use self::asked::Asked;
use self::block::Block;
use self::headers::KernelHeaders;
use self::lexer::Lexer;
use self::lexer::Token;
pub use self::marker::Marker;
use self::marker::unescaped;
use self::own::Definitions;
use self::own::Needed;
pub(crate) use self::own::Own;
use self::place::ATTRIBUTE;
use self::place::Place;
pub use self::requests::Line;
pub use self::requests::Request;
pub use self::requests::Requests;
pub use self::stand_in::replace_stand_in;
use crate::text::ident::is_word;

/// The names of one or more sources.
#[derive(Clone, Debug, Default)]
pub struct Names<'t> {
    /// What stands behind `struct`, `union` and `enum`.
    pub(crate) tags: BTreeSet<&'t str>,
    /// What stands behind `.` and `->`.
    pub(crate) members: BTreeSet<&'t str>,
    /// All others: typedefs, enumerators, functions, and what has nothing to do with the kernel.
    pub(crate) identifiers: BTreeSet<&'t str>,
    /// Typedefs and enumerators that headers mention and that have to be there for the headers to
    /// compile, whether or not anything of them is used.
    pub(crate) mentions: BTreeSet<&'t str>,
    /// What sources declare to be functions or variables of the kernel themselves (`__ksym`).
    ksyms: BTreeSet<&'t str>,
    /// The identifiers of sources that do not.
    undeclared: BTreeSet<&'t str>,
    /// Of which structs sources ask whether and where they have a member.
    asked: Asked<'t>,
    /// What sources and their headers define themselves.
    pub(crate) own: Own<'t>,
}

impl<'t> Names<'t> {
    /// No names at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds those of a preprocessed C source, with the line markers (`# 1 "path"`) that compilers
    /// leave in it.
    ///
    /// In the headers below one of the folders of `generated` and in libbpf's own, wherever they
    /// are, what is only declared or pointed to does not count, unless the source uses what is
    /// declared with it. The generated `vmlinux.h`, and complete ones of the source's own, do not
    /// count at all.
    ///
    /// What the source and its headers define themselves is not reached by its name. Macros that are
    /// defined before the kernel's types count where the text has their definitions (`-dD`).
    pub fn add_preprocessed(&mut self, text: &'t str, generated: &[&str]) {
        let headers = KernelHeaders::new(text, generated);
        let mut own = Self::default();
        let mut reader = Reader::new(&mut own);
        let mut definitions = Definitions::default();
        let mut contexts = Needed::default();
        let mut has_definitions = true;
        let mut lexer = Lexer::new(text);
        let mut asked = Asked::default();
        while let Some(token) = lexer.next() {
            if has_definitions && reader.place != Place::Nowhere {
                definitions.token(token, lexer.rest());
            } else if reader.place == Place::Header {
                contexts.token(token, lexer.rest());
            }
            match token {
                Token::File(path) => {
                    let file = unescaped(path);
                    reader.place = match headers.has(&file) {
                        true => Place::Nowhere,
                        false => Place::of(&file, generated),
                    };
                    has_definitions = !(is_built_in(path) || is_contexts(path, reader.place));
                }
                _ if reader.place == Place::Nowhere => {}
                Token::Word(word) => {
                    reader.word(word, lexer.rest());
                    asked.word(word);
                }
                Token::Literal(text) => reader.statement.is_ksym |= text == KSYMS,
                Token::Mark(mark) => {
                    reader.mark(mark);
                    asked.mark(mark);
                }
                Token::Define(_) => {}
            }
        }
        let declarations = reader.declarations;
        for declaration in declarations {
            let is_used = own.members.contains(declaration.name)
                || declaration.is_called && own.identifiers.contains(declaration.name);
            if is_used {
                own.tags.extend(declaration.tags);
                own.identifiers.extend(declaration.identifiers);
            }
        }
        own.asked = asked;
        own.own = definitions.finish();
        let Needed { tags, ordinary, .. } = contexts;
        own.tags
            .retain(|name| !own.own.tags.contains(name) || tags.contains(name));
        for words in [&mut own.identifiers, &mut own.mentions] {
            words.retain(|name| !own.own.ordinary.contains(name) || ordinary.contains(name));
        }
        let undeclared = own.identifiers.difference(&own.ksyms);
        own.undeclared = undeclared.copied().collect();
        self.add(own);
    }

    /// Adds the names of other sources.
    pub fn add(&mut self, mut other: Self) {
        self.tags.append(&mut other.tags);
        self.members.append(&mut other.members);
        self.identifiers.append(&mut other.identifiers);
        self.mentions.append(&mut other.mentions);
        self.ksyms.append(&mut other.ksyms);
        self.undeclared.append(&mut other.undeclared);
        self.asked.add(other.asked);
        self.own.append(&mut other.own);
    }

    /// What sources declare to be functions or variables of the kernel themselves (`__ksym`).
    pub fn ksyms(&self) -> &BTreeSet<&'t str> {
        &self.ksyms
    }

    /// Whether a source may ask of one of these structs whether or where it has a member, by
    /// `bpf_core_field_exists` and its like.
    pub(crate) fn ask_of(&self, is_one: impl Fn(&str) -> bool) -> bool {
        self.asked.of(is_one)
    }

    /// Whether a kernel function has to be declared for a source.
    pub(crate) fn calls(&self, function: &str) -> bool {
        self.undeclared.contains(function)
    }

    /// Whether a kernel function must not be declared for a source, which may have its own types
    /// for it.
    pub(crate) fn declares(&self, function: &str) -> bool {
        self.ksyms.contains(function) || self.own.ordinary.contains(function)
    }

    /// Adds a name as if the sources had it, and did not define it themselves.
    pub fn add_name(&mut self, name: &'t str) {
        insert(&mut self.tags, name);
        insert(&mut self.identifiers, name);
        self.undeclared.insert(name);
        self.own.tags.remove(name);
        self.own.ordinary.remove(name);
    }

    /// Adds all words of a text, comments included, each as if it stood in every place that counts.
    ///
    /// That is for sources that no preprocessor has seen. It is more than they can reach, but for what
    /// the macros of other headers name and for names that macros put together.
    pub fn add_words(&mut self, text: &'t str) {
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            if word.starts_with(|c: char| !c.is_ascii_digit()) {
                insert(&mut self.tags, word);
                insert(&mut self.identifiers, word);
                self.undeclared.insert(word);
                self.members.insert(word);
            }
        }
    }
}

/// A declaration in a header, such as that of a BPF helper or of a context's field.
#[derive(Debug)]
struct Declaration<'t> {
    name: &'t str,
    /// Whether it is a function or a pointer to one.
    is_called: bool,
    /// The structs whose pointers it mentions.
    tags: Vec<&'t str>,
    /// The typedefs that it may mention.
    identifiers: Vec<&'t str>,
}

/// The section of what `__ksym` declares.
const KSYMS: &str = ".ksyms";
/// Whether a line marker stands for what compilers define by themselves.
fn is_built_in(path: &str) -> bool {
    path == "<built-in>"
}

/// Whether a file is the generated header of contexts.
fn is_contexts(path: &str, place: Place) -> bool {
    place == Place::Header && path.rsplit('/').next() == Some("ctx.h")
}

/// What stands before a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// `struct` or `union`.
    Composite,
    /// `enum`.
    Enum,
    /// `.` or `->`.
    Access,
    /// `-`.
    Minus,
    /// Anything else.
    Other,
}

/// What was read since the last `;`, `{` or `}`.
#[derive(Debug, Default)]
struct Statement<'t> {
    /// The first word that ends a type, and whether it is called: what a declaration declares.
    name: Option<(&'t str, bool)>,
    tags: Vec<&'t str>,
    identifiers: Vec<&'t str>,
    is_ksym: bool,
    /// Whether a member is accessed.
    has_access: bool,
}

/// The inside of the parentheses of an `__attribute__`, which stands where anything else goes on
/// behind it.
#[derive(Clone, Copy, Debug)]
struct Attribute {
    open: usize,
    before: Before,
}

struct Reader<'n, 't> {
    names: &'n mut Names<'t>,
    place: Place,
    before: Before,
    attribute: Option<Attribute>,
    statement: Statement<'t>,
    block: Block<'t>,
    declarations: Vec<Declaration<'t>>,
}

impl<'n, 't> Reader<'n, 't> {
    fn new(names: &'n mut Names<'t>) -> Self {
        Self {
            names,
            place: Place::Source,
            before: Before::Other,
            attribute: None,
            statement: Statement::default(),
            block: Block::default(),
            declarations: Vec::new(),
        }
    }

    /// Takes a word that has `rest` behind it.
    fn word(&mut self, word: &'t str, rest: &str) {
        let before = std::mem::replace(&mut self.before, Before::Other);
        match word {
            "struct" | "union" => self.before = Before::Composite,
            "enum" => self.before = Before::Enum,
            ATTRIBUTE if self.attribute.is_none() => {
                self.attribute = Some(Attribute { open: 0, before });
            }
            _ => self.name(word, before, rest),
        }
    }

    fn name(&mut self, word: &'t str, before: Before, rest: &str) {
        let next = rest.bytes().next().unwrap_or(b';');
        let names = &mut *self.names;
        match (before, self.place) {
            (Before::Access, Place::Source) => {
                names.members.insert(word);
            }
            (Before::Access, _) => self.statement.has_access = true,
            (Before::Composite | Before::Enum, Place::Header) => match next {
                // What a header defines itself is none of the kernel's.
                b'{' => {}
                b'*' | b';' if before == Before::Composite => self.statement.tags.push(word),
                _ => insert(&mut names.tags, word),
            },
            (Before::Composite | Before::Enum, _) => insert(&mut names.tags, word),
            (_, place) => {
                match place {
                    Place::Header => insert(&mut names.mentions, word),
                    _ => insert(&mut names.identifiers, word),
                }
                if self.attribute.is_none() {
                    self.statement.identifiers.push(word);
                    if self.statement.name.is_none() && ends_type(rest) {
                        self.statement.name = Some((word, matches!(next, b'(' | b')')));
                    }
                }
            }
        }
    }

    fn mark(&mut self, mark: u8) {
        self.before = match (mark, self.before) {
            (b'.', _) | (b'>', Before::Minus) => Before::Access,
            (b'-', _) => Before::Minus,
            _ => Before::Other,
        };
        if let Some(attribute) = &mut self.attribute {
            match mark {
                b'(' => attribute.open += 1,
                b')' => attribute.open = attribute.open.saturating_sub(1),
                _ => {}
            }
            if attribute.open == 0 {
                self.before = attribute.before;
                self.attribute = None;
            }
        } else if matches!(mark, b';' | b'{' | b'}') {
            if self.place == Place::Header {
                let accessed =
                    self.block
                        .end(mark, &self.statement.tags, self.statement.has_access);
                accessed.for_each(|tag| insert(&mut self.names.tags, tag));
            }
            self.end();
        }
    }

    /// Ends a statement.
    fn end(&mut self) {
        let statement = std::mem::take(&mut self.statement);
        if statement.is_ksym {
            self.names.ksyms.extend(&statement.identifiers);
        }
        let Some((name, is_called)) = statement.name else {
            return;
        };
        if self.place == Place::Header {
            self.declarations.push(Declaration {
                name,
                is_called,
                tags: statement.tags,
                identifiers: statement.identifiers,
            });
        }
    }
}

/// Whether a word with this behind it is what a declaration declares, and no part of a type.
fn ends_type(rest: &str) -> bool {
    let goes_on = match rest.as_bytes() {
        // What a pointer to a function returns.
        [b'(', inner @ ..] => inner.trim_ascii_start().starts_with(b"*"),
        [b'*', ..] => true,
        [next, ..] => is_word(*next) && !rest.starts_with(ATTRIBUTE),
        [] => false,
    };
    !goes_on
}

/// Inserts a word, and what is left of it without the number by which libbpf tells several of one
/// name apart: `file___2` stands for a `file` too.
fn insert<'t>(set: &mut BTreeSet<&'t str>, word: &'t str) {
    set.insert(word);
    if word.ends_with(|c: char| c.is_ascii_digit())
        && let Some((base, number)) = word.rsplit_once("___")
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        set.insert(base);
    }
}

#[cfg(test)]
mod tests;
