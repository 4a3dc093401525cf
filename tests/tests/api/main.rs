//! The public API of the libraries, as golden files: a change of it is a change that one reads.
//!
//! `CTXGEN_BLESS=1 cargo test -p ctxgen-tests --all-features --test api` writes them anew.

mod crate_of;
mod listing;
mod tokens;

use ctxgen_tests::bless;
use ctxgen_tests::workspace;

use self::crate_of::Crate;

fn check(package: &str, name: &str) {
    let root = workspace().join(package).join("src/lib.rs");
    let text = listing::of(&Crate::read(&root), name);
    assert!(text.lines().count() > 10, "{text}");
    let golden = format!("tests/golden/api/{package}.txt");
    bless(&workspace().join(golden), &text);
}

#[test]
fn ctxgen() {
    check("ctxgen", "ctxgen");
}

#[test]
fn ctxgen_build() {
    check("ctxgen-build", "ctxgen_build");
}
