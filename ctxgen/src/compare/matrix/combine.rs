//! What is said of one kernel each, side by side.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Answered;
use super::Candidate;
use super::Cell;
use super::Column;
use super::Examination;
use super::Finding;
use super::Matrix;
use super::Object;
use super::Program;
use super::Row;
use super::Status;
use super::Subject;
use super::columns::Named;
use super::columns::columns;
use super::entry::Entry;
use super::entry::Key;
use super::entry::OnKernel;
use super::examine::Said;
use super::fingerprint::Fingerprints;
use super::fold::ranges;
use super::fold::runs;

/// How many reasons of an answer are kept.
const MAX_REASONS: usize = 8;

/// A kernel for a matrix: what it is called, and what was found on it.
#[derive(Debug)]
pub struct Held {
    /// What it is to be called; where nothing is asked for, one of its names is taken.
    pub label: Option<String>,
    /// What it may be called, from short to long ([`KernelBtf::names`](crate::KernelBtf::names)).
    pub names: Vec<String>,
    /// What was found.
    pub found: Found,
}

/// What was found on a kernel.
#[derive(Debug)]
pub enum Found {
    /// This.
    Examined(Examination),
    /// What was found on the kernel at this place in the list, whose BTF is the same.
    EqualTo(usize),
}

impl Matrix {
    /// A matrix of objects and of what was found of them on kernels.
    pub fn new(objects: &[Candidate], kernels: Vec<Held>) -> Self {
        let named: Vec<Named> = kernels.iter().map(named).collect();
        let mut examined: Vec<Option<Examination>> = kernels.into_iter().map(examined).collect();
        let columns = columns(&named);
        let mut found: Vec<Examination> = Vec::new();
        let mut kernels = Vec::new();
        for (place, column) in columns {
            if let Some(of) = examined.get_mut(place).and_then(Option::take) {
                found.push(of);
                kernels.push(column);
            }
        }
        let mut fingerprints = Fingerprints::default();
        let mut matrix = Self {
            kernels,
            objects: Vec::new(),
        };
        for (number, object) in objects.iter().enumerate() {
            let mut by_kernel: Vec<_> = found
                .iter_mut()
                .map(|of| std::mem::take(&mut of.objects[number]).into_iter())
                .collect();
            let mut programs = Vec::new();
            for program in object.examined.object().programs() {
                let each: Vec<(Said, OnKernel)> =
                    by_kernel.iter_mut().filter_map(Iterator::next).collect();
                let mut combined = combine(&matrix.kernels, program, each);
                for row in &mut combined.rows {
                    row.findings = findings(&matrix.kernels, row, |subject, status| {
                        let of = (&*combined.name, &*combined.section);
                        fingerprints.of(&object.file, of, subject, status)
                    });
                }
                programs.push(combined);
            }
            matrix.objects.push(Object {
                file: object.file.clone(),
                name: object.name.clone(),
                programs,
            });
        }
        matrix
    }
}

fn named(kernel: &Held) -> Named {
    let (arch, equal_to) = match &kernel.found {
        Found::Examined(found) => (found.arch.clone(), None),
        Found::EqualTo(place) => (None, Some(*place)),
    };
    Named {
        label: kernel.label.clone(),
        names: kernel.names.clone(),
        arch,
        equal_to,
    }
}

fn examined(kernel: Held) -> Option<Examination> {
    match kernel.found {
        Found::Examined(found) => Some(found),
        Found::EqualTo(_) => None,
    }
}

/// A row in the making.
struct Draft {
    is_foreign: bool,
    subject: Subject,
    what: String,
    line: Option<super::SourceLine>,
    cells: Vec<Option<Cell>>,
}

