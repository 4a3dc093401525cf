//! The `vmlinux.h` that the sources are compiled with.

use std::path::Path;
use std::path::PathBuf;

use ctxgen::KernelBtf;
use ctxgen::Names;
use ctxgen::render;
use ctxgen::render::own_ksym;
use ctxgen::render::static_offsets_macro;

use crate::builder::Plan;
use crate::clang::Clang;
use crate::clang::Expanded;
use crate::clang::Options;
use crate::compile;
use crate::compile::Unit;
use crate::compile::Work;
use crate::error::Error;
use crate::outdir::OutDir;
use crate::outdir::read;
use crate::preprocess::Preprocessed;
use crate::record::Record;
use crate::scan::Scanned;

/// Which `vmlinux.h` the sources are compiled with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Vmlinux {
    /// What the sources can reach of the target kernel's types: what they name, what that holds by
    /// value, and what its members point to that they name. clang takes a fraction of the time that
    /// it takes with all types, and makes the same of the sources.
    ///
    /// Should something be missing, all types are taken, and a warning asks for a report.
    #[default]
    Trimmed,
    /// All types of the target kernel.
    Full,
    /// A header of the user's own, such as one that bpftool made.
    Provided(PathBuf),
}

impl Vmlinux {
    /// The header as the preprocessor needs it.
    pub(crate) fn for_preprocessor(&self) -> Result<Vec<u8>, Error> {
        match self {
            Self::Provided(path) => read(path),
            _ => Ok(render::vmlinux_without_types().into_bytes()),
        }
    }
}

/// Where the header goes in the output folder.
const HEADER: &str = "include/vmlinux.h";

/// What sources are compiled with and to.
#[derive(Debug)]
pub(crate) struct Compilation<'a> {
    pub(crate) kernel: &'a KernelBtf,
    pub(crate) out: &'a OutDir,
    /// Whether the contexts are relocated when a program is loaded.
    pub(crate) relocatable: bool,
    pub(crate) clang: &'a Clang,
    pub(crate) options: &'a Options<'a>,
    pub(crate) plan: &'a Plan<'a>,
    /// A folder that goes away.
    pub(crate) scratch: &'a Path,
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
        let (names, mut macros) = self.names(preprocessed);
        for (macros, scanned) in macros.iter_mut().zip(scanned) {
            macros.extend(scanned.macros.into_iter().map(str::to_owned));
        }
        if let Vmlinux::Provided(path) = vmlinux {
            return self.compile(&read(path)?, &preprocessed.texts, &macros, records);
        }
        let compile =
            |header: &str| self.compile(header.as_bytes(), &preprocessed.texts, &macros, records);
        let all = || render::vmlinux_with_all(self.kernel, &names);
        if *vmlinux == Vmlinux::Full {
            return compile(&all()?);
        }
        let trimmed = render::vmlinux_for(self.kernel, &names)?;
        match compile(&trimmed) {
            Err(Error::Compile {
                source_file,
                stderr,
            }) => {
                // If it is no fault of the header's, it is the same with all types.
                let units = compile(&all()?)?;
                warnings.push(incomplete(&source_file, &stderr));
                Ok(units)
            }
            result => result,
        }
    }

    /// What preprocessed sources name, together, and of each the macros that it is compiled with.
    fn names<'t>(&self, preprocessed: &'t Preprocessed) -> (Names<'t>, Vec<Vec<String>>) {
        let mut names = Names::new();
        let mut macros = Vec::new();
        for own in preprocessed.names() {
            let ksyms = own.ksyms().iter().map(|name| own_ksym(name));
            let statics = static_offsets_macro(self.kernel, self.relocatable, &own);
            macros.push(ksyms.chain(statics.map(str::to_owned)).collect());
            names.add(own);
        }
        (names, macros)
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
        compile::objects(self.plan, work)
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
