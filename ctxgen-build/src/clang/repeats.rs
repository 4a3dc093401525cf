//! Clang's errors, each once: a macro that has its argument several times, as `ctx_get` has, repeats them.

use std::collections::HashSet;

/// What starts a message of clang's, behind file, line and column.
const SEVERITIES: [&str; 3] = [": error: ", ": fatal error: ", ": warning: "];

/// What clang says before a message about a header.
const INCLUDED: &str = "In file included from ";

/// What clang has said, without messages that repeat an earlier one at the same place.
pub(crate) fn without(stderr: &str) -> String {
    let mut seen = HashSet::new();
    let mut kept = String::with_capacity(stderr.len());
    let mut included = String::new();
    let (mut is_kept, mut is_cut) = (true, false);
    for line in stderr.split_inclusive('\n') {
        if line.starts_with(INCLUDED) {
            included.push_str(line);
            continue;
        }
        if SEVERITIES.iter().any(|severity| is_message(line, severity)) {
            is_kept = seen.insert(line);
        } else if line.trim_end().ends_with(" generated.") {
            // It counts the repeated ones.
            is_kept = !is_cut;
        }
        if is_kept {
            kept.push_str(&included);
            kept.push_str(line);
        }
        is_cut |= !is_kept;
        included.clear();
    }
    kept.push_str(&included);
    kept
}

/// Whether a line has a place before the severity, and is no source line that contains it.
fn is_message(line: &str, severity: &str) -> bool {
    let place = line.split_once(severity).map(|(place, _)| place);
    let mut numbers = place.into_iter().flat_map(|place| place.rsplitn(3, ':'));
    let mut is_number = || {
        let number = numbers.next();
        number.is_some_and(|number| number.parse::<u32>().is_ok())
    };
    is_number() && is_number()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages() {
        let first = "a.c:3:9: error: no member named 'x' in 'struct s'; did you mean 'y'?\n\
                     \x20 ctx_get(c, x);\n";
        let note = "ctx.h:7:1: note: expanded from macro 'ctx_get'\n";
        let other = "a.c:4:9: error: no member named 'x' in 'struct s'; did you mean 'y'?\n";
        let included = "In file included from a.c:1:\n";
        let header = "a.h:1:1: warning: empty\n";
        let twice = format!(
            "{included}{header}{first}{note}{first}{note}{other}{included}{header}3 errors generated.\n"
        );
        assert_eq!(
            without(&twice),
            format!("{included}{header}{first}{note}{other}")
        );
        let once = format!("{first}{note}{other}2 errors generated.\n");
        assert_eq!(without(&once), once);
        let no_message = "clang: error: no such file\nclang: error: no such file\n";
        assert_eq!(without(no_message), no_message);
        assert_eq!(without(included), included);
    }
}
