//! How a struct's name keeps underscores at the start of a part apart from those that join parts.

/// What keeps a struct name's last underscore from those that its target starts with.
pub(super) const TAG_MARK: &str = "0";

/// A struct's name with a mark between the underscore that joins two parts and those that the second
/// starts with.
pub(super) fn marked(name: &str) -> String {
    let bytes = name.as_bytes();
    let is_flavour = |at: usize| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        before.is_some_and(|byte| *byte != b'_') && bytes.get(at + 3).is_some_and(|b| *b != b'_')
    };
    match name.match_indices("___").find(|(at, _)| is_flavour(*at)) {
        Some((at, _)) => format!("{}_{TAG_MARK}{}", &name[..at], &name[at + 1..]),
        None => name.to_owned(),
    }
}

/// The two parts as they are without the mark.
pub(super) fn unmarked(target: &str) -> String {
    let marked = format!("_{TAG_MARK}__");
    match target.find(&marked) {
        Some(at) if !target[at + marked.len()..].starts_with('_') => {
            target.replacen(&marked, "___", 1)
        }
        _ => target.to_owned(),
    }
}

pub(super) fn has_two_underscores(target: &str) -> bool {
    target.starts_with("__") && !target.starts_with("___")
}

/// A struct name's part for the target, as it is without the mark.
pub(super) fn without_tag_mark(target: &str) -> &str {
    let unmarked = target.strip_prefix(TAG_MARK);
    unmarked
        .filter(|target| has_two_underscores(target))
        .unwrap_or(target)
}
