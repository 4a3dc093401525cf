//! Parts of the errors' sentences.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::PathBuf;

use ctxgen::Addition;
use ctxgen::ContextError;
use ctxgen::Drift;
use ctxgen::Generic;
use ctxgen::PrototypeError;
use ctxgen::Prototypes;

use crate::findings::Place;

pub(super) fn places(tried: &[Place]) -> String {
    tried.iter().map(|place| format!("\n  - {place}")).collect()
}

/// What to do where a file is missing.
pub(super) fn missing(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => ". Name a file that is there",
        _ => "",
    }
}

/// How to name no hook in a section, where a context's hook is none of the kernel's.
pub(super) fn placeholder(error: &ctxgen::Error) -> String {
    /// What is written where a function has to be named and none is meant.
    const PLACEHOLDERS: [&str; 9] = [
        "dummy",
        "placeholder",
        "none",
        "nothing",
        "any",
        "func",
        "function",
        "target",
        "todo",
    ];
    let (hook, nearest) = match error {
        ctxgen::Error::Prototype(PrototypeError::UnknownHook { hook, nearest, .. })
        | ctxgen::Error::Context(ContextError::Prototype(PrototypeError::UnknownHook {
            hook,
            nearest,
            ..
        })) => (hook, nearest),
        _ => return String::new(),
    };
    let family = hook.family();
    let is_none = nearest.is_empty() || PLACEHOLDERS.contains(&hook.target());
    let names_none = matches!(family.generic(), Generic::Unknown | Generic::Registers)
        && family.prototypes() == Prototypes::Function
        && is_none;
    let takes = match family.generic() {
        Generic::Registers => "struct pt_regs *ctx",
        _ => "unsigned long long *ctx",
    };
    match family.sections().first() {
        Some(section) if names_none => format!(
            ". If what it is attached to is said at run time, its section is SEC(\"{section}\"), and it takes \
             `{takes}`"
        ),
        _ => String::new(),
    }
}

/// The function that clang has made a call to, of which libbpf finds no definition.
fn called(said: &str) -> Option<&str> {
    const FUNCTIONS: [&str; 5] = ["memcmp", "memcpy", "memset", "memmove", "bcmp"];
    let (_, rest) = said.split_once("BTF info for global/extern symbol '")?;
    let (name, _) = rest.split_once('\'')?;
    FUNCTIONS.contains(&name).then_some(name)
}

/// Why sources may not be linked. Without a reason that is known, a source that is alone may not be BPF.
pub(super) fn linking(sources: &[PathBuf], said: &str) -> Cow<'static, str> {
    if let Some(name) = called(said) {
        return Cow::Owned(format!(
            "\nclang has made a call of a __builtin_{name}() or of a copy, and BPF programs have no function \
             {name}(). Its length has to be a small constant, and this version of clang may call the \
             function even then: compare or copy in a loop, or with bpf_strncmp(), or use a newer clang."
        ));
    }
    Cow::Borrowed(reason(sources, said))
}

fn reason(sources: &[PathBuf], said: &str) -> &'static str {
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

/// The BPF target of a byte order.
#[cfg(feature = "rust-programs")]
pub(super) fn bpf_target(order: &str) -> &'static str {
    match order {
        "big" => "bpfeb",
        _ => "bpfel",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_clang_makes() {
        let said = "failed to find BTF info for global/extern symbol 'memcmp'\n";
        assert_eq!(called(said), Some("memcmp"));
        assert!(linking(&[], said).contains("no function memcmp()"));
        let own = "failed to find BTF info for global/extern symbol 'memory'\n";
        assert_eq!(called(own), None);
    }

    #[test]
    fn sections_without_a_hook() {
        let said = |hook: &str| {
            placeholder(&ctxgen::Error::Prototype(PrototypeError::UnknownHook {
                hook: hook.parse().unwrap(),
                origin: ctxgen::Origin::Memory("test".to_owned()),
                tried: Vec::new(),
                nearest: Vec::new(),
            }))
        };
        for (hook, expected) in [
            (
                "fentry/dummy",
                "SEC(\"fentry\"), and it takes `unsigned long long *ctx`",
            ),
            (
                "kprobe/dummy",
                "SEC(\"kprobe\"), and it takes `struct pt_regs *ctx`",
            ),
        ] {
            assert!(said(hook).ends_with(expected), "{}", said(hook));
        }
        assert_eq!(said("struct_ops/a/b"), "");
    }
}
