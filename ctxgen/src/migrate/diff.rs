//! Edits as a unified diff.

use std::fmt::Write;
use std::ops::Range;

use super::edit::Edit;
use super::edit::apply;

/// How many unchanged lines stand around a change.
const AROUND: usize = 3;

/// Whole lines, counted from 0, and what takes their place.
struct Change<'t> {
    lines: Range<usize>,
    old: &'t str,
    new: String,
}

/// What `edits` do to a text, as `diff -u` has it; empty where that is nothing.
pub fn unified(path: &str, text: &str, edits: &[Edit]) -> String {
    let starts = line_starts(text);
    let changes = changes(text, &starts, edits);
    let Some(_) = changes.first() else {
        return String::new();
    };
    let path = path.trim_start_matches('/');
    let mut out = format!("--- a/{path}\n+++ b/{path}\n");
    let mut added = 0;
    let mut rest = &changes[..];
    while let Some(first) = rest.first() {
        let mut count = 1;
        let mut end = first.lines.end;
        while let Some(next) = rest.get(count)
            && next.lines.start <= end + 2 * AROUND
        {
            end = next.lines.end;
            count += 1;
        }
        let (hunk, after) = rest.split_at(count);
        added = write_hunk(&mut out, text, &starts, hunk, added);
        rest = after;
    }
    out
}

/// Where each line starts, and where the last one ends.
fn line_starts(text: &str) -> Vec<usize> {
    let mut starts = vec![0];
    starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
    if starts.last() != Some(&text.len()) {
        starts.push(text.len());
    }
    starts
}

fn line_of(starts: &[usize], at: usize) -> usize {
    let lines = starts.len().saturating_sub(2);
    starts
        .partition_point(|start| *start <= at)
        .saturating_sub(1)
        .min(lines)
}

fn changes<'t>(text: &'t str, starts: &[usize], edits: &[Edit]) -> Vec<Change<'t>> {
    let mut groups: Vec<(Range<usize>, Vec<Edit>)> = Vec::new();
    for edit in edits {
        let lines = line_of(starts, edit.range.start)..line_of(starts, edit.range.end) + 1;
        match groups.last_mut() {
            Some((last, edits)) if lines.start <= last.end => {
                last.end = last.end.max(lines.end);
                edits.push(edit.clone());
            }
            _ => groups.push((lines, vec![edit.clone()])),
        }
    }
    let change = |(lines, mut edits): (Range<usize>, Vec<Edit>)| {
        let start = starts[lines.start];
        let old = &text[start..starts[lines.end.min(starts.len() - 1)]];
        for edit in &mut edits {
            edit.range = edit.range.start - start..edit.range.end - start;
        }
        let new = apply(old, &edits);
        trimmed(lines, old, new)
    };
    let changes = groups.into_iter().map(change);
    changes.filter(|change| change.old != change.new).collect()
}

/// Without the lines at both ends that stay as they are.
fn trimmed(mut lines: Range<usize>, mut old: &str, new: String) -> Change<'_> {
    let mut rest = &*new;
    while let (Some(ours), Some(theirs)) = (first_line(old), first_line(rest))
        && ours == theirs
    {
        old = &old[ours.len()..];
        rest = &rest[theirs.len()..];
        lines.start += 1;
    }
    while let (Some(ours), Some(theirs)) = (
        old.split_inclusive('\n').next_back(),
        rest.split_inclusive('\n').next_back(),
    ) && ours == theirs
    {
        old = &old[..old.len() - ours.len()];
        rest = &rest[..rest.len() - theirs.len()];
        lines.end -= 1;
    }
    let new = rest.to_owned();
    Change { lines, old, new }
}

fn first_line(text: &str) -> Option<&str> {
    text.split_inclusive('\n').next()
}

/// Writes a hunk; how many lines there are more than in the old text behind it.
fn write_hunk(
    out: &mut String,
    text: &str,
    starts: &[usize],
    hunk: &[Change<'_>],
    added: i64,
) -> i64 {
    let all = starts.len() - 1;
    let first = hunk[0].lines.start.saturating_sub(AROUND);
    let last = (hunk[hunk.len() - 1].lines.end + AROUND).min(all);
    let mut body = String::new();
    let mut more = added;
    let mut at = first;
    for change in hunk {
        marked(
            &mut body,
            ' ',
            &text[starts[at]..starts[change.lines.start]],
        );
        marked(&mut body, '-', change.old);
        marked(&mut body, '+', &change.new);
        more += count(&change.new) - count(change.old);
        at = change.lines.end;
    }
    marked(&mut body, ' ', &text[starts[at]..starts[last]]);
    let lines = (last - first) as i64;
    let _ = writeln!(
        out,
        "@@ -{},{lines} +{},{} @@",
        first + 1,
        first as i64 + 1 + added,
        lines + more - added,
    );
    out.push_str(&body);
    more
}

fn count(text: &str) -> i64 {
    text.split_inclusive('\n').count() as i64
}

fn marked(out: &mut String, mark: char, text: &str) {
    for line in text.split_inclusive('\n') {
        out.push(mark);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks() {
        let text: String = (1..=20).map(|line| format!("l{line}\n")).collect();
        let at = |line: &str| text.find(line).unwrap();
        let edits = [
            Edit::replace(at("l2\n")..at("l2\n") + 2, "two\nzwei".to_owned()),
            Edit::insert(at("l20"), "x ".to_owned()),
        ];
        let expected = "--- a/f\n+++ b/f\n@@ -1,5 +1,6 @@\n l1\n-l2\n+two\n+zwei\n l3\n l4\n l5\n\
                        @@ -17,4 +18,4 @@\n l17\n l18\n l19\n-l20\n+x l20\n";
        assert_eq!(unified("f", &text, &edits), expected);
        assert_eq!(unified("f", &text, &[]), "");
        // Only what is new, and a last line without an end.
        let edits = [Edit::insert(1, "\nb".to_owned())];
        let expected = "--- a/f\n+++ b/f\n@@ -1,1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n\\ No newline at end of file\n";
        assert_eq!(unified("f", "a", &edits), expected);
    }
}
