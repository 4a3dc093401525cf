//! `JUnit`'s XML, as Jenkins, GitLab and others read it.

use std::fmt::Write;

use crate::matrix::Answered;
use crate::matrix::Matrix;
use crate::matrix::Object;
use crate::matrix::Program;
use crate::matrix::Row;
use crate::matrix::Status;
use crate::text::report::xml;

use super::words::is_well;
use super::words::look;

/// The matrix as `JUnit`'s XML: a `testsuite` for each object, and in it a `testcase` for each program and
/// kernel. A case is a `failure` where it makes the command fail. It is `skipped` where it is not known how
/// it ends, where the program is not for the kernel, and where a fault does not count: it is in the
/// baseline, or below what counts. No time is given:
/// it would be another one in each run.
pub(super) fn junit(matrix: &Matrix) -> String {
    let suites: Vec<Suite> = matrix.objects.iter().map(|it| suite(matrix, it)).collect();
    let sum = |of: fn(&Suite) -> usize| suites.iter().map(of).sum::<usize>();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"ctxgen matrix\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">",
        sum(|suite| suite.tests),
        sum(|suite| suite.failures),
        sum(|suite| suite.skipped),
    );
    for suite in &suites {
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">",
            suite.name, suite.tests, suite.failures, suite.skipped
        );
        out.push_str(&suite.cases);
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// The cases of an object, as XML.
struct Suite {
    name: String,
    tests: usize,
    failures: usize,
    skipped: usize,
    cases: String,
}

fn suite(matrix: &Matrix, object: &Object) -> Suite {
    let mut suite = Suite {
        name: xml(&object.name),
        tests: 0,
        failures: 0,
        skipped: 0,
        cases: String::new(),
    };
    for program in &object.programs {
        for (kernel, (column, answer)) in matrix.kernels.iter().zip(&program.answers).enumerate() {
            let ends = ends(program, kernel, answer);
            suite.tests += 1;
            suite.failures += usize::from(matches!(ends, Ends::Failed));
            suite.skipped += usize::from(matches!(ends, Ends::Skipped(_)));
            let label = &column.label;
            case(&mut suite.cases, object, program, kernel, label, ends);
        }
    }
    suite
}

/// How a case ends.
#[derive(Clone, Copy)]
enum Ends {
    Passed,
    /// Why.
    Skipped(&'static str),
    Failed,
}

fn ends(program: &Program, kernel: usize, answer: &Answered) -> Ends {
    let mut here = program.rows.iter().flat_map(|row| &row.findings);
    let fails = here.any(|finding| {
        finding.fails && finding.kernels.contains(&kernel) && !finding.known.contains(&kernel)
    });
    match answer.status {
        _ if fails => Ends::Failed,
        status if status.is_open() => Ends::Skipped("how this ends is open"),
        status if !is_well(status) => {
            Ends::Skipped("this does not count: it is in the baseline, or below what counts")
        }
        Status::Skipped => Ends::Skipped("the program is not for this kernel"),
        _ => Ends::Passed,
    }
}

fn case(
    out: &mut String,
    object: &Object,
    program: &Program,
    kernel: usize,
    label: &str,
    ends: Ends,
) {
    let name = xml(&format!("{} on {label}", program.name));
    let class = xml(&format!("{}: {}", object.name, program.section));
    let _ = write!(
        out,
        "    <testcase classname=\"{class}\" name=\"{name}\" time=\"0\""
    );
    let shown = |row: &&Row| row.cells.get(kernel).is_some_and(|it| !is_well(it.status));
    let rows: Vec<&Row> = program.rows.iter().filter(shown).collect();
    if let Some(line) = rows.iter().find_map(|row| row.line.as_ref()) {
        let _ = write!(
            out,
            " file=\"{}\" line=\"{}\"",
            xml(&line.file),
            line.number
        );
    }
    let status = program.answers.get(kernel).map(|it| it.status);
    let word = look(status.unwrap_or(Status::NotKnown)).word;
    match ends {
        Ends::Passed => out.push_str("/>\n"),
        Ends::Skipped(why) => {
            let first = text(&rows, kernel).into_iter().next().unwrap_or_default();
            let message = match first.is_empty() {
                true => xml(&format!("{word}: {why}")),
                false => xml(&format!("{first}: {why}")),
            };
            let _ = writeln!(
                out,
                ">\n      <skipped message=\"{message}\"/>\n    </testcase>"
            );
        }
        Ends::Failed => {
            let lines = text(&rows, kernel);
            let first = lines.first().map_or("", String::as_str);
            let message = xml(first);
            let lines: Vec<String> = lines.iter().map(|line| xml(line)).collect();
            let _ = writeln!(
                out,
                ">\n      <failure type=\"{}\" message=\"{message}\">{}</failure>\n    </testcase>",
                status.unwrap_or(Status::NotKnown).id(),
                lines.join("\n")
            );
        }
    }
}

/// What the rows say of a kernel, a line each, and the lines of source below.
fn text(rows: &[&Row], kernel: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for row in rows {
        let Some(cell) = row.cells.get(kernel) else {
            continue;
        };
        let word = look(cell.status).word;
        let sentence = match cell.sentence.is_empty() {
            true => String::new(),
            false => format!(": {}", cell.sentence),
        };
        lines.push(format!("{word}, {}{sentence}", row.what));
        if let Some(line) = &row.line {
            let code = line.text.trim();
            lines.push(format!("    {}:{}: {code}", line.file, line.number));
        }
    }
    lines
}
