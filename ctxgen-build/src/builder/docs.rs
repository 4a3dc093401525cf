//! Builds for documentation, where clang or the kernel's BTF may be missing.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::Builder;
use super::env_path;
use super::include_dirs;
use crate::cargo;
use crate::error::Error;
use crate::outdir::OutDir;
use crate::scan;

/// What docs.rs sets where it builds.
const DOCS_RS: &str = "DOCS_RS";

impl Builder {
    /// Stand-ins for what could not be made, where documentation is all that is wanted.
    ///
    /// # Errors
    /// `error`, where a crate is built for another purpose, or something else than a tool or BTF is
    /// missing.
    pub(super) fn stand_in(&self, error: Error) -> Result<(), Error> {
        if std::env::var_os(DOCS_RS).is_none() || !is_something_missing(&error) {
            return Err(error);
        }
        let out = OutDir::new(match &self.out_dir {
            Some(path) => path.clone(),
            None => env_path("OUT_DIR")?,
        });
        let include_dirs = include_dirs(&self.clang_args);
        let mut files = BTreeSet::new();
        for (name, source) in self.names()? {
            let scanned = scan::scan(source, &include_dirs)?;
            let structs = scanned.requests.iter().map(|request| &*request.name);
            let module = module(&name, structs, cfg!(feature = "bindgen"));
            out.write(&format!("{name}.rs"), module.as_bytes())?;
            files.extend(scanned.files);
        }
        let said = error.to_string();
        let why = said.lines().next().unwrap_or_default();
        let env = [DOCS_RS, "CLANG", "CTXGEN_BTF", "LIBCLANG_PATH"];
        print!("{}", cargo::rerun(&files, env));
        println!(
            "cargo::warning=the documentation has stand-ins for BPF skeletons and contexts: {why}"
        );
        Ok(())
    }
}

/// Whether a build failed for want of what machines that build documentation may not have.
fn is_something_missing(error: &Error) -> bool {
    match error {
        Error::NoBtf { .. }
        | Error::NoClang { .. }
        | Error::NotClang { .. }
        | Error::OldClang { .. }
        | Error::NoBpfTarget { .. } => true,
        #[cfg(feature = "bindgen")]
        Error::NoLibclang(_) => true,
        Error::Warned { error, .. } => is_something_missing(error),
        _ => false,
    }
}

/// The text of `<name>.rs` without a skeleton.
fn module<'s>(name: &str, structs: impl Iterator<Item = &'s str>, has_bindings: bool) -> String {
    const NOTE: &str = "Stand-in: what is behind this name takes clang and the target kernel's BTF to \
                        make, which were not there when this documentation was built.";
    let type_name = type_name(name);
    let mut text = String::new();
    for (what, parameters, field) in [
        (format!("{type_name}SkelBuilder"), "", "()"),
        (format!("Open{type_name}Skel"), "<'obj>", "&'obj ()"),
        (format!("{type_name}Skel"), "<'obj>", "&'obj ()"),
    ] {
        let _ = writeln!(
            text,
            "/// {NOTE}\n#[allow(missing_debug_implementations, dead_code)]\n\
             pub struct {what}{parameters}({field});"
        );
    }
    let _ = writeln!(
        text,
        "/// {NOTE}\n#[allow(dead_code)]\npub static OBJECT: &[u8] = &[];\n\
         /// {NOTE}\npub mod types {{}}"
    );
    if !has_bindings {
        return text;
    }
    let _ = writeln!(
        text,
        "/// Contexts of BPF programs.\n#[allow(dead_code, non_camel_case_types)]\npub mod ctx {{"
    );
    for name in structs {
        let _ = writeln!(
            text,
            "    /// {NOTE}\n    #[derive(Clone, Copy, Debug, Default)]\n    #[repr(C)]\n    \
             pub struct {name} {{\n        _private: [u8; 0],\n    }}"
        );
    }
    text.push_str("}\n");
    text
}

/// What libbpf-cargo calls a skeleton's types by: `mprotect_guard` becomes `MprotectGuard`.
fn type_name(name: &str) -> String {
    let upper_first = |word: &str| {
        let mut chars = word.chars();
        let first = chars.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(chars).collect::<String>()
    };
    name.split('_').map(upper_first).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types() {
        assert_eq!(type_name("mprotect_guard"), "MprotectGuard");
        assert_eq!(type_name("rawtp"), "Rawtp");
        assert_eq!(type_name("a__b"), "AB");
    }
}
