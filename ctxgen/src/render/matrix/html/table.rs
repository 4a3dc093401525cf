//! The table: a group of rows for each program, a column for each kernel.

use std::fmt::Write;

use crate::matrix::Column;
use crate::matrix::Matrix;
use crate::matrix::Program;
use crate::matrix::Row;
use crate::matrix::Run;
use crate::matrix::Status;
use crate::render::matrix::words::look;
use crate::text::report::html as text;

/// The columns, of which the first is of the programs.
pub(super) fn columns(out: &mut String, matrix: &Matrix) {
    out.push_str("<col class=\"what\">");
    for _ in &matrix.kernels {
        out.push_str("<col class=\"kernel\">");
    }
}

/// The kernels, below their architecture where there are several.
pub(super) fn head(out: &mut String, matrix: &Matrix) {
    let groups: Vec<&[Column]> = matrix.kernels.chunk_by(|a, b| a.arch == b.arch).collect();
    let two_lines = groups.len() > 1;
    let span = if two_lines { " rowspan=\"2\"" } else { "" };
    let _ = write!(
        out,
        "<tr><th scope=\"col\" class=\"what\"{span}>Program</th>"
    );
    if two_lines {
        for group in groups {
            let arch = group[0].arch.as_deref().unwrap_or("?");
            let _ = write!(
                out,
                "<th scope=\"colgroup\" class=\"arch\" colspan=\"{}\"><span>{}</span></th>",
                group.len(),
                text(arch)
            );
        }
        out.push_str("</tr>\n<tr>");
    }
    for kernel in &matrix.kernels {
        self::kernel(out, kernel);
    }
    out.push_str("</tr>\n");
}

fn kernel(out: &mut String, kernel: &Column) {
    let mut title = kernel.label.clone();
    if !kernel.equal.is_empty() {
        title = format!("{title}; the same BTF: {}", kernel.equal.join(", "));
    }
    let label = kernel.label.as_str();
    let version = kernel.version.as_deref().filter(|it| label.contains(it));
    // What stands around the version is shown smaller.
    let (version, rest) = match version {
        Some(version) => (version, label.replacen(version, "", 1)),
        None => (label, String::new()),
    };
    let rest = rest.trim_matches(['-', '_', '.', ' ']);
    let more = match kernel.equal.len() {
        0 => String::new(),
        count => format!(" <span class=\"equal\">+{count}</span>"),
    };
    let _ = write!(
        out,
        "<th scope=\"col\" title=\"{}\"><span class=\"version\">{}</span>\
         <span class=\"label\">{}{more}</span></th>",
        text(&title),
        text(version),
        text(rest)
    );
}

/// A group of rows for each program.
pub(super) fn rows(out: &mut String, matrix: &Matrix, programs: &[(usize, &Program)]) {
    for (at, (object, program)) in programs.iter().enumerate() {
        // One object is named above the table.
        let name = match &matrix.objects[..] {
            [] | [_] => String::new(),
            all => all
                .get(*object)
                .map_or_else(String::new, |it| object_name(&it.name)),
        };
        let _ = writeln!(
            out,
            "<tbody data-program=\"{at}\" data-object=\"{object}\">\n<tr class=\"program\">\
             <th scope=\"rowgroup\"><span class=\"name\">{}</span><span class=\"section\">{}</span>{}</th>{}</tr>",
            breakable(&program.name),
            breakable(&program.section),
            name,
            answers(matrix, program)
        );
        for (number, row) in program.rows.iter().enumerate() {
            self::row(out, matrix, (at, number), row);
        }
        out.push_str("</tbody>\n");
    }
}

/// The statuses by which a row is found: what is not fine on any kernel, and the worst.
pub(super) fn shown_as(row: &Row) -> impl Iterator<Item = Status> {
    let has = |status| row.cells.iter().any(|cell| cell.status == status);
    Status::WORST_FIRST
        .into_iter()
        .filter(move |status| row.status == *status || !status.is_fine() && has(*status))
}

/// A name that may be broken into lines behind what separates its words.
fn breakable(name: &str) -> String {
    // No escape of a character has one of these.
    text(name)
        .replace('/', "/\u{200b}")
        .replace('_', "_\u{200b}")
        .replace('.', ".\u{200b}")
        .replace('\u{200b}', "<wbr>")
}

/// An object's name, with its folder apart, for which small screens have no room.
fn object_name(name: &str) -> String {
    let start = name.rfind('/').map_or(0, |at| at + 1);
    let (folder, file) = (breakable(&name[..start]), breakable(&name[start..]));
    format!("<span class=\"object\"><span class=\"folder\">{folder}</span>{file}</span>")
}

/// What becomes of a program, as one strip.
fn answers(matrix: &Matrix, program: &Program) -> String {
    let both: Vec<(Option<&str>, Status)> = matrix
        .kernels
        .iter()
        .map(|kernel| kernel.arch.as_deref())
        .zip(program.answers.iter().map(|answer| answer.status))
        .collect();
    let mut out = String::new();
    for run in both.chunk_by(|a, b| a == b) {
        let (_, status) = run[0];
        let look = look(status);
        let _ = write!(
            out,
            "<td colspan=\"{}\"><span class=\"strip s-{}\"><span class=\"in\"><span aria-hidden=\"true\">{}</span> {}</span></span></td>",
            run.len(),
            status.id(),
            look.sign,
            look.word
        );
    }
    out
}

fn row(out: &mut String, matrix: &Matrix, (program, number): (usize, usize), row: &Row) {
    let line = row.line.as_ref().map(|line| {
        let file = line.file.rsplit('/').next().unwrap_or_default();
        format!(
            "<span class=\"place\" title=\"{}:{}\">{}:{}</span>",
            text(&line.file),
            line.number,
            text(file),
            line.number
        )
    });
    let _ = write!(
        out,
        "<tr class=\"row\" data-row=\"{number}\" data-statuses=\"{}\"><th scope=\"row\">\
         <span class=\"read\">{}</span>{}</th>",
        shown_as(row).map(Status::id).collect::<Vec<_>>().join(" "),
        breakable(&row.what),
        line.unwrap_or_default()
    );
    for run in &row.runs {
        cell(out, matrix, (program, number), run);
    }
    out.push_str("</tr>\n");
}

/// A cell of the neighbouring kernels of which the same is said.
fn cell(out: &mut String, matrix: &Matrix, (program, number): (usize, usize), run: &Run) {
    let label = |at: usize| matrix.kernels.get(at).map_or("", |it| it.label.as_str());
    let kernels = match run.first == run.last {
        true => text(label(run.first)),
        false => format!("{} to {}", text(label(run.first)), text(label(run.last))),
    };
    let (look, id) = (look(run.status), run.status.id());
    let sentence = match run.sentence.is_empty() {
        true => String::new(),
        false => format!(" <span class=\"sentence\">{}</span>", text(&run.sentence)),
    };
    let _ = write!(
        out,
        "<td colspan=\"{}\"><button type=\"button\" class=\"cell s-{id}\" id=\"p{program}r{number}k{}\" \
         aria-expanded=\"false\"><span class=\"in\"><span class=\"vh\">{kernels}: </span>\
         <span class=\"sign\" aria-hidden=\"true\">{}</span> <span class=\"word\">{}</span>{sentence}\
         </span></button></td>",
        run.last + 1 - run.first,
        run.first,
        look.sign,
        look.word
    );
}