fn combine(
    kernels: &[Column],
    program: &crate::object::Program,
    each: Vec<(Said, OnKernel)>,
) -> Program {
    let mut drafts: BTreeMap<Key, Draft> = BTreeMap::new();
    let states: Vec<(bool, bool)> = each
        .iter()
        .map(|(_, of)| (of.is_examined, of.is_attached))
        .collect();
    let is_examined_at_all = states.iter().any(|(is_examined, _)| *is_examined);
    let said = each.first().map(|(said, _)| said.clone());
    let mut is_struct = said.as_ref().and_then(|said| said.r#struct.clone());
    let mut prototypes = Vec::new();
    for (place, (said, on_kernel)) in each.into_iter().enumerate() {
        is_struct = is_struct.or(said.r#struct);
        prototypes.push(on_kernel.prototype);
        for mut entry in on_kernel.entries {
            // Where it runs on some of the kernels, it is not for those of another architecture.
            if is_examined_at_all && !on_kernel.is_examined {
                entry.cell.status = Status::Skipped;
            }
            add(&mut drafts, kernels.len(), place, entry);
        }
    }
    let mut rows: Vec<Row> = drafts
        .into_iter()
        .map(|(key, draft)| row(kernels, &key, draft, &states))
        .collect();
    // What the order of keys says remains among those that are alike.
    rows.sort_by_key(|row| Reverse(row.status));
    Program {
        name: program.name.clone(),
        section: program.section.to_string(),
        hooks: program.hooks().iter().map(ToString::to_string).collect(),
        r#struct: is_struct,
        source: said.map_or(super::Source::Nowhere, |said| said.source),
        answers: states
            .iter()
            .enumerate()
            .map(|(place, (is_examined, _))| answered(&rows, place, *is_examined))
            .collect(),
        prototypes,
        rows,
    }
}

/// Adds what is said of a kernel. Where a kernel says two things of one row, as of a program on several
/// hooks, the worse one counts.
fn add(drafts: &mut BTreeMap<Key, Draft>, kernels: usize, place: usize, entry: Entry) {
    let draft = drafts.entry(entry.key).or_insert_with(|| Draft {
        is_foreign: entry.is_foreign,
        subject: entry.subject.clone(),
        what: entry.what.clone(),
        line: None,
        cells: vec![None; kernels],
    });
    if draft.is_foreign && !entry.is_foreign {
        draft.is_foreign = false;
        draft.subject = entry.subject;
        draft.what = entry.what;
    }
    draft.line = draft.line.take().or(entry.line);
    let cell = &mut draft.cells[place];
    let is_worse = |cell: &Cell| cell.status < entry.cell.status;
    if cell.as_ref().is_none_or(is_worse) {
        *cell = Some(entry.cell);
    }
}

fn row(kernels: &[Column], key: &Key, draft: Draft, states: &[(bool, bool)]) -> Row {
    let is_of_hook = match (key, &draft.subject) {
        (Key::Read(_) | Key::Declared(_), _) | (_, Subject::Argument { .. }) => true,
        (Key::Other(_), _) => false,
    };
    let is_listed = matches!(key, Key::Read(_));
    let filled = draft.cells.into_iter().zip(states);
    let cells: Vec<Cell> = filled
        .map(|(cell, &(is_examined, is_attached))| {
            let is_there = match is_of_hook {
                true => is_attached && !is_listed,
                false => is_examined,
            };
            cell.unwrap_or_else(|| {
                let status = match is_there {
                    true => Status::Same,
                    false => Status::Skipped,
                };
                Cell::new(status, String::new())
            })
        })
        .collect();
    let statuses = cells.iter().map(|cell| cell.status);
    Row {
        status: statuses.max().unwrap_or(Status::Skipped),
        runs: runs(kernels, &cells),
        findings: Vec::new(),
        subject: draft.subject,
        what: draft.what,
        line: draft.line,
        cells,
    }
}

/// What becomes of the program on a kernel: the worst that its rows say.
fn answered(rows: &[Row], place: usize, is_examined: bool) -> Answered {
    let mut cells: Vec<(&Row, &Cell)> = rows.iter().map(|row| (row, &row.cells[place])).collect();
    cells.sort_by_key(|(_, cell)| Reverse(cell.status));
    let best = match is_examined {
        true => Status::Same,
        false => Status::Skipped,
    };
    let worst = cells
        .first()
        .map_or(best, |(_, cell)| cell.status.max(best));
    let is_worth =
        |cell: &Cell| !cell.status.is_fine() || !is_examined && !cell.sentence.is_empty();
    let told = cells.iter().filter(|(_, cell)| is_worth(cell));
    let sentence = |(row, cell): &(&Row, &Cell)| match row.subject {
        Subject::Program => cell.sentence.clone(),
        _ => format!("{}: {}", row.what, cell.sentence),
    };
    Answered {
        status: worst,
        reasons: told.take(MAX_REASONS).map(sentence).collect(),
    }
}

fn findings(
    kernels: &[Column],
    row: &Row,
    mut fingerprint: impl FnMut(&Subject, Status) -> String,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for status in Status::WORST_FIRST {
        let of = row.cells.iter().enumerate();
        let of = of.filter(|(_, cell)| cell.status == status && !status.is_fine());
        let places: Vec<usize> = of.map(|(place, _)| place).collect();
        let Some(newest) = places.last() else {
            continue;
        };
        findings.push(Finding {
            status,
            fingerprint: fingerprint(&row.subject, status),
            ranges: ranges(kernels, &places),
            sentence: row.cells[*newest].sentence.clone(),
            kernels: places,
            known: Vec::new(),
            fails: false,
        });
    }
    findings
}
