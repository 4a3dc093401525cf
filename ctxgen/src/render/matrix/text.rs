//! A matrix for people: the kernels, a grid of the programs, and what there is to look at, the worst first.

use std::collections::HashSet;
use std::fmt::Write;

use super::grid;
use super::wrap::WIDTH;
use super::wrap::cut;
use super::wrap::wrapped;
use crate::matrix::Cell;
use crate::matrix::Finding;
use crate::matrix::Matrix;
use crate::matrix::Object;
use crate::matrix::Program;
use crate::matrix::Row;
use crate::matrix::Status;
use crate::matrix::Subject;
use crate::matrix::ranges;
use crate::text::name;

/// How many programs are named of which the same is said.
const MAX_NAMED: usize = 5;

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
    skipped(&mut text, matrix);
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

/// How many programs were not held against a kernel.
fn skipped(text: &mut String, matrix: &Matrix) {
    let mut is_any = false;
    for (place, kernel) in matrix.kernels.iter().enumerate() {
        let programs = matrix.objects.iter().flat_map(|object| &object.programs);
        let answers = programs.map(|program| &program.answers[place]);
        let mut skipped = answers.filter(|answer| answer.status == Status::Skipped);
        if let Some(first) = skipped.next() {
            let count = counted(1 + skipped.count(), "program");
            let why = first.reasons.first().map_or("", String::as_str);
            let line = format!(
                "{count} not held against {}: {}",
                name(&kernel.label),
                name(why)
            );
            text.push_str(&wrapped(&line, 0, 2));
            is_any = true;
        }
    }
    if is_any {
        text.push('\n');
    }
}

/// All findings of a status, by object and program. What is said of whole programs in the same words comes
/// first, once.
fn findings(text: &mut String, matrix: &Matrix, status: Status) {
    let all = located(matrix, status);
    if all.is_empty() {
        return;
    }
    let _ = writeln!(text, "{} ({})", title(status), all.len());
    let (shared, own) = shared(all);
    for (finding, of) in shared {
        let ranges = name(&finding.ranges);
        let programs: Vec<_> = of
            .iter()
            .take(MAX_NAMED)
            .map(|of| name(&of.1.name))
            .collect();
        let more = match of.len() - programs.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let line = format!(
            "{} programs, {ranges}: {} ({}{more})",
            of.len(),
            name(&finding.sentence),
            programs.join(", ")
        );
        text.push_str(&wrapped(&line, 2, 4));
    }
    let mut before: Option<(&Object, &Program)> = None;
    for (object, program, row, finding) in own {
        if !before.is_some_and(|of| std::ptr::eq(of.0, object)) {
            let _ = writeln!(text, "  {}", name(&object.name));
        }
        if !before.is_some_and(|of| std::ptr::eq(of.1, program)) {
            let _ = writeln!(
                text,
                "    {}  {}",
                name(&program.name),
                name(&program.section)
            );
        }
        before = Some((object, program));
        entry(text, matrix, row, finding);
    }
    text.push('\n');
}

fn located(matrix: &Matrix, status: Status) -> Vec<Located<'_>> {
    let mut all = Vec::new();
    for object in &matrix.objects {
        for program in &object.programs {
            for row in &program.rows {
                let of = row.findings.iter();
                let of = of.filter(|finding| finding.status == status);
                all.extend(of.map(|finding| (object, program, row, finding)));
            }
        }
    }
    all
}

/// A finding, and all those that say the same of other programs as a whole.
type Shared<'m> = (&'m Finding, Vec<Located<'m>>);

/// What is said of several programs as a whole, and the rest.
fn shared(all: Vec<Located<'_>>) -> (Vec<Shared<'_>>, Vec<Located<'_>>) {
    let mut shared: Vec<Shared<'_>> = Vec::new();
    for of in all.iter().filter(|of| is_of_whole(of)) {
        let (_, _, _, finding) = *of;
        let says = |of: &&mut Shared<'_>| {
            of.0.sentence == finding.sentence && of.0.kernels == finding.kernels
        };
        match shared.iter_mut().find(says) {
            Some((_, programs)) => programs.push(*of),
            None => shared.push((finding, vec![*of])),
        }
    }
    shared.retain(|(_, programs)| programs.len() > 1);
    let told = shared.iter().flat_map(|(_, programs)| programs);
    let told: HashSet<*const Finding> = told.map(|of| std::ptr::from_ref(of.3)).collect();
    let is_own = |of: &Located<'_>| !told.contains(&std::ptr::from_ref(of.3));
    let own = all.into_iter().filter(is_own).collect();
    (shared, own)
}

/// Whether it says the same of all its kernels, and of nothing less than the program.
fn is_of_whole((_, _, row, finding): &Located<'_>) -> bool {
    let mut cells = row.cells.iter();
    let is_one = |cell: &Cell| cell.status != finding.status || cell.sentence == finding.sentence;
    row.subject == Subject::Program && finding.known.is_empty() && cells.all(is_one)
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
    // The hook is in the line above.
    let what = match &row.subject {
        Subject::Hook { .. } | Subject::Program => String::new(),
        _ => format!("{}, ", name(&row.what)),
    };
    for (sentence, places) in said {
        let known = match places.iter().all(|place| finding.known.contains(place)) {
            true => " (known)",
            false => "",
        };
        let ranges = ranges(&matrix.kernels, &places);
        let line = format!("{what}{}{known}: {}", name(&ranges), name(sentence));
        text.push_str(&wrapped(&line, 6, 2));
    }
    if let Some(line) = &row.line {
        let of = |file: &str| format!("{}:{}: {}", name(file), line.number, name(&line.text));
        let whole = of(&line.file);
        let line = match whole.chars().count() + 8 > WIDTH {
            true => of(line.file.rsplit('/').next().unwrap_or_default()),
            false => whole,
        };
        let _ = writeln!(text, "        {}", cut(&line, WIDTH - 8));
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
