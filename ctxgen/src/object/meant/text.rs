//! Declarations as they are written in a macro: `int BPF_PROG(name, struct task_struct *p, int ret)`.

use std::collections::HashMap;

use super::Declared;
use super::Meaning;
use super::PointsTo;
use super::Taken;
use super::tag;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::object::accesses::Line;
use crate::object::names::MAX_FUNCTION;
use crate::text::ident::is_identifier;
use crate::text::ident::is_word;

/// How many arguments are looked at.
const MAX_ARGUMENTS: usize = 24;

/// libbpf's macros, and what they take the context for.
const MACROS: &[(&str, Taken)] = &[
    ("BPF_PROG", Taken::Slots),
    ("BPF_PROG2", Taken::Slots),
    ("BPF_KPROBE", Taken::Registers),
    ("BPF_KRETPROBE", Taken::Registers),
    ("BPF_UPROBE", Taken::Registers),
    ("BPF_URETPROBE", Taken::Registers),
    ("BPF_KSYSCALL", Taken::Registers),
    ("BPF_KPROBE_SYSCALL", Taken::Registers),
    ("BPF_STRUCT_OPS", Taken::Slots),
    ("BPF_STRUCT_OPS_SLEEPABLE", Taken::Slots),
];

/// An object's typedefs by name, of several the first.
pub(super) struct Typedefs<'b> {
    btf: &'b Btf<'b>,
    by_name: HashMap<&'b str, TypeId>,
}

impl<'b> Typedefs<'b> {
    pub(super) fn of(btf: &'b Btf<'_>) -> Self {
        let mut by_name = HashMap::new();
        for ty in btf.types() {
            if matches!(ty.kind(), Kind::Typedef(_)) && ty.name().len() <= MAX_FUNCTION {
                by_name.entry(ty.name()).or_insert(ty.id());
            }
        }
        Self { btf, by_name }
    }
}

/// What is written.
pub(super) struct Written {
    pub(super) context: Taken,
    pub(super) arguments: Vec<Declared>,
    pub(super) is_partial: bool,
    pub(super) of_system_call: bool,
}

/// What the lines that a program starts with declare, where one of them has one of libbpf's macros with the
/// program's name.
pub(super) fn declared(typedefs: &Typedefs<'_>, program: &str, lines: &[Line]) -> Option<Written> {
    lines
        .iter()
        .find_map(|line| of_line(typedefs, program, &line.text))
}

fn of_line(typedefs: &Typedefs<'_>, program: &str, text: &str) -> Option<Written> {
    let text = &without_comments(text);
    // SEC() may stand in the same line.
    let mut heads = text.match_indices('(').filter_map(|(at, _)| {
        let name = text[..at].trim_end();
        let name = name
            .rsplit(|c: char| !u8::try_from(c).is_ok_and(is_word))
            .next()?;
        let (name, context) = MACROS.iter().find(|known| known.0 == name)?;
        let (parts, is_closed) = parts(&text[at + 1..]);
        Some((name, context, parts, is_closed))
    });
    let (name, context, parts, is_closed) =
        heads.find(|(_, _, parts, _)| parts.first().is_some_and(|of| of.trim() == program))?;
    let arguments = parts.get(1..).unwrap_or_default();
    let arguments: Vec<String> = match *name {
        "BPF_PROG2" => arguments.chunks(2).map(|pair| pair.join(" ")).collect(),
        _ => arguments.iter().map(|part| (*part).to_owned()).collect(),
    };
    // The last one may go on in the next line.
    let whole = match is_closed {
        true => &arguments[..],
        false => &arguments[..arguments.len().saturating_sub(1)],
    };
    let whole = whole.iter().map(|text| text.trim());
    Some(Written {
        context: *context,
        arguments: whole
            .filter(|text| !text.is_empty())
            .take(MAX_ARGUMENTS)
            .map(|text| argument(typedefs, text))
            .collect(),
        is_partial: !is_closed || arguments.len() > MAX_ARGUMENTS,
        of_system_call: name.contains("SYSCALL"),
    })
}

