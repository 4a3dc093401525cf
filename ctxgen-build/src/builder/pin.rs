//! Pinned BTF: made for exactly what builders build.

use std::ffi::OsStr;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::Arch;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::Names;
use ctxgen::PinCommand;
use ctxgen::PinNote;
use ctxgen::render;

use super::ready;
use super::settings::Builder;
use super::surroundings::host_triple;
use super::tools::Machine;
use crate::cargo::Inputs;
use crate::error::Error;
use crate::outdir;
use crate::outdir::OutDir;
use crate::plan::Plan;
use crate::stages::btf::kernel;
use crate::stages::headers::Contexts;
use crate::stages::scan::Preprocessed;

impl Builder {
    /// Writes a pinned BTF with the types of the target kernel that this builder's sources and hooks reach, and a
    /// text file with the kernel's release beside it: `btf/x86_64.btf` and `btf/x86_64.btf.txt`. Nothing is built.
    /// A path that does not end in `.btf` is a folder for `<arch>.btf`, unless there is a file of that name.
    ///
    /// The kernel's BTF is that of [`Builder::btf`], or the first that a build would find, except for pinned ones.
    /// Kernels of [`Builder::kernel`] are ignored. For several builders in a package, use [`pin`].
    ///
    /// # Errors
    /// [`Error`].
    pub fn pin(self, path: impl AsRef<Path>) -> Result<(), Error> {
        pin(path, [self])
    }
}

/// As [`Builder::pin`], for several builders and one kernel, that of the first builder.
///
/// # Errors
/// [`Error`].
pub fn pin(
    path: impl AsRef<Path>,
    builders: impl IntoIterator<Item = Builder>,
) -> Result<(), Error> {
    let builders: Vec<Builder> = builders.into_iter().collect();
    let first = builders.first().ok_or(Error::NoSources)?;
    // What it reads, no cargo is told: nothing is built.
    let inputs = Inputs::new();
    let kernel = first.kernel_to_pin(&inputs)?;
    let kernels = std::slice::from_ref(&kernel);
    let path = &file(path.as_ref(), &kernel)?;

    let mut hooks: Vec<Hook> = Vec::new();
    let mut preprocessed = Vec::new();
    for builder in &builders {
        preprocessed.push(builder.preprocess(kernels, &mut hooks, &inputs)?);
    }
    let mut names = Names::new();
    for own in &preprocessed {
        own.names().for_each(|own| names.add(own));
    }
    let pin = ctxgen::pin(&kernel, &hooks, &names)?;

    let note = PinNote::new(&kernel, &pin, command(path, &builders).to_string());
    outdir::write(path, &pin.btf)?;
    outdir::write(&PinNote::path(path), note.to_string().as_bytes())
}

/// The file to write, where that may be a folder.
///
/// # Errors
/// [`Error::NoArch`], where that has no name.
fn file(path: &Path, kernel: &KernelBtf) -> Result<PathBuf, Error> {
    let is_named_file = path.extension().is_some_and(|extension| extension == "btf");
    let ends_in_slash = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    // Whatever is there counts before a name.
    if path.is_file() || is_named_file && !ends_in_slash && !path.is_dir() {
        return Ok(path.to_owned());
    }
    let arch = kernel.arch().ok_or_else(|| Error::NoArch {
        origin: kernel.origin().clone(),
    })?;
    Ok(path.join(format!("{}.btf", arch.machine(kernel.byte_order()))))
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
    let mut sources: Vec<PathBuf> = Vec::new();
    for source in builders.iter().flat_map(Builder::all_sources) {
        if !sources.contains(source) {
            sources.push(source.clone());
        }
    }
    let hooks = all(|builder| {
        let of_objects = builder.hooks_of_objects().into_iter();
        builder.hooks.iter().cloned().chain(of_objects).collect()
    });
    let args = all(|builder| {
        let args = builder.clang_args.iter();
        args.map(|arg| arg.to_string_lossy().into_owned()).collect()
    });
    let mut command = PinCommand::new(path, &sources, &hooks, &args);
    command.modules = all(|builder| {
        let modules = builder.modules.iter();
        modules
            .filter_map(|(name, path)| module_name(name.as_deref(), path))
            .collect()
    });
    command.formats = builders.iter().any(|builder| !builder.formats.is_empty());
    command
}

