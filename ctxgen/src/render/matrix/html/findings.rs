//! The findings as a list, for where no scripts are run.

use std::fmt::Write;

use crate::matrix::Matrix;
use crate::render::matrix::findings::findings;
use crate::render::matrix::words::look;
use crate::text::report::html as text;

/// An item for each finding, the worst first.
pub(super) fn list(out: &mut String, matrix: &Matrix) {
    for listed in findings(matrix) {
        let look = look(listed.finding.status);
        let _ = write!(
            out,
            "<li><span class=\"mark s-{}\">{}</span> <b>{}</b> {}: {}",
            listed.finding.status.id(),
            look.sign,
            look.word,
            text(&listed.object.name),
            text(&listed.sentence())
        );
        if let Some(line) = &listed.row.line {
            let place = format!("{}:{}: {}", line.file, line.number, line.text.trim());
            let _ = write!(out, "<br><code>{}</code>", text(&place));
        }
        out.push_str("</li>\n");
    }
}
