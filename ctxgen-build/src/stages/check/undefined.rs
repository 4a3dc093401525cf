//! Data and functions that an object declares and that nobody defines.
//!
//! libbpf finds the kernel's by their sections (`__ksym`, `__kconfig`). Of others, it says that it finds no section
//! for them, and opens no such object.

use std::path::PathBuf;

use ctxgen::object::ObjectFile;
use ctxgen::object::Undefined;

use crate::display::listed;

/// What is said of an object of these sources that was linked of `compiled`; `None` where all is defined.
pub(super) fn undefined(
    sources: &[PathBuf],
    object: &ObjectFile,
    compiled: &[Vec<u8>],
) -> Option<String> {
    let mut lines = Vec::new();
    for undefined in object.undefined() {
        let declares = |bytes: &Vec<u8>| {
            let one = ObjectFile::parse(bytes).ok()?;
            let found = one
                .undefined()
                .iter()
                .any(|other| other.name == undefined.name);
            Some(found)
        };
        let of: Vec<PathBuf> = sources
            .iter()
            .zip(compiled)
            .filter(|(_, bytes)| declares(bytes) == Some(true))
            .map(|(source, _)| source.clone())
            .collect();
        let of = if of.is_empty() { sources } else { &of };
        lines.push(line(&undefined, &listed(of)));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn line(undefined: &Undefined, sources: &str) -> String {
    let Undefined {
        name, declaration, ..
    } = undefined;
    let kernels = match undefined.is_function {
        true => format!("if it is one of the kernel's, declare it as `{declaration} __ksym;`"),
        false => format!(
            "if it is one of the kernel's, declare it as `{declaration} __ksym;`, and if it is one of its \
             configuration, as `{declaration} __kconfig;`"
        ),
    };
    format!(
        "nothing defines {name}, which is declared as `{declaration};` ({sources}): define it in one of the \
         object's sources; {kernels}"
    )
}
