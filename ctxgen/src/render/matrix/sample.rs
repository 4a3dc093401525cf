//! A matrix for tests of the formats, with names that try to get out of them.

use crate::matrix::Answered;
use crate::matrix::Cell;
use crate::matrix::Column;
use crate::matrix::Finding;
use crate::matrix::Matrix;
use crate::matrix::Object;
use crate::matrix::Place;
use crate::matrix::Program;
use crate::matrix::Row;
use crate::matrix::Run;
use crate::matrix::Source;
use crate::matrix::SourceLine;
use crate::matrix::Status;
use crate::matrix::Subject;

/// A name with what ends something in each of the formats.
pub(super) const HOSTILE: &str = "</script><script>alert(1)</script>|`x`\"'&]]>%0A::error::\n::error::y\u{202e}\u{1b}[2J\u{2028}{{data}}";

/// One object with one program on two kernels, wrong on the second.
pub(super) fn matrix(name: &str) -> Matrix {
    let cell = |status, sentence: &str| Cell {
        status,
        sentence: sentence.to_owned(),
        found: None,
        moved_to: None,
    };
    let answered = |status| Answered {
        status,
        reasons: Vec::new(),
    };
    let run = |at, status, sentence: &str| Run {
        first: at,
        last: at,
        status,
        sentence: sentence.to_owned(),
    };
    let row = Row {
        subject: Subject::Read {
            name: Some(name.to_owned()),
            r#type: name.to_owned(),
            place: Place::Slot(3),
            width: Some(8),
        },
        what: name.to_owned(),
        line: Some(SourceLine {
            file: name.to_owned(),
            number: 7,
            text: name.to_owned(),
        }),
        status: Status::Wrong,
        cells: vec![cell(Status::Same, ""), cell(Status::Wrong, name)],
        runs: vec![run(0, Status::Same, ""), run(1, Status::Wrong, name)],
        findings: vec![Finding {
            status: Status::Wrong,
            fingerprint: "0123456789abcdef".to_owned(),
            kernels: vec![1],
            ranges: "6.2 →".to_owned(),
            sentence: name.to_owned(),
            known: Vec::new(),
            fails: true,
        }],
    };
    let column = |label: &str| Column {
        label: label.to_owned(),
        ..Column::default()
    };
    Matrix {
        kernels: vec![column("6.1"), column(name)],
        objects: vec![Object {
            file: name.to_owned(),
            name: name.to_owned(),
            programs: vec![Program {
                name: name.to_owned(),
                section: name.to_owned(),
                hooks: Vec::new(),
                r#struct: None,
                source: Source::Debug,
                answers: vec![answered(Status::Same), answered(Status::Wrong)],
                prototypes: vec![Some("int f(int a)".to_owned()), Some(name.to_owned())],
                rows: vec![row],
            }],
        }],
    }
}