/// A line with a space for each comment. One that is not closed goes on in the next line.
fn without_comments(line: &str) -> String {
    let mut rest = line;
    let mut text = String::new();
    while let Some(at) = rest.find('/') {
        let (before, comment) = rest.split_at(at);
        text.push_str(before);
        let end = match comment.as_bytes().get(1) {
            Some(b'*') => comment[2..].find("*/").map(|end| end + 4),
            Some(b'/') => None,
            _ => {
                text.push('/');
                rest = &comment[1..];
                continue;
            }
        };
        text.push(' ');
        rest = end.map_or("", |end| &comment[end..]);
    }
    text.push_str(rest);
    text
}

/// What stands between the commas, up to the parenthesis that closes the list; and whether there is one.
fn parts(list: &str) -> (Vec<&str>, bool) {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_u32, 0);
    for (at, c) in list.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            ')' => {
                parts.push(&list[start..at]);
                return (parts, true);
            }
            ',' if depth == 0 => {
                parts.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[start..]);
    (parts, false)
}

fn argument(typedefs: &Typedefs<'_>, text: &str) -> Declared {
    let mut words: Vec<String> = Vec::new();
    for word in text.replace('*', " * ").split_whitespace() {
        if !matches!(word, "const" | "volatile" | "__user" | "__rcu" | "restrict") {
            words.push(word.to_owned());
        }
    }
    let name = words.pop().filter(|name| is_identifier(name));
    let stars = words.iter().filter(|word| *word == "*").count();
    let base: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| *word != "*")
        .collect();
    let meaning = match (&base[..], stars) {
        _ if name.is_none() => Meaning::Unknown,
        ([], _) => Meaning::Unknown,
        (_, 2..) => Meaning::Pointer(PointsTo::Pointer),
        (["void"], 1) => Meaning::Pointer(PointsTo::Void),
        (["struct" | "union", of], 1) => {
            Meaning::Pointer(tag(of).map_or(PointsTo::Other, PointsTo::Tag))
        }
        (["struct" | "union", _], _) => Meaning::Unknown,
        (["enum", _], 0) => Meaning::Number {
            size: 4,
            is_signed: false,
        },
        (base, stars) => match (number(typedefs, base), stars) {
            (meaning, 0) => meaning,
            (Meaning::Number { size, .. }, _) => Meaning::Pointer(PointsTo::Number(size)),
            _ => Meaning::Pointer(PointsTo::Other),
        },
    };
    Declared { name, meaning }
}

