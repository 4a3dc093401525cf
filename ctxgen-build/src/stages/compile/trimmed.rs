//! The `vmlinux.h` that the sources are compiled with: as small as clang can do with.

use std::path::Path;

use ctxgen::KernelBtf;
use ctxgen::Names;
use ctxgen::render;
use ctxgen::render::static_offsets_macro;

use super::hidden;
use super::lacking;
use super::undeclared;
use super::unit;
use super::unit::Unit;
use super::unit::Work;
use crate::cache::Record;
use crate::cargo::Inputs;
use crate::cargo::Steps;
use crate::clang::Clang;
use crate::clang::Expanded;
use crate::clang::Options;
use crate::clang::advised;
use crate::error::Error;
use crate::error::all_said;
use crate::outdir::OutDir;
use crate::plan::Plan;
use crate::stages::headers::Vmlinux;
use crate::stages::scan::Preprocessed;
use crate::stages::scan::Scanned;

/// Where the header goes in the output folder.
const HEADER: &str = "include/vmlinux.h";
/// Where that of the contexts goes.
const CONTEXTS: &str = "include/ctx.h";

/// What sources are compiled with and to.
#[derive(Debug)]
pub(crate) struct Compilation<'a> {
    pub(crate) kernel: &'a KernelBtf,
    pub(crate) out: &'a OutDir,
    /// The text of `ctx.h`, for sources that define nothing of it themselves.
    pub(crate) contexts: &'a str,
    /// Whether the contexts are relocated when a program is loaded.
    pub(crate) relocatable: bool,
    pub(crate) clang: &'a Clang,
    pub(crate) options: &'a Options<'a>,
    pub(crate) plan: &'a Plan<'a>,
    /// A folder that goes away.
    pub(crate) scratch: &'a Path,
    pub(crate) inputs: &'a Inputs,
    pub(crate) steps: &'a Steps,
}

impl<'a> Compilation<'a> {
    /// Writes the header and makes those objects, each with its record, whose sources are not as they
    /// were.
    /// Adds to the warnings if the header had to be another one than was asked for.
    pub(crate) fn run(
        &self,
        vmlinux: &Vmlinux,
        preprocessed: &Preprocessed,
        scanned: &[Scanned],
        records: &[Record<'_>],
        warnings: &mut Vec<String>,
    ) -> Result<Vec<Unit<'a>>, Error> {
        let sources = &Sources {
            texts: &preprocessed.texts,
            names: preprocessed.names().collect(),
            scanned,
            records,
        };
        if let Vmlinux::Provided(path) = vmlinux {
            let units = self.compile(&self.inputs.file(path)?, &self.macros("", sources), sources);
            return units.map_err(|error| self.advise(error, sources));
        }
        let names = sources.all_names();
        if *vmlinux == Vmlinux::Full {
            let header = render::vmlinux_with_all(self.kernel, &names)?;
            let units = self.compile_with(&header, &names, sources);
            return units.map_err(|error| self.advise(error, sources));
        }
        let trimmed = render::vmlinux_for(self.kernel, &names)?;
        let error = match self.compile_with(&trimmed, &names, sources) {
            Ok(units) => return Ok(units),
            Err(error) => error,
        };
        let Error::Compile {
            source_file,
            stderr,
            unlimited,
            ..
        } = &error
        else {
            return Err(error);
        };
        let stderr = all_said(stderr, unlimited);
        if let Some(names) = lacking::wider(self.kernel, &names, &trimmed, stderr)? {
            let header = render::vmlinux_with_all(self.kernel, &names)?;
            match self.compile_with(&header, &names, sources) {
                // It is the same with all types, and quotes a header that is hard to read.
                Err(Error::Compile { .. }) => self.write_headers(&trimmed, &names)?,
                result => {
                    warnings.push(incomplete(source_file, stderr));
                    return result;
                }
            }
        }
        Err(self.advise(error, sources))
    }

