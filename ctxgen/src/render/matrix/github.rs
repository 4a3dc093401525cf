//! GitHub's commands, which make annotations out of lines of a log.

use std::fmt::Write;

use crate::matrix::Matrix;
use crate::text::report::github_message;
use crate::text::report::github_property;

use super::findings::Listed;
use super::findings::findings;
use super::words::Level;
use super::words::counted;
use super::words::is_well;
use super::words::look;

/// The findings as [commands](https://docs.github.com/actions/reference/workflow-commands-for-github-actions)
/// in a job's log, the worst first, a line each: `::error` for what makes the command fail, `::warning` for
/// other faults, and `::notice` for what is open. GitHub shows the first ten of each in a step. What programs
/// have seen to themselves is left out. The last line is no command, and counts the others.
pub(super) fn github(matrix: &Matrix) -> String {
    let mut out = String::new();
    let all = findings(matrix);
    let shown = all.iter().filter(|it| !is_well(it.finding.status));
    for listed in shown.clone() {
        line(&mut out, listed);
    }
    let _ = writeln!(
        out,
        "ctxgen: {} in {} on {}",
        counted(shown.count(), "finding"),
        counted(matrix.objects.len(), "object"),
        counted(matrix.kernels.len(), "kernel")
    );
    out
}

fn line(out: &mut String, listed: &Listed<'_>) {
    let command = match listed.level() {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let _ = write!(out, "::{command} ");
    if let Some(line) = &listed.row.line {
        let file = github_property(&line.file);
        let _ = write!(out, "file={file},line={},", line.number);
    }
    let word = look(listed.finding.status).word;
    let title = github_property(&format!("{word}: {}", listed.program.name));
    let message = github_message(&format!("{}: {}", listed.object.name, listed.sentence()));
    let _ = writeln!(out, "title={title}::{message}");
}