/// An integer by its name in C, or that of a typedef that the object has.
fn number(typedefs: &Typedefs<'_>, words: &[&str]) -> Meaning {
    let number = |size, is_signed| Meaning::Number { size, is_signed };
    match words {
        ["char" | "s8" | "__s8" | "int8_t"] => number(1, true),
        ["bool" | "_Bool" | "u8" | "__u8" | "uint8_t"] | ["unsigned", "char"] => number(1, false),
        ["short" | "s16" | "__s16" | "int16_t"] => number(2, true),
        ["u16" | "__u16" | "uint16_t"] | ["unsigned", "short"] => number(2, false),
        ["int" | "s32" | "__s32" | "int32_t" | "pid_t"] => number(4, true),
        ["unsigned" | "u32" | "__u32" | "uint32_t"] | ["unsigned", "int"] => number(4, false),
        ["long" | "s64" | "__s64" | "int64_t" | "ssize_t" | "loff_t"] | ["long", "long"] => {
            number(8, true)
        }
        ["u64" | "__u64" | "uint64_t" | "size_t"] | ["unsigned", "long"] => number(8, false),
        ["unsigned", "long", "long"] => number(8, false),
        [name] => {
            let found = typedefs.by_name.get(name);
            found.map_or(Meaning::Unknown, |id| Meaning::of(typedefs.btf, *id))
        }
        _ => Meaning::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::BtfWriter;
    use crate::btf::ByteOrder;

    /// Names and meanings, in words; whether there may be more; whether of a system call.
    fn written(program: &str, text: &str) -> Option<(Vec<String>, bool, bool)> {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let short = writer.unsigned("unsigned short", 2);
        writer.typedef("umode_t", short);
        let btf = Btf::parse(&writer.finish()).unwrap();
        let found = of_line(&Typedefs::of(&btf), program, text)?;
        let arguments = found.arguments.into_iter().map(|argument| {
            let name = argument.name.unwrap_or_default();
            format!("{name}: {}", argument.meaning)
        });
        Some((arguments.collect(), found.is_partial, found.of_system_call))
    }

    #[test]
    fn macros_as_they_are_written() {
        let lines = [
            (
                "int BPF_PROG(f, const struct task_struct *p, void *x, char *s, u64 **to, int ret)",
                &[
                    "p: a pointer to struct task_struct",
                    "x: a pointer to void",
                    "s: a pointer to a number of 1 bytes",
                    "to: a pointer to a pointer",
                    "ret: a signed number of 4 bytes",
                ][..],
                false,
            ),
            (
                "BPF_KPROBE(f, umode_t mode, unknown_t it, enum kind of, struct s___old *s) {",
                &[
                    "mode: an unsigned number of 2 bytes",
                    "it: something that is not known",
                    "of: an unsigned number of 4 bytes",
                    "s: a pointer to struct s",
                ],
                false,
            ),
            (
                "int BPF_PROG2(f, struct inode *, dir, unsigned int, mode)",
                &[
                    "dir: a pointer to struct inode",
                    "mode: an unsigned number of 4 bytes",
                ],
                false,
            ),
            // It goes on in the next line.
            (
                "int BPF_PROG(f, struct inode *dir, struct den",
                &["dir: a pointer to struct inode"],
                true,
            ),
            (
                "int BPF_KPROBE(f, umode_t mode,",
                &["mode: an unsigned number of 2 bytes"],
                true,
            ),
            (
                "int BPF_PROG2(f, struct inode *, dir, unsigned int,",
                &["dir: a pointer to struct inode"],
                true,
            ),
            ("int BPF_PROG(f,", &[], true),
            ("int BPF_KRETPROBE(f)", &[], false),
            (
                "SEC(\"fexit/(g)\") int BPF_PROG (f, int fd)",
                &["fd: a signed number of 4 bytes"],
                false,
            ),
            // Commas and parentheses in comments are none of the list.
            (
                "int BPF_PROG(f, int fd /* open, or (if not) */, int ret)",
                &[
                    "fd: a signed number of 4 bytes",
                    "ret: a signed number of 4 bytes",
                ],
                false,
            ),
            (
                "int BPF_PROG(f, int fd, // of the file, int at)",
                &["fd: a signed number of 4 bytes"],
                true,
            ),
            (
                "int BPF_PROG(f, int fd, /* of the file, int at)",
                &["fd: a signed number of 4 bytes"],
                true,
            ),
        ];
        for (text, arguments, is_partial) in lines {
            let found = written("f", text).unwrap();
            assert_eq!(
                found,
                (
                    arguments.iter().map(ToString::to_string).collect(),
                    is_partial,
                    false
                ),
                "{text}"
            );
        }
        assert!(written("f", "int BPF_KSYSCALL(f, int fd)").unwrap().2);
    }

    #[test]
    fn other_lines() {
        for text in [
            "",
            "int BPF_PROG(g, int ret)",
            "return BPF_PROG(f)->x;",
            "int f(struct pt_regs *ctx)",
            "BPF_PROG",
            "if (trace_BPF_PROG(f, x))",
            "int BPF_PROG(",
            "/* int BPF_PROG(f, int ret) */",
        ] {
            let found = written("f", text);
            assert!(
                found.is_none() || text.contains("return"),
                "{text}: {found:?}"
            );
        }
    }
}
