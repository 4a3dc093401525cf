//! The sources as the preprocessor leaves them.
//!
//! What contexts they name is known only then, and `ctx.h` has to be there before: one without contexts
//! stands in. What the true one declares takes its place in the text, and only where it has other
//! macros are the sources preprocessed again.

use std::path::Path;
use std::path::PathBuf;

use ctxgen::Names;
use ctxgen::Requests;
use ctxgen::replace_stand_in;

use super::scanned::Scanned;
use crate::cargo::Inputs;
use crate::clang::Clang;
use crate::clang::Expanded;
use crate::clang::Options;
use crate::clang::advised;
use crate::clang::each;
use crate::error::Error;
use crate::outdir::OutDir;
use crate::plan::Source;

/// What sources are preprocessed with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Preprocessor<'a> {
    pub(crate) clang: &'a Clang,
    pub(crate) options: &'a Options<'a>,
    pub(crate) sources: &'a [Source<'a>],
    /// A folder that goes away.
    pub(crate) scratch: &'a Path,
    /// Gets what the sources include.
    pub(crate) inputs: &'a Inputs,
}

/// Preprocessed sources.
#[derive(Debug)]
pub(crate) struct Preprocessed {
    pub(crate) texts: Vec<Expanded>,
    /// Those of the generated headers.
    folders: [String; 2],
}

impl Preprocessor<'_> {
    /// The sources with these headers: a `ctx.h` without contexts, and `vmlinux.h`.
    ///
    /// # Errors
    /// [`Error::Compile`] with clang's words, where a source cannot be preprocessed.
    pub(crate) fn run(&self, stand_in: &str, vmlinux: &[u8]) -> Result<Preprocessed, Error> {
        // `ctx.h` includes the `vmlinux.h` that is beside it.
        let folder = OutDir::new(self.folder());
        folder.write("ctx.h", stand_in.as_bytes())?;
        folder.write("vmlinux.h", vmlinux)?;
        let texts = each(self.sources, |_, source| self.expand(source))?;
        let folders = [&*self.folder(), self.options.include];
        Ok(Preprocessed {
            texts,
            folders: folders.map(|folder| folder.to_string_lossy().into_owned()),
        })
    }

    /// Gives the sources the true `ctx.h`.
    ///
    /// # Errors
    /// As [`Preprocessor::run`].
    pub(crate) fn finish(
        &self,
        preprocessed: &mut Preprocessed,
        stand_in: &str,
        header: &str,
    ) -> Result<(), Error> {
        let folder = OutDir::new(self.folder());
        let path = folder.write("ctx.h", header.as_bytes())?;
        let path = path.to_string_lossy();
        let mut has_other_macros = false;
        for expanded in &mut preprocessed.texts {
            has_other_macros |= !replace_stand_in(&mut expanded.text, &path, stand_in, header);
        }
        if has_other_macros {
            preprocessed.texts = each(self.sources, |_, source| self.expand(source))?;
        }
        Ok(())
    }

    fn expand(&self, (name, source): &Source<'_>) -> Result<Expanded, Error> {
        let rule = self.scratch.join(format!("{name}.d"));
        let folder = self.folder();
        let expanded = self
            .clang
            .preprocess(source, &folder, &rule, self.options, self.inputs);
        expanded.map_err(|error| advised(error, self.options))
    }

    /// Where the headers are. As line markers have it: without a slash at the end.
    fn folder(&self) -> PathBuf {
        self.scratch.join("include")
    }
}

impl Preprocessed {
    /// What each of these sources asks for.
    pub(crate) fn scan(&self, sources: &[Source<'_>]) -> Vec<Scanned> {
        let folders = self.folders();
        let texts = self.texts.iter().zip(sources);
        texts
            .map(|(expanded, (_, source))| {
                let requests = Requests::of_preprocessed(&expanded.text, &folders);
                Scanned::new(source, requests)
            })
            .collect()
    }

    /// What each of them names.
    pub(crate) fn names(&self) -> impl Iterator<Item = Names<'_>> {
        let folders = self.folders();
        self.texts.iter().map(move |text| {
            let mut own = Names::new();
            own.add_preprocessed(&text.text, &folders);
            own
        })
    }

    fn folders(&self) -> [&str; 2] {
        self.folders.each_ref().map(|folder| &**folder)
    }
}
