//! The `vmlinux.h` that the sources are compiled with.

use std::path::Path;
use std::path::PathBuf;

use ctxgen::KernelBtf;
use ctxgen::Names;
use ctxgen::render;

use crate::clang::Clang;
use crate::clang::Expanded;
use crate::clang::Options;
use crate::compile;
use crate::compile::Source;
use crate::compile::Unit;
use crate::compile::Work;
use crate::error::Error;
use crate::lacking;
use crate::outdir::OutDir;
use crate::outdir::read;
use crate::record::Record;
use crate::system;
use crate::undeclared;

/// Which `vmlinux.h` the sources are compiled with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Vmlinux {
    /// What the sources can reach of the target kernel's types: what they name, what that holds by
    /// value, and what its members point to that they name. clang takes a fraction of the time that
    /// it takes with all types, and makes the same of the sources.
    ///
    /// What a source or its headers define themselves is left to them. Should something be missing,
    /// all types are taken, and a warning asks for a report.
    #[default]
    Trimmed,
    /// All types of the target kernel.
    Full,
    /// A header of the user's own, such as one that bpftool made.
    Provided(PathBuf),
}

/// Where the header goes in the output folder.
const HEADER: &str = "include/vmlinux.h";
/// Where that of the contexts goes.
const CONTEXTS: &str = "include/ctx.h";

/// What sources are compiled with and to.
#[derive(Debug)]
pub(crate) struct Compilation<'a> {
    pub(crate) kernel: &'a KernelBtf,
    pub(crate) out: &'a OutDir,
    /// The text of `ctx.h`.
    pub(crate) contexts: &'a str,
    pub(crate) clang: &'a Clang,
    pub(crate) options: &'a Options<'a>,
    pub(crate) sources: &'a [Source<'a>],
    /// A folder that goes away.
    pub(crate) scratch: &'a Path,
}

