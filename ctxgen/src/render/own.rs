//! A generated header beside what a source defines itself.
//!
//! A name that a source defines cannot be the kernel's too. The kernel's gets another one in the
//! generated headers, of the form that libbpf takes for a flavour (`name___ctxgen`): there may be
//! types that hold it. What is only pointed to keeps its name, and is the source's then.
//!
//! One header serves several sources, and each may define other names: macros tell
//! ([`own_macros`]). Macros of the sources' own are put aside for as long as the header lasts.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write;

use crate::text::ident::is_word;
use crate::usage::identifiers::Names;
use crate::usage::identifiers::Own;
use crate::usage::identifiers::lexer::Lexer;
use crate::usage::identifiers::lexer::Token;

/// What begins the name of the macro that says that a source has an ordinary identifier.
const OWN: &str = "CTXGEN_OWN_";
/// The same of a tag.
const OWN_TAG: &str = "CTXGEN_OWNTAG_";
/// What begins the names of macros that stand in place of kernel names.
const NAME: &str = "CTXGEN_NAME_";
const TAG: &str = "CTXGEN_TAG_";
/// What the kernel's get in the end.
const FLAVOUR: &str = "___ctxgen";

/// What is no name before C23 and a keyword since, and may be a typedef or an enumerator of a kernel.
const C23: [&str; 10] = [
    "alignas",
    "alignof",
    "bool",
    "constexpr",
    "false",
    "nullptr",
    "static_assert",
    "thread_local",
    "true",
    "typeof_unqual",
];

/// clang has them since its version 15.
const IS_C23: &str = "\
__STDC_VERSION__ > 201710L && (!defined(__clang_major__) || __clang_major__ > 14)";

/// Macros that the headers use themselves.
const USED: [&str; 3] = ["__bpf_fastcall", "__ksym", "__weak"];

/// The macro for the case that a source has its own declaration of a function or variable of the
/// kernel, and another one has not.
pub(super) fn own_ksym(name: &str) -> String {
    format!("{OWN}{name}")
}

/// The macros that a source with these names has to be compiled with, for this header to leave out
/// what the source defines itself.
pub fn own_macros(header: &str, names: &Names<'_>) -> Vec<String> {
    let asked = header.lines().filter_map(|line| {
        line.strip_prefix("#ifdef ")
            .or_else(|| line.strip_prefix("#ifndef "))
    });
    let asked: BTreeSet<&str> = asked.collect();
    let is_own = |name: &&str| match (name.strip_prefix(OWN), name.strip_prefix(OWN_TAG)) {
        (Some(name), _) => names.declares(name),
        (_, Some(tag)) => names.own.tags.contains(tag),
        _ => false,
    };
    asked
        .into_iter()
        .filter(is_own)
        .map(str::to_owned)
        .collect()
}

/// The header of contexts beside this `vmlinux.h` for sources with these names: what the contexts hold
/// by value may have another name there.
pub fn header_for(header: &str, types: &str, names: &Names<'_>) -> String {
    let renamed = |prefix: &str| -> BTreeSet<&str> {
        let defined = types
            .lines()
            .filter_map(|line| line.strip_prefix("#ifndef "));
        let defined = defined.filter_map(|name| name.strip_prefix(prefix));
        defined.collect()
    };
    let both =
        |own: &BTreeSet<_>, renamed: BTreeSet<_>| own.intersection(&renamed).copied().collect();
    let own = Own {
        tags: both(&names.own.tags, renamed(TAG)),
        ordinary: both(&names.own.ordinary, renamed(NAME)),
        macros: BTreeSet::new(),
    };
    let mut renamed = Renamed::new(header, &own, false);
    let body = renamed.text();
    let mut aliases = String::new();
    renamed.aliases(&mut aliases);
    match body.split_once(INCLUDED) {
        Some((top, rest)) if !aliases.is_empty() => {
            // Those of another header have the names that they have.
            [top, INCLUDED, "\n", aliases.trim_end(), "\n", rest].concat()
        }
        _ => body,
    }
}

/// Where the types are there in a header of contexts.
const INCLUDED: &str = "#include \"vmlinux.h\"\n#endif\n";