/// What a module is called by, as far as its file's name tells.
fn module_name(given: Option<&str>, path: &Path) -> Option<String> {
    let file = || path.file_name().and_then(OsStr::to_str);
    let of_file = || Some(file()?.split('.').next()?.to_owned());
    given.map(str::to_owned).or_else(of_file)
}

impl Builder {
    /// All sources, in order.
    fn all_sources(&self) -> impl Iterator<Item = &PathBuf> {
        let objects = self.objects.iter();
        objects.flat_map(|object| object.of.sources())
    }

    /// The hooks of ready-made objects, as far as these can be read.
    fn hooks_of_objects(&self) -> Vec<String> {
        let paths = self.objects.iter().filter_map(|object| object.of.ready());
        paths
            .filter_map(|path| ready::scan(path, &Inputs::new()))
            .flat_map(|scanned| scanned.requests)
            .map(|request| request.hook.to_string())
            .collect()
    }

    fn kernel_to_pin(&self, inputs: &Inputs) -> Result<KernelBtf, Error> {
        let host_triple = host_triple();
        let target = self.target_triple();
        let target = target.unwrap_or_else(|| host_triple.clone());
        let mut found = kernel::find_to_pin(self.btf.as_deref(), &target, &host_triple, inputs)?;
        for (name, path) in &self.modules {
            found
                .kernel
                .add_module_file(name.as_deref(), path)
                .map_err(|error| Error::Btf {
                    place: "Builder::module",
                    error: Box::new(error.into()),
                })?;
        }
        for path in &self.users {
            found
                .kernel
                .add_user_file(path)
                .map_err(|error| Error::Btf {
                    place: "Builder::user",
                    error: Box::new(error.into()),
                })?;
        }
        for (_, path) in &self.formats {
            found.kernel.add_formats(path).map_err(|error| Error::Btf {
                place: "Builder::formats",
                error: Box::new(error.into()),
            })?;
        }
        Ok(match found.kernel.origin().is_running() {
            true => found.kernel.with_running_formats(),
            false => found.kernel,
        })
    }

    /// The sources as the preprocessor leaves them, as in a build. Adds their hooks.
    fn preprocess(
        &self,
        kernels: &[KernelBtf],
        hooks: &mut Vec<Hook>,
        inputs: &Inputs,
    ) -> Result<Preprocessed, Error> {
        let plan = match self.objects.is_empty() {
            true => Plan::default(),
            false => Plan::new(&self.objects)?,
        };
        for (_, source) in &plan.sources {
            inputs.file(source)?;
        }
        let scratch = tempfile::tempdir().map_err(|error| Error::Write {
            path: std::env::temp_dir(),
            error,
        })?;
        let out = OutDir::new(scratch.path().to_owned());
        let kernel = &kernels[0];
        let of_target = || Arch::from_target(self.target.as_deref()?);
        let machine = Machine {
            order: kernel.byte_order(),
            arch: kernel.arch().or_else(of_target),
        };
        let root = std::env::current_dir().unwrap_or_default();
        let tools = self.tools(&out, root, machine, inputs)?;
        let options = tools.options();
        let preprocessor = tools.preprocessor(&options, &plan.sources, scratch.path(), inputs);
        let stand_in = Contexts::stand_in(kernels, self.relocatable)?;
        let vmlinux = render::vmlinux_without_types();
        let mut preprocessed = preprocessor.run(&stand_in, vmlinux.as_bytes())?;
        let scanned = preprocessed.scan(&plan.sources);
        let ready = ready::read(&plan, machine.order, inputs)?;
        let all = scanned.iter().chain(ready.values().map(|own| &own.scanned));
        let contexts = Contexts::resolve(kernels, self.relocatable, all, &self.hooks)?;
        hooks.extend(contexts.hooks().cloned());
        let header = render::header(&contexts.all()?)?;
        preprocessor.finish(&mut preprocessed, &stand_in, &header)?;
        Ok(preprocessed)
    }
}