    /// Writes the headers alone. The macros that each source has to be compiled with.
    ///
    /// # Errors
    /// [`Error::Render`], [`Error::Write`], and [`Error::Read`] for a header of the user's own.
    pub(crate) fn headers(
        &self,
        vmlinux: &Vmlinux,
        preprocessed: &Preprocessed,
        scanned: &[Scanned],
    ) -> Result<Vec<Vec<String>>, Error> {
        let sources = &Sources {
            texts: &preprocessed.texts,
            names: preprocessed.names().collect(),
            scanned,
            records: &[],
        };
        let names = sources.all_names();
        let header = match vmlinux {
            Vmlinux::Provided(path) => {
                self.out.write(HEADER, &self.inputs.file(path)?)?;
                return Ok(self.macros("", sources));
            }
            Vmlinux::Full => render::vmlinux_with_all(self.kernel, &names)?,
            Vmlinux::Trimmed => render::vmlinux_for(self.kernel, &names)?,
        };
        self.write_headers(&header, &names)?;
        Ok(self.macros(&header, sources))
    }

    /// Writes this `vmlinux.h`, and what of `ctx.h` goes with it.
    fn write_headers(&self, header: &str, names: &Names<'_>) -> Result<(), Error> {
        let contexts = render::header_for(self.contexts, header, names);
        self.out.write(CONTEXTS, contexts.as_bytes())?;
        self.out.write(HEADER, header.as_bytes()).map(drop)
    }

    /// Makes the objects with this `vmlinux.h`.
    fn compile_with(
        &self,
        header: &str,
        names: &Names<'_>,
        sources: &Sources<'_>,
    ) -> Result<Vec<Unit<'a>>, Error> {
        self.write_headers(header, names)?;
        let macros = self.macros(header, sources);
        self.compile(header.as_bytes(), &macros, sources)
    }

    /// The macros that each source is compiled with: those with which this header leaves out what the source
    /// defines itself, and those of how it uses its contexts.
    fn macros(&self, header: &str, sources: &Sources<'_>) -> Vec<Vec<String>> {
        let of_source = |(names, scanned): (&Names<'_>, &Scanned)| {
            let mut macros = render::own_macros(header, names);
            let statics = static_offsets_macro(self.kernel, self.relocatable, names);
            let other = statics.into_iter().chain(scanned.macros);
            macros.extend(other.map(str::to_owned));
            macros
        };
        let sources = sources.names.iter().zip(sources.scanned);
        sources.map(of_source).collect()
    }

    /// Adds to an error of clang's what can be done about functions, headers and members that it does not find.
    fn advise(&self, mut error: Error, sources: &Sources<'_>) -> Error {
        if let Error::Compile {
            source_file,
            stderr,
            unlimited,
            advice,
        } = &mut error
        {
            let stderr = all_said(stderr, unlimited);
            *advice = undeclared::advice(self.kernel, stderr);
            let mut all = self.plan.sources.iter().zip(sources.texts);
            let own = all.find(|((_, source), _)| *source == source_file.as_path());
            let hidden = own.map(|(_, own)| hidden::advice(self.kernel, stderr, &own.text));
            advice.extend(hidden.into_iter().flatten());
        }
        advised(error, self.options)
    }

    /// Compiles each source with the header and its own macros, and links each object.
    fn compile(
        &self,
        header: &[u8],
        macros: &[Vec<String>],
        sources: &Sources<'_>,
    ) -> Result<Vec<Unit<'a>>, Error> {
        self.out.write(HEADER, header)?;
        let work = Work {
            clang: self.clang,
            options: self.options,
            texts: sources.texts,
            macros,
            vmlinux: header,
            records: sources.records,
            scratch: self.scratch,
            steps: self.steps,
        };
        unit::objects(self.plan, self.kernel.btf(), work)
    }
}

/// What is known of the sources.
#[derive(Debug)]
struct Sources<'s> {
    texts: &'s [Expanded],
    /// What each names.
    names: Vec<Names<'s>>,
    scanned: &'s [Scanned],
    /// What is known of earlier builds, of each object.
    records: &'s [Record<'s>],
}

impl<'s> Sources<'s> {
    /// What they name together.
    fn all_names(&self) -> Names<'s> {
        let mut names = Names::new();
        for own in &self.names {
            names.add(own.clone());
        }
        names
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