/// The declarations of `vmlinux.h` for sources with these names.
pub(super) fn types_for(declarations: &str, names: &Names<'_>) -> String {
    let mut renamed = Renamed::new(declarations, &names.own, true);
    let body = renamed.text();
    let mut text = String::new();
    let put_aside = &renamed.macros;
    for name in put_aside {
        let _ = writeln!(text, "#pragma push_macro(\"{name}\")\n#undef {name}");
    }
    if !put_aside.is_empty() {
        text.push('\n');
    }
    renamed.renamings(&mut text);
    renamed.aliases(&mut text);
    text.push_str(&body);
    for name in put_aside {
        let _ = writeln!(text, "#pragma pop_macro(\"{name}\")");
    }
    if !put_aside.is_empty() {
        text.push('\n');
    }
    text
}

/// The declarations of a generated header, and what of them has to have other names.
struct Renamed<'d> {
    declarations: &'d str,
    own: &'d Own<'d>,
    /// Whether typedefs and enumerators are defined here, and macros are put aside.
    is_types: bool,
    /// The names that were found, and whether each is a tag.
    found: BTreeSet<(bool, &'d str)>,
    /// Those of the macros that have a meaning here that they must not have.
    macros: BTreeSet<&'d str>,
}

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// The tag behind `struct`, `union` or `enum`, and whether the type has to be complete.
    Tag {
        is_whole: bool,
    },
    /// A typedef or enumerator.
    Defined,
    /// A typedef in its use.
    Used,
    Other,
}

impl<'d> Renamed<'d> {
    fn new(declarations: &'d str, own: &'d Own<'d>, is_types: bool) -> Self {
        Self {
            declarations,
            own,
            is_types,
            found: BTreeSet::new(),
            macros: BTreeSet::new(),
        }
    }

    /// The declarations, with macros in place of the names.
    fn text(&mut self) -> String {
        let text = self.declarations;
        let mut lexer = Lexer::new(text);
        let mut place = Place::default();
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        while let Some(token) = lexer.next() {
            let Token::Word(word) = token else {
                if let Token::Mark(mark) = token {
                    place.mark(mark);
                }
                continue;
            };
            let role = place.word(word, lexer.rest());
            if self.is_types && self.own.macros.contains(word) && !USED.contains(&word) {
                self.macros.insert(word);
            }
            if let Some(prefix) = self.replace(word, role) {
                out.push_str(&text[copied..lexer.at() - word.len()]);
                out.push_str(prefix);
                copied = lexer.at() - word.len();
            }
        }
        out.push_str(&text[copied..]);
        out
    }

    /// What is put before a name so that it becomes a macro's, if that is necessary.
    fn replace(&mut self, word: &'d str, role: Role) -> Option<&'static str> {
        match role {
            Role::Tag { is_whole: true } if self.own.tags.contains(word) => {
                self.found.insert((true, word));
                Some(TAG)
            }
            Role::Defined | Role::Used if self.own.ordinary.contains(word) => {
                self.found.insert((false, word));
                Some(NAME)
            }
            // The keyword means the same as the typedef.
            Role::Defined if self.is_types && C23.contains(&word) => {
                self.found.insert((false, word));
                Some(NAME)
            }
            _ => None,
        }
    }

    /// Definitions of the macros in `vmlinux.h`, for those sources that have such a name.
    fn renamings(&self, out: &mut String) {
        let mut conditions: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (is_tag, name) in &self.found {
            let (own, macro_name) = match is_tag {
                true => (OWN_TAG, TAG),
                false => (OWN, NAME),
            };
            let define = format!("#define {macro_name}{name} {name}{FLAVOUR}\n");
            if !is_tag && C23.contains(name) {
                let keyword = conditions.entry(format!("#if {IS_C23}\n")).or_default();
                keyword.push(define.clone());
            }
            let is_own = match is_tag {
                true => self.own.tags.contains(name),
                false => self.own.ordinary.contains(name),
            };
            if is_own {
                let lines = conditions.entry(format!("#ifdef {own}{name}\n"));
                lines.or_default().push(define);
            }
        }
        for (condition, lines) in conditions {
            let _ = writeln!(out, "{condition}{}#endif", lines.concat());
        }
    }

    /// Definitions of the macros for all others.
    fn aliases(&self, out: &mut String) {
        for (is_tag, name) in &self.found {
            let macro_name = if *is_tag { TAG } else { NAME };
            let _ = writeln!(
                out,
                "#ifndef {macro_name}{name}\n#define {macro_name}{name} {name}\n#endif"
            );
        }
        if !self.found.is_empty() {
            out.push('\n');
        }
    }
}

/// Where a reader is in declarations as libbpf prints them: one specifier, one declarator.
#[derive(Debug)]
struct Place {
    /// Whether the next word begins a specifier.
    at_specifier: bool,
    /// What the next word is the tag of.
    tag: Option<TagKind>,
    /// How deep braces are nested.
    depth: usize,
    /// Whether the innermost braces are around the values of an enum, and whether the next word is one.
    in_enum: bool,
    opens_enum: bool,
    /// How many braces are open around a typedef whose name has not come yet.
    typedef: Option<usize>,
    /// How many parentheses are open of an attribute or assertion.
    aside: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TagKind {
    Composite,
    Enum,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            at_specifier: true,
            tag: None,
            depth: 0,
            in_enum: false,
            opens_enum: false,
            typedef: None,
            aside: None,
        }
    }
}

