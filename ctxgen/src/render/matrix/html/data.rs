//! What the page's script shows of a cell, each text once.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::matrix::Cell;
use crate::matrix::Matrix;
use crate::matrix::Program;
use crate::matrix::Row;
use crate::matrix::Status;
use crate::matrix::Subject;
use crate::render::matrix::words::look;
use crate::text::name;

use super::prototype;
use super::prototype::Line;

/// All of it. Programs are in the order of the table; the others are known by their places.
#[derive(Serialize)]
pub(super) struct Data {
    kernels: Vec<KernelData>,
    statuses: Vec<StatusData>,
    objects: Vec<String>,
    programs: Vec<ProgramData>,
    prototypes: Vec<Vec<Line>>,
    cells: Vec<CellData>,
}

#[derive(Serialize)]
struct KernelData {
    label: String,
    arch: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    equal: Vec<String>,
}

#[derive(Serialize)]
struct StatusData {
    id: &'static str,
    sign: &'static str,
    word: &'static str,
    meaning: &'static str,
    fine: bool,
}

#[derive(Serialize)]
struct ProgramData {
    object: usize,
    name: String,
    section: String,
    /// What tells what the author meant, in a sentence without full stop.
    source: String,
    /// For each kernel, the place among the prototypes.
    prototypes: Vec<Option<usize>>,
    rows: Vec<RowData>,
}

#[derive(Serialize)]
struct RowData {
    what: String,
    /// What the author means, in words.
    meant: String,
    /// Whether it is something that an author means: not of hooks, fields and the like.
    #[serde(rename = "isMeant")]
    is_meant: bool,
    /// The name of the argument that the author means.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<LineData>,
    /// For each kernel, the place among the cells.
    cells: Vec<usize>,
}

#[derive(Serialize)]
struct LineData {
    file: String,
    number: u32,
    text: String,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct CellData {
    status: usize,
    sentence: String,
    /// The name of the argument that the kernel has there.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<String>,
    /// Whether the kernel has there what is returned.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    returned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved: Option<String>,
}

/// Values, each once.
struct Pool<T>(BTreeMap<T, usize>);

impl<T: Ord> Pool<T> {
    fn place(&mut self, value: T) -> usize {
        let next = self.0.len();
        *self.0.entry(value).or_insert(next)
    }

    fn values(self) -> Vec<T> {
        let mut all: Vec<(T, usize)> = self.0.into_iter().collect();
        all.sort_by_key(|(_, place)| *place);
        all.into_iter().map(|(value, _)| value).collect()
    }
}

impl Data {
    pub(super) fn of(matrix: &Matrix, programs: &[(usize, &Program)]) -> Self {
        let mut prototypes = Pool(BTreeMap::new());
        let mut cells = Pool(BTreeMap::new());
        let kernels = matrix.kernels.iter().map(|kernel| KernelData {
            label: shown(&kernel.label),
            arch: kernel.arch.as_deref().map(shown),
            equal: kernel.equal.iter().map(|it| shown(it)).collect(),
        });
        let programs = programs.iter().map(|(object, program)| ProgramData {
            object: *object,
            name: shown(&program.name),
            section: shown(&program.section),
            source: program.source.to_string(),
            prototypes: places(&program.prototypes, &mut prototypes),
            rows: program.rows.iter().map(|it| row(it, &mut cells)).collect(),
        });
        Self {
            kernels: kernels.collect(),
            statuses: Status::WORST_FIRST.map(status).into(),
            objects: matrix.objects.iter().map(|it| shown(&it.name)).collect(),
            programs: programs.collect(),
            prototypes: prototypes.values(),
            cells: cells.values(),
        }
    }
}

fn places(texts: &[Option<String>], pool: &mut Pool<Vec<Line>>) -> Vec<Option<usize>> {
    let mut place = |text: &String| {
        let mut lines = prototype::lines(text);
        for line in &mut lines {
            line.text = shown(&line.text.replace('\t', "    "));
        }
        pool.place(lines)
    };
    texts.iter().map(|it| it.as_ref().map(&mut place)).collect()
}

fn status(status: Status) -> StatusData {
    let look = look(status);
    StatusData {
        id: status.id(),
        sign: look.sign,
        word: look.word,
        meaning: look.meaning,
        fine: status.is_fine(),
    }
}

fn row(row: &Row, cells: &mut Pool<CellData>) -> RowData {
    let (meant, name) = meant(&row.subject);
    RowData {
        what: shown(&row.what),
        meant,
        is_meant: matches!(row.subject, Subject::Read { .. } | Subject::Declared { .. }),
        name,
        line: row.line.as_ref().map(|line| LineData {
            file: shown(&line.file),
            number: line.number,
            text: shown(line.text.trim()),
        }),
        cells: row.cells.iter().map(|it| cells.place(cell(it))).collect(),
    }
}

fn cell(cell: &Cell) -> CellData {
    let found = cell.found.as_ref();
    let place = |status| Status::WORST_FIRST.iter().position(|it| *it == status);
    CellData {
        status: place(cell.status).unwrap_or_default(),
        sentence: shown(&cell.sentence),
        found: found.and_then(|it| it.name.as_deref()).map(shown),
        returned: found.is_some_and(|it| it.is_returned),
        moved: cell.moved_to.as_ref().map(ToString::to_string),
    }
}

/// What the author means, in words, and the name of that.
fn meant(subject: &Subject) -> (String, Option<String>) {
    let value = |name: &Option<String>, of: &str| {
        let name = name.as_deref().map(shown);
        match (name, of) {
            (Some(name), "") => name,
            (Some(name), of) => format!("{name} ({})", shown(of)),
            (None, "") => "not declared".to_owned(),
            (None, of) => shown(of),
        }
    };
    match subject {
        Subject::Read {
            name,
            r#type,
            place,
            width,
        } => {
            let bytes = width.map(|width| format!(", {width} bytes"));
            let bytes = bytes.unwrap_or_default();
            let value = value(name, r#type);
            let words = format!("{value}, read from {place}{bytes}");
            (words, name.as_deref().map(shown))
        }
        Subject::Declared {
            name,
            r#type,
            place,
        } => {
            let words = format!("{}, declared for {place}, not read", value(name, r#type));
            (words, name.as_deref().map(shown))
        }
        Subject::Argument { name } => (
            format!(
                "{}, by its name in a context struct of ctxgen's",
                shown(name)
            ),
            Some(shown(name)),
        ),
        Subject::Hook { hook } => (format!("attaches to {}", shown(hook)), None),
        Subject::Field { what } => (format!("CO-RE looks for {}", shown(what)), None),
        Subject::Needed { what } => (format!("needs {} of the kernel", shown(what)), None),
        Subject::KernelFunction { name } => (format!("needs {} of the kernel", shown(name)), None),
        Subject::Program => ("the program as a whole".to_owned(), None),
    }
}

fn shown(text: &str) -> String {
    name(text).into_owned()
}
