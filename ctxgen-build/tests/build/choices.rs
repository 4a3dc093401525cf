//! What programs do only where a variable says so that user space sets before they are loaded.

use ctxgen_build::Error;

use crate::support::Order;
use crate::support::Project;
use crate::support::kernel;

fn build(text: &str) -> Result<Vec<String>, Error> {
    let project = Project::with(&format!("const volatile bool legacy;\nint plain;\n{text}"));
    let built = project.prog().btf(kernel(Order::Little)).generate();
    built.map(|made| made.warnings)
}

/// A store that no verifier takes.
fn stores(condition: &str) -> String {
    format!(
        "SEC(\"tp_btf/sched_switch\") int p(unsigned long long *ctx)\n{{\n\
         \tif ({condition})\n\t\tctx[1] = 0;\n\treturn 0;\n}}\n"
    )
}

#[test]
fn a_constant_of_user_spaces() {
    let warnings = build(&stores("legacy")).unwrap();
    let [warning] = &warnings[..] else {
        panic!("{warnings:?}");
    };
    for part in [
        "stores to",
        "That is so only where the variable legacy has the program get there",
    ] {
        assert!(warning.contains(part), "{warning}");
    }
    // What can change later keeps no verifier from anything.
    for condition in ["plain", "!legacy || plain"] {
        let error = build(&stores(condition)).unwrap_err();
        assert!(matches!(error, Error::Refused(_)), "{condition}: {error}");
    }
}
