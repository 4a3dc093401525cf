//! Parts of the errors' sentences.

use std::fmt;
use std::path::PathBuf;

use ctxgen::Addition;
use ctxgen::Drift;

use crate::findings::Place;

pub(super) fn places(tried: &[Place]) -> String {
    tried.iter().map(|place| format!("\n  - {place}")).collect()
}

/// Why sources may not be linked. Without a reason that is known, a source that is alone may not be BPF.
pub(super) fn linking(sources: &[PathBuf], said: &str) -> &'static str {
    if said.contains("relocation against STT_SECTION in non-exec section") {
        "\nA variable starts with the address of a string or of another variable, as in `const char *name = \
         \"x\"`: nothing sets it when the object is loaded. Make it an array (`const char name[] = \"x\"`), or \
         assign it in a program."
    } else if sources.len() <= 1 {
        "\nWere arguments given to clang that make it no BPF object with BTF?"
    } else {
        ""
    }
}

/// What to do where clang has not ended in time.
pub(super) fn longer(error: &ctxgen::RunError) -> &'static str {
    match error {
        ctxgen::RunError::Timeout(_) => {
            "; where that is too short, give it longer with Builder::clang_timeout, or where that is \
             not called, with more seconds in the CTXGEN_CLANG_TIMEOUT variable"
        }
        _ => "",
    }
}

pub(super) fn of(kernel: &Option<String>) -> String {
    let of = |kernel| format!(" of {kernel}");
    kernel.as_ref().map(of).unwrap_or_default()
}

pub(super) fn differences(all: &[Drift]) -> String {
    let texts: Vec<_> = all.iter().map(ToString::to_string).collect();
    texts.join("\n")
}

pub(super) fn advice(relocatable: bool) -> &'static str {
    match relocatable {
        true => "Builder::deny_drift makes that an error",
        false => {
            "An object with fixed contexts cannot serve all of these kernels: make them relocatable \
             with Builder::relocatable(true), or build one object for each kernel"
        }
    }
}

pub(super) fn advices(advice: &[String]) -> String {
    advice.iter().map(|line| format!("\n{line}")).collect()
}

pub(super) fn lines(all: &[impl fmt::Display]) -> String {
    let lines: Vec<_> = all.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// The error, with what gives the builder what it asks for.
pub(crate) fn advised(error: &ctxgen::Error) -> String {
    match error.asks_for() {
        Some(Addition::Module) => format!("{error} (Builder::module)"),
        Some(Addition::Program) => format!("{error} (Builder::user)"),
        Some(Addition::Formats) => format!("{error} (Builder::formats)"),
        _ => error.to_string(),
    }
}
