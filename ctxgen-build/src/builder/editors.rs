//! What leads editors to the generated headers: a compilation database, and `.clangd`.

use std::path::Path;

use super::build::Build;
use crate::cargo::Inputs;
use crate::clang::database;
use crate::error::Error;
use crate::outdir;
use crate::outdir::OutDir;

/// The compilation database in the output folder.
const DATABASE: &str = "compile_commands.json";
/// In the package's folder.
const CLANGD: &str = ".clangd";
/// How a `.clangd` of ctxgen's starts.
const MARK: &str =
    "# Written by ctxgen-build (Builder::compile_commands). Do not edit or commit.\n";
/// What cargo leaves in the folder of an unpacked package. A build must not change that folder.
const UNPACKED: &str = "Cargo.toml.orig";

impl Build<'_> {
    /// Writes both, and gives back a warning where a `.clangd` of the user's is in the way.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub(super) fn write_for_editors(&self) -> Result<Option<String>, Error> {
        if !self.builder.compile_commands {
            return Ok(None);
        }
        let sources: Vec<&Path> = self.plan.sources.iter().map(|(_, path)| *path).collect();
        let text = database(&self.tools.clang, &sources, self.options);
        self.out.write(DATABASE, text.as_bytes())?;
        clangd(self.options.root, self.out, self.inputs)
    }
}

fn clangd(root: &Path, out: &OutDir, inputs: &Inputs) -> Result<Option<String>, Error> {
    let file = root.join(CLANGD);
    if root.join(UNPACKED).exists() {
        return Ok(None);
    }
    let folder = out.path("");
    // Relative to `.clangd`, where it can be: a package may be seen under another path in an editor.
    let folder = folder.strip_prefix(root).unwrap_or(&folder);
    let folder = folder.to_string_lossy().replace('\'', "''");
    let folder = folder.trim_end_matches('/');
    let line = format!("CompilationDatabase: '{folder}'");
    let text = format!("{MARK}CompileFlags:\n  {line}\n");
    // It is not an input: no build depends on it.
    let is_own = match outdir::read(&file) {
        Ok(old) if old == text.as_bytes() => return Ok(None),
        Ok(old) => old.starts_with(MARK.as_bytes()),
        Err(_) => true,
    };
    if !is_own {
        inputs.add_files([file]);
        return Ok(Some(format!(
            "{CLANGD} was not written by ctxgen and is left as it is: for clangd to find vmlinux.h and \
             ctx.h, add to its CompileFlags:\n  {line}"
        )));
    }
    outdir::write(&file, text.as_bytes()).map(|()| None)
}
