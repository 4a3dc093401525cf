//! The prototypes of system calls, for kernels that do not tell them.
//!
//! `table.txt` has one a line, sorted, as tracefs shows them on the kernels that ctxgen is tested on:
//! without the attributes of kernels built with clang, with those arguments that all releases pass, and
//! with the newest one's types. A name with `@<architecture>` behind it is for that one only, as Rust
//! calls it; where there are such, others are not known to have any of these prototypes. The test that
//! boots those kernels (`cargo xtask vm`) holds each line against them.

static TABLE: &str = include_str!("table.txt");

/// Types and names of a system call's arguments; `None` where it is not in the table.
pub(super) fn arguments(
    name: &str,
    arch: Option<&str>,
) -> Option<impl Iterator<Item = (&'static str, &'static str)>> {
    let mut of_name = TABLE.lines().filter_map(line);
    let is_of = |of: Option<&str>| of.is_none() || of == arch;
    let (.., arguments) = of_name.find(|(known, of, _)| *known == name && is_of(*of))?;
    Some(arguments.split(", ").filter_map(argument))
}

/// All names, sorted.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    let names = TABLE.lines().filter_map(line).map(|(name, ..)| name);
    names.filter(move |name| std::mem::replace(&mut last, name) != *name)
}

/// Name, architecture and arguments.
fn line(line: &'static str) -> Option<(&'static str, Option<&'static str>, &'static str)> {
    let (name, arguments) = line.strip_suffix(')')?.split_once('(')?;
    Some(match name.split_once('@') {
        Some((name, arch)) => (name, Some(arch), arguments),
        None => (name, None, arguments),
    })
}

/// Type and name; `None` of no argument.
fn argument(declaration: &'static str) -> Option<(&'static str, &'static str)> {
    let end = declaration.rfind([' ', '*'])?;
    Some((&declaration[..=end], &declaration[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::ident::is_identifier;

    #[test]
    fn every_line_is_a_prototype() {
        for text in TABLE.lines() {
            let (name, arch, _) = line(text).expect(text);
            assert!(is_identifier(name), "{text}");
            let arguments: Vec<_> = arguments(name, arch).expect(text).collect();
            let commas = text.matches(',').count();
            let expected = if text.ends_with("()") { 0 } else { commas + 1 };
            assert_eq!(arguments.len(), expected, "{text}");
            assert!(
                arguments.iter().all(|(_, name)| is_identifier(name)),
                "{text}"
            );
        }
        assert!(names().is_sorted());
        assert!(names().count() > 380);
    }

    #[test]
    fn architectures_differ() {
        let second = |arch| arguments("clone", arch).map(|mut args| args.nth(3).unwrap().1);
        assert_eq!(second(Some("x86_64")), Some("child_tidptr"));
        assert_eq!(second(Some("aarch64")), Some("tls"));
        assert_eq!(second(Some("riscv64")), None);
        assert_eq!(second(None), None);
        assert_eq!(arguments("fork", None).unwrap().count(), 0);
        assert!(arguments("no_such_call", None).is_none());
    }
}
