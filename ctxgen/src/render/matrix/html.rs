//! One page of HTML that needs nothing else.

mod data;
mod findings;
mod prototype;
mod table;

use std::cmp::Reverse;
use std::fmt::Write;

use crate::matrix::Matrix;
use crate::matrix::Program;
use crate::matrix::Row;
use crate::matrix::Status;
use crate::text::report::html as text;
use crate::text::report::json_in_html;

use self::data::Data;
use super::words::counted;
use super::words::look;

/// The page, with the names of its parts in double braces.
const PAGE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/page.css");
/// Parts of one script, in their order.
const SCRIPTS: [&str; 6] = [
    include_str!("html/script/common.js"),
    include_str!("html/script/theme.js"),
    include_str!("html/script/filters.js"),
    include_str!("html/script/detail.js"),
    include_str!("html/script/keys.js"),
    include_str!("html/script/start.js"),
];

/// A program, and the object that it is of.
type Listed<'m> = (usize, &'m Program);

/// The matrix as a page of HTML: a table that can be filtered, and for each cell what was found, the line of
/// source, and two kernels' prototypes beside each other. It has all that it needs in itself, asks nothing
/// of a network, and is a plain table with the findings below where scripts are not run.
pub(super) fn html(matrix: &Matrix) -> String {
    let programs = worst_first(matrix);
    let mut out = String::new();
    let mut rest = PAGE;
    // What has been put in is not looked at again: it may have braces of its own.
    while let Some((before, behind)) = rest.split_once("{{") {
        out.push_str(before);
        let (part, behind) = behind.split_once("}}").unwrap_or((behind, ""));
        put(&mut out, part, matrix, &programs);
        rest = behind;
    }
    out.push_str(rest);
    out
}

fn put(out: &mut String, part: &str, matrix: &Matrix, programs: &[Listed<'_>]) {
    match part {
        "style" => out.push_str(STYLE),
        "script" => out.push_str(&SCRIPTS.join("\n")),
        "counts" => counts(out, matrix, programs),
        "objects" => objects(out, matrix),
        "statuses" => statuses(out, programs),
        "kernels" => out.push_str(&matrix.kernels.len().to_string()),
        "columns" => table::columns(out, matrix),
        "head" => table::head(out, matrix),
        "rows" => table::rows(out, matrix, programs),
        "findings" => findings::list(out, matrix),
        "data" => data(out, matrix, programs),
        part => debug_assert!(false, "the page has no part {part}"),
    }
}

/// The programs of all objects, the worst first, then as they are in the matrix.
fn worst_first(matrix: &Matrix) -> Vec<Listed<'_>> {
    let mut all = Vec::new();
    for (at, object) in matrix.objects.iter().enumerate() {
        all.extend(object.programs.iter().map(|program| (at, program)));
    }
    all.sort_by_key(|(_, program)| Reverse(worst(program)));
    all
}

/// What is worst of a program on any kernel.
fn worst(program: &Program) -> Status {
    let answers = program.answers.iter().map(|answer| answer.status);
    answers.max().unwrap_or(Status::Skipped)
}

fn counts(out: &mut String, matrix: &Matrix, programs: &[Listed<'_>]) {
    let objects = match &matrix.objects[..] {
        [one] => text(&one.name),
        all => counted(all.len(), "object"),
    };
    let programs = counted(programs.len(), "program");
    let kernels = counted(matrix.kernels.len(), "kernel");
    let _ = write!(out, "{programs} of {objects} on {kernels}");
}

fn objects(out: &mut String, matrix: &Matrix) {
    for (at, object) in matrix.objects.iter().enumerate() {
        let _ = write!(
            out,
            "<option value=\"{at}\">{}</option>",
            text(&object.name)
        );
    }
}

/// A button for each status that a row has, which shows the rows of that status alone.
fn statuses(out: &mut String, programs: &[Listed<'_>]) {
    let rows: Vec<&Row> = programs.iter().flat_map(|(_, it)| &it.rows).collect();
    for status in Status::WORST_FIRST {
        let is_shown = |row: &&&Row| table::shown_as(row).any(|of| of == status);
        let count = rows.iter().filter(is_shown).count();
        if count == 0 {
            continue;
        }
        let (look, id) = (look(status), status.id());
        let _ = write!(
            out,
            "<button type=\"button\" class=\"chip\" data-status=\"{id}\" aria-pressed=\"false\" \
             title=\"{}\"><span class=\"mark s-{id}\" aria-hidden=\"true\">{}</span> {} \
             <b>{count}</b></button>",
            text(look.meaning),
            look.sign,
            look.word
        );
    }
}

fn data(out: &mut String, matrix: &Matrix, programs: &[Listed<'_>]) {
    let data = Data::of(matrix, programs);
    let json = serde_json::to_string(&data).unwrap_or_default();
    out.push_str(&json_in_html(&json));
}
