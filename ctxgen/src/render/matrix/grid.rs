//! A row for each program, a column for each kernel, a letter in each cell.

use std::fmt::Write;

use super::wrap::WIDTH;
use super::wrap::cut;
use super::wrap::wrapped;
use crate::matrix::Matrix;
use crate::matrix::Object;
use crate::matrix::Program;
use crate::matrix::Status;
use crate::text::name;

/// The most characters of a program's name, and the least that there are for its section.
const MAX_NAME: usize = 32;
const MIN_SECTION: usize = 8;

/// What stands for a status.
pub(super) fn letter(status: Status) -> char {
    match status {
        Status::Wrong => 'W',
        Status::DoesNotLoad => 'L',
        Status::Absent => 'A',
        Status::NotKnown => '?',
        Status::Depends => 'd',
        Status::Guarded => 'g',
        Status::Same | Status::Unread => '.',
        Status::Skipped => '-',
    }
}

const LEGEND: &str = "W reads a wrong value, L does not load, A does not attach, ? not known, d depends on \
                      what is known only when it is loaded, g guarded or optional, . as meant";

/// The worst that becomes of a program.
pub(super) fn worst(program: &Program) -> Status {
    let answers = program.answers.iter().map(|answer| answer.status);
    answers.max().unwrap_or(Status::Same)
}

/// The programs of an object that are not as meant on all kernels, the worst first.
pub(super) fn worth(object: &Object) -> Vec<&Program> {
    let programs = object.programs.iter();
    let mut worth: Vec<&Program> = programs.filter(|of| !worst(of).is_fine()).collect();
    worth.sort_by_key(|program| std::cmp::Reverse(worst(program)));
    worth
}

/// The objects, those with the worst programs first.
pub(super) fn objects(matrix: &Matrix) -> Vec<&Object> {
    let mut objects: Vec<&Object> = matrix.objects.iter().collect();
    let of = |object: &&Object| object.programs.iter().map(worst).max();
    objects.sort_by_key(|object| std::cmp::Reverse(of(object)));
    objects
}

/// The whole grid; nothing where all is as meant.
pub(super) fn grid(text: &mut String, matrix: &Matrix) {
    let objects = objects(matrix);
    let all: Vec<&Program> = objects.iter().flat_map(|object| worth(object)).collect();
    if all.is_empty() {
        return;
    }
    let widest = |of: fn(&Program) -> &str| {
        let widths = all.iter().map(|program| name(of(program)).chars().count());
        widths.max().unwrap_or(0)
    };
    let names = widest(|program| &program.name).min(MAX_NAME);
    let count = matrix.kernels.len();
    let cell = count.to_string().len() + 1;
    let room = WIDTH
        .saturating_sub(2 + names + 2 + cell * count)
        .max(MIN_SECTION);
    let width = names + 2 + widest(|program| &program.section).min(room);
    text.push_str(&wrapped(LEGEND, 0, 2));
    let _ = write!(text, "\n  {:width$}", "");
    for number in 1..=count {
        let _ = write!(text, "{number:>cell$}");
    }
    text.push('\n');
    for object in objects {
        let worth = worth(object);
        if !worth.is_empty() {
            let _ = writeln!(text, "{}", name(&object.name));
        }
        for program in worth {
            let title = format!(
                "{:names$}  {}",
                cut(&name(&program.name), names),
                name(&program.section)
            );
            let _ = write!(text, "  {:width$}", cut(&title, width));
            for answer in &program.answers {
                let _ = write!(text, "{:>cell$}", letter(answer.status));
            }
            text.push('\n');
        }
    }
    text.push('\n');
}
