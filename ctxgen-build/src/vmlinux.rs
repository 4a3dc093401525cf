//! The `vmlinux.h` that the sources are compiled with.

use std::path::Path;
use std::path::PathBuf;

use ctxgen::KernelBtf;
use ctxgen::Names;
use ctxgen::render;
use ctxgen::render::own_ksym;

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
use crate::record::Record;

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

/// Where the header goes in the output folder.
const HEADER: &str = "include/vmlinux.h";

/// What sources are compiled with and to.
#[derive(Debug)]
pub(crate) struct Compilation<'a> {
    pub(crate) kernel: &'a KernelBtf,
    pub(crate) out: &'a OutDir,
    /// The text of `ctx.h`.
    pub(crate) contexts: &'a str,
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
        records: &[Record<'_>],
        warnings: &mut Vec<String>,
    ) -> Result<Vec<Unit<'a>>, Error> {
        if let Vmlinux::Provided(path) = vmlinux {
            let header = read(path)?;
            self.out.write(HEADER, &header)?;
            let texts = self.expand(self.options.include)?;
            return self.compile(&header, &texts, &[], records);
        }
        let preprocessed = self.preprocess()?;
        let (names, macros) = preprocessed.names();
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
        compile::each(&self.plan.sources, |_, (name, source)| {
            let rule = self.scratch.join(format!("{name}.d"));
            self.clang.preprocess(source, first, &rule, self.options)
        })
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
    /// What they name, together, and of each the macros for what it declares itself.
    pub(crate) fn names(&self) -> (Names<'_>, Vec<Vec<String>>) {
        let folders = self.folders.each_ref().map(|folder| &**folder);
        let mut names = Names::new();
        let mut macros = Vec::new();
        for text in &self.texts {
            let mut own = Names::new();
            own.add_preprocessed(&text.text, &folders);
            macros.push(own.ksyms().iter().map(|name| own_ksym(name)).collect());
            names.add(own);
        }
        (names, macros)
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
