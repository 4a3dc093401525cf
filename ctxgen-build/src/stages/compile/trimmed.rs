//! The `vmlinux.h` that the sources are compiled with: as small as clang can do with.

use std::path::Path;

use ctxgen::KernelBtf;
use ctxgen::Names;
use ctxgen::render;
use ctxgen::render::static_offsets_macro;

use super::lacking;
use super::undeclared;
use super::unit;
use super::unit::Unit;
use super::unit::Work;
use crate::cache::Record;
use crate::cargo::Inputs;
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
        let sources = SourceNames(preprocessed.names().collect());
        let own = |header: &str| -> Vec<Vec<String>> {
            let all = sources
                .macros(header)
                .into_iter()
                .zip(&sources.0)
                .zip(scanned);
            all.map(|((mut macros, names), scanned)| {
                let statics = static_offsets_macro(self.kernel, self.relocatable, names);
                let other = statics.into_iter().chain(scanned.macros);
                macros.extend(other.map(str::to_owned));
                macros
            })
            .collect()
        };
        if let Vmlinux::Provided(path) = vmlinux {
            let units = self.compile(
                &self.inputs.file(path)?,
                &preprocessed.texts,
                &own(""),
                records,
            );
            return units.map_err(|error| self.advise(error));
        }
        let names = sources.all();
        let compile = |header: &str, names: &Names<'_>| {
            let contexts = render::header_for(self.contexts, header, names);
            self.out.write(CONTEXTS, contexts.as_bytes())?;
            self.compile(
                header.as_bytes(),
                &preprocessed.texts,
                &own(header),
                records,
            )
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
            unlimited,
            ..
        } = &error
        else {
            return Err(error);
        };
        let stderr = all_said(stderr, unlimited);
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
        if let Error::Compile {
            stderr,
            unlimited,
            advice,
            ..
        } = &mut error
        {
            *advice = undeclared::advice(self.kernel, all_said(stderr, unlimited));
        }
        advised(error, self.options)
    }

    /// Compiles each source with the header and its own macros, and links each object.
    fn compile(
        &self,
        header: &[u8],
        texts: &[Expanded],
        macros: &[Vec<String>],
        records: &[Record<'_>],
    ) -> Result<Vec<Unit<'a>>, Error> {
        self.out.write(HEADER, header)?;
        let work = Work {
            clang: self.clang,
            options: self.options,
            texts,
            macros,
            vmlinux: header,
            records,
            scratch: self.scratch,
        };
        unit::objects(self.plan, self.kernel.btf(), work)
    }
}

/// What each of some sources names.
#[derive(Debug)]
struct SourceNames<'t>(Vec<Names<'t>>);

impl<'t> SourceNames<'t> {
    /// What they name together.
    fn all(&self) -> Names<'t> {
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
