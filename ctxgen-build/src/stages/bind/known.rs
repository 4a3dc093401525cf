//! Which objects a build script makes: `ctxgen::include_bpf!` says so where it is asked for another.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::cargo::of_cargo;
use crate::error::Error;
use crate::outdir::OutDir;

/// The file in the output folder. No object is called so: no name has a dot.
const FILE: &str = "include_bpf.macro.rs";

/// What the builders of this process have made, by output folder.
static KNOWN: Mutex<BTreeMap<PathBuf, BTreeSet<String>>> = Mutex::new(BTreeMap::new());

/// Adds objects in this folder to those that `include_bpf!` knows. Where it is below cargo's folder for the build
/// script, they are known there, by their paths (`fixed/guard`).
///
/// # Errors
/// [`Error::Write`].
pub(crate) fn add_known<'n>(
    out: &OutDir,
    names: impl Iterator<Item = &'n str>,
) -> Result<(), Error> {
    let of_cargo = of_cargo("OUT_DIR").map(PathBuf::from);
    add_known_below(of_cargo, out, names)
}

fn add_known_below<'n>(
    of_cargo: Option<PathBuf>,
    out: &OutDir,
    names: impl Iterator<Item = &'n str>,
) -> Result<(), Error> {
    let folder = out.path("");
    let below = of_cargo.and_then(|root| {
        let below = folder.strip_prefix(&root).ok()?.to_owned();
        Some((root, below))
    });
    let (root, below) = below.unwrap_or((folder, PathBuf::new()));
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.entry(root.clone()).or_default();
    // A path that is no text cannot be written in a macro's argument.
    known.extend(names.filter_map(|name| Some(below.join(name).to_str()?.to_owned())));
    OutDir::new(root)
        .write(FILE, text(known).as_bytes())
        .map(drop)
}

/// A macro with an arm for each object.
fn text(known: &BTreeSet<String>) -> String {
    let mut text = "#[allow(clippy::restriction, unused_macros, reason = \"generated\")]\nmacro_rules! __ctxgen_object {\n".to_owned();
    for name in known {
        let _ = writeln!(
            text,
            "    ({name:?}) => {{ include!(concat!(env!(\"OUT_DIR\"), \"/\", {name:?}, \".rs\")); }};"
        );
    }
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    let names = format!(
        ". It makes: {}. An object is called by its source's file name up to the first dot, with _ for what is in no \
         identifier",
        names.join(", ")
    );
    let _ = writeln!(
        text,
        "    ($other:tt) => {{\n        compile_error!(concat!(\n            \"no BPF object of this package's build \
         script is called \", stringify!($other), {names:?}\n        ));\n    }};\n}}"
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
        // Several builders of one build script, one with a folder of its own.
        let inner = OutDir::new(out.path("fixed"));
        for (out, name) in [(&out, "guard"), (&out, "_9p"), (&inner, "guard")] {
            let root = Some(dir.path().to_owned());
            add_known_below(root, out, [name].into_iter()).unwrap();
            out.write("guard.rs", b"pub const MADE: u32 = 1;").unwrap();
        }
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
        for name in ["guard", "fixed/guard"] {
            let output = compiled(name);
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said}");
        }
        let output = compiled("gard");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success());
        assert!(
            said.contains(
                "build script is called \"gard\". It makes: _9p, fixed/guard, guard. An object"
            ),
            "{said}"
        );
    }
}