impl<'a> Compilation<'a> {
    /// Writes the header and compiles those sources, each with its record, that are not as they were.
    /// Adds to the warnings if the header had to be another one than was asked for.
    pub(crate) fn run(
        &self,
        vmlinux: &Vmlinux,
        records: &[Record<'_>],
        warnings: &mut Vec<String>,
    ) -> Result<Vec<Unit<'a>>, Error> {
        if let Vmlinux::Provided(path) = vmlinux {
            let header = read(path)?;
            self.out.write(HEADER, &header)?;
            let texts = self.expand(self.options.include)?;
            let units = self.compile(&header, &texts, &[], records);
            return units.map_err(|error| self.advise(error));
        }
        let preprocessed = self.preprocess()?;
        let sources = preprocessed.names();
        let names = sources.all();
        let compile = |header: &str, names: &Names<'_>| {
            let contexts = render::header_for(self.contexts, header, names);
            self.out.write(CONTEXTS, contexts.as_bytes())?;
            let macros = sources.macros(header);
            self.compile(header.as_bytes(), &preprocessed.texts, &macros, records)
        };
        let all = |names: &Names<'_>| render::vmlinux_with_all(self.kernel, names);
        if *vmlinux == Vmlinux::Full {
            return compile(&all(&names)?, &names).map_err(|error| self.advise(error));
        }
        let trimmed = render::vmlinux_for(self.kernel, &names)?;
        let error = match compile(&trimmed, &names) {
            Ok(units) => return Ok(units),
            Err(error) => error,
        };
        let Error::Compile {
            source_file,
            stderr,
            ..
        } = &error
        else {
            return Err(error);
        };
        if let Some(names) = lacking::wider(self.kernel, &names, &trimmed, stderr)? {
            match compile(&all(&names)?, &names) {
                // It is the same with all types, and quotes a header that is hard to read.
                Err(Error::Compile { .. }) => {
                    let contexts = render::header_for(self.contexts, &trimmed, &names);
                    self.out.write(CONTEXTS, contexts.as_bytes())?;
                    self.out.write(HEADER, trimmed.as_bytes())?;
                }
                result => {
                    warnings.push(incomplete(source_file, stderr));
                    return result;
                }
            }
        }
        Err(self.advise(error))
    }

    /// Adds to an error of clang's what can be done about functions and headers that it does not find.
    fn advise(&self, mut error: Error) -> Error {
        if let Error::Compile { stderr, advice, .. } = &mut error {
            *advice = undeclared::advice(self.kernel, stderr);
            advice.extend(system::advice(self.options, stderr));
        }
        error
    }

    /// The sources as the preprocessor leaves them, with the generated headers but `vmlinux.h`.
    pub(crate) fn preprocess(&self) -> Result<Preprocessed, Error> {
        let first = self.headers_without_types()?;
        let texts = self.expand(&first)?;
        let folders = [&*first, self.options.include];
        Ok(Preprocessed {
            texts,
            folders: folders.map(|folder| folder.to_string_lossy().into_owned()),
        })
    }

    /// The sources as the preprocessor leaves them if it searches headers in this folder first.
    fn expand(&self, first: &Path) -> Result<Vec<Expanded>, Error> {
        let expanded = compile::each(self.sources, |_, (name, source)| {
            let rule = self.scratch.join(format!("{name}.d"));
            self.clang.preprocess(source, first, &rule, self.options)
        });
        expanded.map_err(|error| self.advise(error))
    }

    /// Compiles each source with the header and its own macros.
    fn compile(
        &self,
        header: &[u8],
        texts: &[Expanded],
        macros: &[Vec<String>],
        records: &[Record<'_>],
    ) -> Result<Vec<Unit<'a>>, Error> {
        self.out.write(HEADER, header)?;
        compile::each(self.sources, |place, source| {
            let work = Work {
                clang: self.clang,
                options: self.options,
                expanded: &texts[place],
                macros: macros.get(place).map_or(&[][..], |macros| macros),
                vmlinux: header,
                record: &records[place],
                scratch: self.scratch,
            };
            compile::one(source, work)
        })
    }

    /// A folder with the generated headers as the preprocessor needs them. `ctx.h` is among them
    /// because it includes the `vmlinux.h` that is beside it.
    fn headers_without_types(&self) -> Result<PathBuf, Error> {
        // As line markers have it: without a slash at the end.
        let path = self.scratch.join("include");
        let folder = OutDir::new(path.clone());
        folder.write("ctx.h", self.contexts.as_bytes())?;
        let header = render::vmlinux_without_types();
        folder.write("vmlinux.h", header.as_bytes())?;
        Ok(path)
    }
}

/// Preprocessed sources.
#[derive(Debug)]
pub(crate) struct Preprocessed {
    texts: Vec<Expanded>,
    /// Those of the generated headers.
    folders: [String; 2],
}

impl Preprocessed {
    /// What each of them names.
    pub(crate) fn names(&self) -> SourceNames<'_> {
        let folders = self.folders.each_ref().map(|folder| &**folder);
        let names = self.texts.iter().map(|text| {
            let mut own = Names::new();
            own.add_preprocessed(&text.text, &folders);
            own
        });
        SourceNames(names.collect())
    }
}

/// What each of some sources names.
#[derive(Debug)]
pub(crate) struct SourceNames<'t>(Vec<Names<'t>>);

impl<'t> SourceNames<'t> {
    /// What they name together.
    pub(crate) fn all(&self) -> Names<'t> {
        let mut names = Names::new();
        for own in &self.0 {
            names.add(own.clone());
        }
        names
    }

    /// The macros with which this header leaves out what each defines itself.
    fn macros(&self, header: &str) -> Vec<Vec<String>> {
        let macros = self.0.iter().map(|own| render::own_macros(header, own));
        macros.collect()
    }
}

fn incomplete(source: &Path, stderr: &str) -> String {
    let reason = stderr
        .lines()
        .find(|line| line.contains("error"))
        .unwrap_or_default();
    format!(
        "{} was compiled with all of the kernel's types, since the trimmed vmlinux.h lacks something \
         that it needs ({reason}). That is a fault in ctxgen and costs time: please report it. \
         Builder::vmlinux(Vmlinux::Full) keeps this warning away",
        source.display()
    )
}
