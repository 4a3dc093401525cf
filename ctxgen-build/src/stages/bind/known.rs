//! Which objects a build script makes: `ctxgen::include_bpf!` says so where it is asked for another.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::error::Error;
use crate::outdir::OutDir;

/// The file in the output folder. No object is called so: no name has a dot.
const FILE: &str = "include_bpf.macro.rs";

/// What the builders of this process have made, by output folder.
static KNOWN: Mutex<BTreeMap<PathBuf, BTreeSet<String>>> = Mutex::new(BTreeMap::new());

/// Adds objects to those that `include_bpf!` knows in this folder.
///
/// # Errors
/// [`Error::Write`].
pub(crate) fn add_known<'n>(
    out: &OutDir,
    names: impl Iterator<Item = &'n str>,
) -> Result<(), Error> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.entry(out.path("")).or_default();
    known.extend(names.map(str::to_owned));
    out.write(FILE, text(known).as_bytes()).map(drop)
}

/// A macro with an arm for each object.
fn text(known: &BTreeSet<String>) -> String {
    let mut text = "#[allow(clippy::restriction, unused_macros, reason = \"generated\")]\nmacro_rules! __ctxgen_object {\n".to_owned();
    for name in known {
        let _ = writeln!(
            text,
            "    (\"{name}\") => {{ include!(concat!(env!(\"OUT_DIR\"), \"/{name}.rs\")); }};"
        );
    }
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    let _ = writeln!(
        text,
        "    ($other:tt) => {{\n        compile_error!(concat!(\n            \"no BPF object of this package's \
         build script is called \", stringify!($other),\n            \". It makes: {}. An object is called \
         by its source's file name up to the first dot, with _ for what is in no identifier\"\n        ));\n    \
         }};\n}}",
        names.join(", ")
    );
    text
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;
    use std::process::Output;

    use super::*;

    /// A crate that asks for an object.
    fn compiled(name: &str) -> Output {
        let dir = tempfile::tempdir().unwrap();
        let out = OutDir::new(dir.path().to_owned());
        // Several builders of one build script.
        add_known(&out, ["guard"].into_iter()).unwrap();
        add_known(&out, ["_9p"].into_iter()).unwrap();
        fs::write(out.path("guard.rs"), "pub const MADE: u32 = 1;").unwrap();
        let source = format!(
            "mod bpf {{ include!(concat!(env!(\"OUT_DIR\"), \"/{FILE}\")); __ctxgen_object!({name:?}); }}\n\
             pub fn made() -> u32 {{ bpf::MADE }}\n"
        );
        fs::write(out.path("lib.rs"), source).unwrap();
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        rustc.args([
            "--edition",
            "2024",
            "--crate-type",
            "lib",
            "--emit",
            "metadata",
            "-D",
            "warnings",
        ]);
        rustc.env("OUT_DIR", dir.path());
        rustc
            .arg(out.path("lib.rs"))
            .arg("--out-dir")
            .arg(dir.path());
        rustc.output().unwrap()
    }

    #[test]
    fn objects_are_found_by_name() {
        let output = compiled("guard");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let output = compiled("gard");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success());
        assert!(
            said.contains("build script is called \"gard\". It makes: _9p, guard. An object"),
            "{said}"
        );
    }
}