impl Place {
    fn word(&mut self, word: &str, rest: &str) -> Role {
        if let Some(kind) = self.tag.take() {
            self.at_specifier = false;
            self.opens_enum = kind == TagKind::Enum;
            let next = rest.bytes().next().unwrap_or(b';');
            let is_whole = match kind {
                TagKind::Composite => !matches!(next, b'*' | b';'),
                TagKind::Enum => next != b';',
            };
            return Role::Tag { is_whole };
        }
        match word {
            "struct" | "union" => self.tag = self.tag_before(TagKind::Composite, rest),
            "enum" => self.tag = self.tag_before(TagKind::Enum, rest),
            "__attribute__" | "_Static_assert" => self.aside = Some(0),
            _ if self.aside.is_some() => {}
            "typedef" => {
                self.typedef = Some(self.depth);
                self.at_specifier = true;
            }
            "const" | "volatile" | "restrict" | "extern" | "__bpf_fastcall" => {}
            "__ctx_part_begin" | "__ctx_part_end" | "__ctx_static_offset" => {}
            _ => return self.name(),
        }
        Role::Other
    }

    /// A specifier, or what a declarator declares.
    fn name(&mut self) -> Role {
        if self.in_enum {
            let is_value = std::mem::replace(&mut self.at_specifier, false);
            return if is_value { Role::Defined } else { Role::Other };
        }
        if std::mem::replace(&mut self.at_specifier, false) {
            return Role::Used;
        }
        match self.typedef {
            // The words of a base type are keywords, which no source defines.
            Some(depth) if depth == self.depth => Role::Defined,
            _ => Role::Other,
        }
    }

    fn tag_before(&mut self, kind: TagKind, rest: &str) -> Option<TagKind> {
        self.at_specifier = false;
        let has_name = rest.bytes().next().is_some_and(is_word);
        self.opens_enum = !has_name && kind == TagKind::Enum;
        has_name.then_some(kind)
    }

    fn mark(&mut self, mark: u8) {
        if let Some(open) = &mut self.aside {
            match mark {
                b'(' => *open += 1,
                b')' => *open = open.saturating_sub(1),
                _ => {}
            }
            if *open == 0 {
                self.aside = None;
                self.at_specifier = false;
            }
            return;
        }
        match mark {
            b'{' => {
                self.depth += 1;
                self.in_enum = std::mem::take(&mut self.opens_enum);
            }
            b'}' => {
                self.depth = self.depth.saturating_sub(1);
                self.in_enum = false;
            }
            // The parameters of a typedef's function are behind its name.
            b')' if self.typedef == Some(self.depth) => self.typedef = None,
            b';' if self.typedef.is_some_and(|depth| depth >= self.depth) => self.typedef = None,
            _ => {}
        }
        self.at_specifier = matches!(mark, b'{' | b';' | b'(' | b',');
    }
}

#[cfg(test)]
mod tests;
