//! Pinned BTF: made for exactly what builders build.

use std::path::Path;
use std::path::PathBuf;

use ctxgen::Arch;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::Names;
use ctxgen::PinCommand;
use ctxgen::PinNote;
use ctxgen::render;

use super::Builder;
use super::host;
use super::include_dirs;
use super::write_libbpf_headers;
use crate::clang::Clang;
use crate::clang::Options;
use crate::contexts::Contexts;
use crate::error::Error;
use crate::kernel;
use crate::outdir::OutDir;
use crate::system;
use crate::vmlinux::Compilation;
use crate::vmlinux::Preprocessed;

impl Builder {
    /// Writes a pinned BTF with all that this builder's sources and hooks reach of the target kernel's
    /// types, and beside it a text that says of which kernel it is: `btf/x86_64.btf` and
    /// `btf/x86_64.btf.txt`. Nothing is built.
    ///
    /// The kernel's BTF is that of [`Builder::btf`], or it is looked for as for a build, but for pinned
    /// ones. Kernels of [`Builder::kernel`] do not count. For more than one builder in a package, there
    /// is [`pin`].
    ///
    /// # Errors
    /// [`Error`].
    pub fn pin(self, path: impl AsRef<Path>) -> Result<(), Error> {
        pin(path, [self])
    }
}

/// As [`Builder::pin`], for what several builders build for one kernel, that of the first.
///
/// # Errors
/// [`Error`].
pub fn pin(
    path: impl AsRef<Path>,
    builders: impl IntoIterator<Item = Builder>,
) -> Result<(), Error> {
    let path = path.as_ref();
    let builders: Vec<Builder> = builders.into_iter().collect();
    let first = builders.first().ok_or(Error::NoSources)?;
    let kernel = first.kernel_to_pin()?;
    let kernels = std::slice::from_ref(&kernel);

    let mut hooks: Vec<Hook> = Vec::new();
    let mut preprocessed = Vec::new();
    for builder in &builders {
        preprocessed.push(builder.preprocess(kernels, &mut hooks)?);
    }
    let mut names = Names::new();
    for own in &preprocessed {
        names.add(own.names().all());
    }
    let pin = ctxgen::pin(&kernel, &hooks, &names)?;

    let note = PinNote::new(&kernel, &pin, command(path, &builders).to_string());
    let folder = OutDir::new(PathBuf::new());
    folder.write(&path.to_string_lossy(), &pin.btf)?;
    folder.write(
        &PinNote::path(path).to_string_lossy(),
        note.to_string().as_bytes(),
    )?;
    Ok(())
}

/// The command that makes a pinned BTF for what these builders build.
pub(super) fn command(path: &Path, builders: &[Builder]) -> PinCommand {
    let all = |of: fn(&Builder) -> Vec<String>| {
        let mut all: Vec<String> = Vec::new();
        for item in builders.iter().flat_map(of) {
            if !all.contains(&item) {
                all.push(item);
            }
        }
        all
    };
    let sources: Vec<PathBuf> = builders
        .iter()
        .flat_map(|builder| builder.sources.iter().cloned())
        .collect();
    let hooks = all(|builder| builder.hooks.clone());
    let args = all(|builder| {
        let args = builder.clang_args.iter();
        args.map(|arg| arg.to_string_lossy().into_owned()).collect()
    });
    let mut command = PinCommand::new(path, &sources, &hooks, &args);
    command.modules = all(|builder| {
        let modules = builder.modules.iter();
        modules.map(|(name, _)| name.clone()).collect()
    });
    command.formats = builders.iter().any(|builder| !builder.formats.is_empty());
    command
}

impl Builder {
    fn kernel_to_pin(&self) -> Result<KernelBtf, Error> {
        let host_triple = std::env::var("HOST").unwrap_or_else(|_| host().to_owned());
        let target = self.target.clone().or_else(|| std::env::var("TARGET").ok());
        let target = target.unwrap_or_else(|| host_triple.clone());
        let mut found = kernel::find_to_pin(self.btf.as_deref(), &target, &host_triple)?;
        for (name, path) in &self.modules {
            found
                .kernel
                .add_module_file(Some(name), path)
                .map_err(|error| Error::Btf {
                    place: "Builder::module",
                    error: Box::new(error),
                })?;
        }
        for path in &self.users {
            found
                .kernel
                .add_user_file(path)
                .map_err(|error| Error::Btf {
                    place: "Builder::user",
                    error: Box::new(error),
                })?;
        }
        for (_, path) in &self.formats {
            found.kernel.add_formats(path).map_err(|error| Error::Btf {
                place: "Builder::formats",
                error: Box::new(error),
            })?;
        }
        Ok(found.kernel)
    }

    /// The sources as the preprocessor leaves them, as in a build. Adds their hooks.
    fn preprocess(
        &self,
        kernels: &[KernelBtf],
        hooks: &mut Vec<Hook>,
    ) -> Result<Preprocessed, Error> {
        let names = match self.sources.is_empty() {
            true => Vec::new(),
            false => self.names()?,
        };
        let include_dirs = include_dirs(&self.clang_args);
        let scanned = self.scan(&include_dirs)?;
        let contexts = Contexts::resolve(kernels, self.relocatable, &scanned, &self.hooks)?;
        hooks.extend(contexts.hooks().cloned());
        let header = render::header(&contexts.all()?)?;

        let scratch = tempfile::tempdir().map_err(|error| Error::Write {
            path: std::env::temp_dir(),
            error,
        })?;
        let out = OutDir::new(scratch.path().to_owned());
        out.write("include/ctx.h", header.as_bytes())?;
        write_libbpf_headers(&out)?;
        let clang = Clang::new(self.clang_path())?;
        let kernel = &kernels[0];
        let root = std::env::current_dir().unwrap_or_default();
        let include = out.path("include");
        let of_target = || Arch::from_target(self.target.as_deref()?);
        let arch = kernel.arch().or_else(of_target);
        let order = kernel.byte_order();
        let system = system::folders(&clang, order, arch, &self.clang_args, &include);
        let options = Options {
            order,
            arch,
            include: &include,
            root: &root,
            include_dirs: &include_dirs,
            args: &self.clang_args,
            system: &system,
        };
        let compilation = Compilation {
            kernel,
            out: &out,
            contexts: &header,
            clang: &clang,
            options: &options,
            sources: &names,
            scratch: scratch.path(),
        };
        compilation.preprocess()
    }
}
