//! A matrix for people: the kernels, a grid of the programs, and what there is to look at, the worst first.

use std::fmt::Write;

use super::grid;
use super::wrap::WIDTH;
use super::wrap::cut;
use super::wrap::wrapped;
use crate::matrix::Finding;
use crate::matrix::Matrix;
use crate::matrix::Object;
use crate::matrix::Program;
use crate::matrix::Row;
use crate::matrix::Status;
use crate::matrix::ranges;
use crate::text::name;

/// What stands above the findings of a status.
fn title(status: Status) -> &'static str {
    match status {
        Status::Wrong => "Loads, and reads a wrong value",
        Status::DoesNotLoad => "Does not load",
        Status::Absent => "Does not attach",
        Status::NotKnown => "Not known",
        Status::Depends => "Depends on what is known only when it is loaded",
        Status::Guarded => "Guarded or optional: not read on these kernels",
        Status::Unread => "Declared and not read",
        Status::Same | Status::Skipped => "As meant",
    }
}

/// A finding, and where it is.
type Located<'m> = (&'m Object, &'m Program, &'m Row, &'m Finding);

pub(super) fn text(matrix: &Matrix) -> String {
    let mut text = String::new();
    kernels(&mut text, matrix);
    grid::grid(&mut text, matrix);
    for status in Status::WORST_FIRST {
        findings(&mut text, matrix, status);
    }
    summary(&mut text, matrix);
    text
}

/// The kernels, numbered as in the grid.
fn kernels(text: &mut String, matrix: &Matrix) {
    let count = matrix.kernels.len();
    let digits = count.to_string().len();
    let _ = writeln!(text, "{}", counted(count, "kernel"));
    for (place, kernel) in matrix.kernels.iter().enumerate() {
        let mut line = name(&kernel.label).into_owned();
        if let Some(arch) = kernel.arch.as_ref().filter(|arch| !line.contains(&***arch)) {
            let _ = write!(line, "  {}", name(arch));
        }
        if !kernel.equal.is_empty() {
            let equal: Vec<_> = kernel.equal.iter().map(|label| name(label)).collect();
            let _ = write!(line, " (the same BTF: {})", equal.join(", "));
        }
        let number = (place + 1).to_string();
        let indent = 2 + digits - number.len();
        text.push_str(&wrapped(&format!("{number}  {line}"), indent, 4));
    }
    text.push('\n');
}

/// All findings of a status, by object and program.
fn findings(text: &mut String, matrix: &Matrix, status: Status) {
    let mut all: Vec<Located<'_>> = Vec::new();
    for object in &matrix.objects {
        for program in &object.programs {
            for row in &program.rows {
                let of = row
                    .findings
                    .iter()
                    .filter(|finding| finding.status == status);
                all.extend(of.map(|finding| (object, program, row, finding)));
            }
        }
    }
    if all.is_empty() {
        return;
    }
    let _ = writeln!(text, "{} ({})", title(status), all.len());
    let mut before: Option<(&Object, &Program)> = None;
    for (object, program, row, finding) in all {
        let is_same =
            |of: &(&Object, &Program)| std::ptr::eq(of.0, object) && std::ptr::eq(of.1, program);
        if before.filter(is_same).is_none() {
            let of = [&object.name, &program.name, &program.section].map(|of| name(of));
            let of = format!("{}: {}  SEC(\"{}\")", of[0], of[1], of[2]);
            text.push_str(&wrapped(&of, 2, 4));
        }
        before = Some((object, program));
        entry(text, matrix, row, finding);
    }
    text.push('\n');
}

/// A finding: what it is about, and what is said of which kernels.
fn entry(text: &mut String, matrix: &Matrix, row: &Row, finding: &Finding) {
    let mut said: Vec<(&str, Vec<usize>)> = Vec::new();
    for &place in &finding.kernels {
        let sentence = &*row.cells[place].sentence;
        match said.iter_mut().find(|(of, _)| *of == sentence) {
            Some((_, places)) => places.push(place),
            None => said.push((sentence, vec![place])),
        }
    }
    for (sentence, places) in said {
        let known = match places.iter().all(|place| finding.known.contains(place)) {
            true => " (known)",
            false => "",
        };
        let ranges = ranges(&matrix.kernels, &places);
        let line = format!(
            "{}, {}{known}: {}",
            name(&row.what),
            name(&ranges),
            name(sentence)
        );
        text.push_str(&wrapped(&line, 4, 2));
    }
    if let Some(line) = &row.line {
        let line = format!("{}:{}: {}", name(&line.file), line.number, name(&line.text));
        let _ = writeln!(text, "      {}", cut(&line, WIDTH - 6));
    }
}

/// How many programs there are of each kind, and how many findings fail.
fn summary(text: &mut String, matrix: &Matrix) {
    let programs = || matrix.objects.iter().flat_map(|object| &object.programs);
    let of = |status| {
        programs()
            .filter(|program| grid::worst(program) == status)
            .count()
    };
    let mut parts = Vec::new();
    for (status, words) in [
        (Status::Wrong, "with a wrong value"),
        (Status::DoesNotLoad, "not loaded"),
        (Status::Absent, "not attached"),
        (Status::NotKnown, "NOT KNOWN"),
        (Status::Depends, "that depend"),
        (Status::Guarded, "guarded"),
    ] {
        let count = of(status);
        if count > 0 {
            parts.push(format!("{count} {words}"));
        }
    }
    let fine = of(Status::Same) + of(Status::Unread);
    parts.push(format!("{fine} as meant on all kernels"));
    let line = format!(
        "{} in {}, each by the worst kernel: {}",
        counted(programs().count(), "program"),
        counted(matrix.objects.len(), "object"),
        parts.join(", ")
    );
    text.push_str(&wrapped(&line, 0, 2));
    let rows = programs().flat_map(|program| &program.rows);
    let findings = rows.flat_map(|row| &row.findings);
    let fails = findings.filter(|finding| finding.fails).count();
    if fails > 0 {
        let _ = writeln!(text, "FAILS: {}", counted(fails, "finding"));
    }
}

fn counted(count: usize, of: &str) -> String {
    match count {
        1 => format!("1 {of}"),
        count => format!("{count} {of}s"),
    }
}
