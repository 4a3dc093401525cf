//! The `vmlinux.h` that the sources are compiled with.

use std::path::Path;
use std::path::PathBuf;

use ctxgen::KernelBtf;
use ctxgen::Names;
use ctxgen::render;
use ctxgen::render::own_ksym;

use crate::clang::Clang;
use crate::clang::Options;
use crate::compile;
use crate::compile::Source;
use crate::compile::Unit;
use crate::error::Error;
use crate::outdir::OutDir;
use crate::outdir::read;

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
    pub(crate) sources: &'a [Source<'a>],
    /// A folder that goes away.
    pub(crate) scratch: &'a Path,
}

impl<'a> Compilation<'a> {
    /// Writes the header and compiles the sources. Adds to the warnings if the header had to be
    /// another one than was asked for.
    pub(crate) fn run(
        &self,
        vmlinux: &Vmlinux,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<Unit<'a>>, Error> {
        if let Vmlinux::Provided(path) = vmlinux {
            return self.compile(&read(path)?, &[]);
        }
        let first = self.headers_without_types()?;
        let texts = compile::each(self.sources, |_, (_, source)| {
            self.clang.preprocess(source, &first, self.options)
        })?;
        let folders = [&*first, self.options.include].map(Path::to_string_lossy);
        let folders = folders.each_ref().map(|folder| &**folder);
        let mut names = Names::new();
        let mut macros = Vec::new();
        for text in &texts {
            let mut own = Names::new();
            own.add_preprocessed(text, &folders);
            macros.push(own.ksyms().iter().map(|name| own_ksym(name)).collect());
            names.add(own);
        }
        let all = || render::vmlinux_with_all(self.kernel, &names);
        if *vmlinux == Vmlinux::Full {
            return self.compile(all()?.as_bytes(), &macros);
        }
        let trimmed = render::vmlinux_for(self.kernel, &names)?;
        match self.compile(trimmed.as_bytes(), &macros) {
            Err(Error::Compile {
                source_file,
                stderr,
            }) => {
                // If it is no fault of the header's, it is the same with all types.
                let units = self.compile(all()?.as_bytes(), &macros)?;
                warnings.push(incomplete(&source_file, &stderr));
                Ok(units)
            }
            result => result,
        }
    }

    /// Compiles each source with the header and its own macros.
    fn compile(&self, header: &[u8], macros: &[Vec<String>]) -> Result<Vec<Unit<'a>>, Error> {
        self.out.write(HEADER, header)?;
        compile::each(self.sources, |place, source| {
            let macros = macros.get(place).map_or(&[][..], |macros| macros);
            compile::one(self.clang, self.options, source, macros, self.scratch)
        })
    }

    /// A folder with the generated headers as the preprocessor needs them. `ctx.h` is among them
    /// because it includes the `vmlinux.h` that is beside it.
    fn headers_without_types(&self) -> Result<PathBuf, Error> {
        let folder = OutDir::new(self.scratch.join("include"));
        folder.write("ctx.h", self.contexts.as_bytes())?;
        let header = render::vmlinux_without_types();
        folder.write("vmlinux.h", header.as_bytes())?;
        Ok(folder.path(""))
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
