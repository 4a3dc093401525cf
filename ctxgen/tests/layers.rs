//! The order of the library's modules: data runs one way, so a module uses what stands before it.

use std::path::Path;

use ctxgen_layers::Layers;
use ctxgen_layers::Tree;

const LAYERS: Layers = Layers {
    order: &[
        "sorted",
        "text",
        "btf",
        "minimize",
        "hook",
        "image",
        "module",
        "tracefs",
        "user",
        "kernel",
        "ctype",
        "declaration",
        "prototype",
        "layout",
        "context",
        "usage",
        "object",
        "compare",
        "render",
        "pin",
        "load",
        "compiler",
        "migrate",
        "error",
    ],
    allowed: &[],
    circles: &[7],
};

#[test]
fn modules_use_what_stands_before_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let faults = LAYERS.faults(&Tree::read(&src));
    assert!(faults.is_empty(), "\n{faults}");
}
