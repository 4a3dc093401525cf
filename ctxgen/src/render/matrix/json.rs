//! All of a matrix, as JSON. What is in it is described in `docs/matrix.md`.

use serde::Serialize;

use crate::matrix::Matrix;
use crate::text::terminal;

/// The version of the form. It changes when something in it gets another meaning or goes; what is added
/// does not change it.
pub const JSON_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'m> {
    version: u32,
    generator: &'static str,
    #[serde(flatten)]
    matrix: &'m Matrix,
}

pub(super) fn json(matrix: &Matrix) -> String {
    let document = Document {
        version: JSON_VERSION,
        generator: concat!("ctxgen ", env!("CARGO_PKG_VERSION")),
        matrix,
    };
    // Nothing in a matrix is a map, or anything else that JSON has no form for.
    let mut text = serde_json::to_string(&document).unwrap_or_default();
    text.push('\n');
    // A file of it may be shown on a terminal: what that writes is an escape of JSON too.
    terminal(&text).into_owned()
}
