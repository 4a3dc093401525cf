//! C as a preprocessor writes it, and as people do.

use ctxgen::ByteOrder;
use ctxgen::Marker;
use ctxgen::Names;
use ctxgen::Requests;
use ctxgen::render;
use ctxgen::replace_stand_in;

use super::sound;
use crate::exercise::is_clean_or_error;

/// What generated headers are called in the inputs.
const GENERATED: [&str; 2] = ["vmlinux.h", "ctx.h"];

pub(super) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = Requests::of_raw(&text);
    let _ = Requests::of_preprocessed(&text, &GENERATED);
    for line in text.lines() {
        if let Some(marker) = Marker::parse(line) {
            let _ = marker.file();
        }
    }
    let mut names = Names::new();
    names.add_preprocessed(&text, &GENERATED);
    names.add_words(&text);
    let kernel = sound(ByteOrder::Little);
    if let Ok(header) = render::vmlinux_for(&kernel, &names) {
        let _ = render::own_macros(&header, &names);
        let _ = render::header_for("struct x;\n", &header, &names);
        is_clean_or_error(Ok(header), |_| {});
    }
    let mut replaced = text.clone().into_owned();
    let stand_in = "#define A 1\n";
    if replace_stand_in(&mut replaced, "ctx.h", stand_in, stand_in) {
        assert!(replaced.len() >= text.len());
    } else {
        assert_eq!(replaced, text);
    }
}
