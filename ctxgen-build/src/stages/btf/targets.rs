//! The kernels that a build is for.

use std::path::Path;
use std::path::PathBuf;

use ctxgen::Arch;
use ctxgen::ByteOrder;
use ctxgen::KernelBtf;
use ctxgen::Module;
use ctxgen::PinNote;
use ctxgen::labels;

use super::kernel;
use crate::cargo::Inputs;
use crate::error::Error;

/// What a build asks for of kernels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// The kernel's BTF; where neither this nor [`Asked::kernels`] name one, it is looked for.
    pub(crate) btf: Option<&'a Path>,
    pub(crate) kernels: &'a [PathBuf],
    /// Modules, by name, where that was given.
    pub(crate) modules: &'a [(Option<String>, PathBuf)],
    /// Programs and libraries in user space.
    pub(crate) users: &'a [PathBuf],
    /// Folders with their debug information.
    pub(crate) debug_roots: &'a [PathBuf],
    /// How many kernels were named before, and the path.
    pub(crate) formats: &'a [(usize, PathBuf)],
    /// The triple that the build is for.
    pub(crate) target: &'a str,
    /// Whether somebody has said so: then the BTF has to be of its architecture. Otherwise, BTF that is named
    /// says what the build is for.
    pub(crate) is_target_said: bool,
    /// That of the machine that builds.
    pub(crate) host: &'a str,
}

/// One kernel or several.
#[derive(Debug)]
pub(crate) struct Targets {
    /// At least one.
    kernels: Vec<KernelBtf>,
    absent: Option<PathBuf>,
}

impl Targets {
    /// The kernels that were named, or the one that is found where none was, with all that belongs to them.
    ///
    /// # Errors
    /// Those of [`kernel::find`], [`Error::ByteOrders`], [`Error::Architecture`], and [`Error::Btf`] for
    /// modules, programs and formats.
    pub(crate) fn resolve(asked: &Asked<'_>, inputs: &Inputs) -> Result<Self, Error> {
        let mut found = Vec::new();
        if asked.btf.is_some() || asked.kernels.is_empty() {
            found.push(kernel::find(asked.btf, asked.target, asked.host, inputs)?);
        }
        for path in asked.kernels {
            found.push(kernel::open(path, "Builder::kernel", inputs)?);
        }
        let mut targets = Self {
            kernels: Vec::new(),
            absent: None,
        };
        for found in found {
            if found.kernel.pin_note().is_some() {
                inputs.add_files([PinNote::path(&found.path)]);
            }
            targets.kernels.push(found.kernel);
            targets.absent = targets.absent.or(found.absent);
        }
        targets.check_byte_orders()?;
        for (name, path) in asked.modules {
            targets.add_module(name.as_deref(), path, inputs)?;
        }
        for path in asked.users {
            targets.add_user(path, asked.debug_roots, inputs)?;
        }
        let targets = targets.with_formats(asked.formats, inputs)?;
        if asked.is_target_said {
            targets.check_architecture(asked.target)?;
        }
        Ok(targets)
    }

    /// Adds a module to the kernel that it was built with. Of several, that is the one that its BTF
    /// continues.
    fn add_module(
        &mut self,
        name: Option<&str>,
        path: &Path,
        inputs: &Inputs,
    ) -> Result<(), Error> {
        let has_it = |kernel: &KernelBtf| {
            let mut modules = kernel.modules().iter();
            let is_it = |module: &Module| name.is_some_and(|name| module.name() == name);
            kernel.pin_note().is_some() && modules.any(is_it)
        };
        // A pinned BTF has what is needed of its modules: their files may be gone.
        if self.kernels.iter().any(has_it) {
            return Ok(());
        }
        // As for the kernel's BTF, whoever named the file may be elsewhere.
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut error = None;
        let mut added = false;
        for kernel in &mut self.kernels {
            match kernel.add_module_file(name, &absolute) {
                Ok(()) => added = true,
                Err(first) => error = error.or(Some(first)),
            }
        }
        match error {
            Some(error) if !added => Err(Error::Btf {
                place: "Builder::module",
                error: Box::new(error.into()),
            }),
            _ => {
                inputs.add_files([path.to_owned()]);
                Ok(())
            }
        }
    }

    /// Adds a program in user space, whose functions are the same on all kernels.
    fn add_user(
        &mut self,
        path: &Path,
        debug_roots: &[PathBuf],
        inputs: &Inputs,
    ) -> Result<(), Error> {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        for kernel in &mut self.kernels {
            let added = match debug_roots {
                [] => kernel.add_user_file(&absolute),
                roots => kernel.add_user_file_with(&absolute, roots),
            };
            added.map_err(|error| Error::Btf {
                place: "Builder::user",
                error: Box::new(error.into()),
            })?;
        }
        inputs.add_files([path.to_owned()]);
        inputs.add_files(self.kernels[0].user_debug_files().map(Path::to_owned));
        Ok(())
    }

    /// With what tracefs says of the kernels' trace events, each for the last of so many of them. The running
    /// kernel's own tracefs decides what nothing else tells.
    fn with_formats(
        mut self,
        formats: &[(usize, PathBuf)],
        inputs: &Inputs,
    ) -> Result<Self, Error> {
        for (named, path) in formats {
            let number = named.saturating_sub(1).min(self.kernels.len() - 1);
            let kernel = &mut self.kernels[number];
            // A pinned BTF keeps what was needed: the files may be gone.
            if kernel.pin_note().is_some() && !path.exists() {
                continue;
            }
            kernel.add_formats(path).map_err(|error| Error::Btf {
                place: "Builder::formats",
                error: Box::new(error.into()),
            })?;
            inputs.add_files([path.clone()]);
        }
        let kernels = self
            .kernels
            .into_iter()
            .map(|kernel| match kernel.origin() {
                origin if origin.is_running() => kernel.with_running_formats(),
                _ => kernel,
            });
        self.kernels = kernels.collect();
        Ok(self)
    }

    /// The formats of the running kernel's that were read, since nothing else told a record.
    pub(crate) fn deciding_formats(&self) -> Vec<PathBuf> {
        let kernels = self.kernels.iter();
        kernels.flat_map(KernelBtf::deciding_formats).collect()
    }

    fn check_byte_orders(&self) -> Result<(), Error> {
        let order = self.first().byte_order();
        let other = |kernel: &KernelBtf| kernel.byte_order() != order;
        match self.kernels.iter().position(other) {
            None => Ok(()),
            Some(other) => {
                let labels = labels(&self.kernels);
                Err(Error::ByteOrders {
                    first: labels[0].clone(),
                    other: labels[other].clone(),
                })
            }
        }
    }

    /// Whether the BTF is of the target's architecture.
    ///
    /// # Errors
    /// [`Error::Architecture`] for the first that is of another.
    fn check_architecture(&self, target: &str) -> Result<(), Error> {
        let Some(of_target) = Arch::from_target(target) else {
            return Ok(());
        };
        for kernel in &self.kernels {
            let Some(arch) = kernel.arch() else {
                continue;
            };
            let machine = arch.machine(kernel.byte_order());
            // Of those with two byte orders, triples say which.
            let has_two = arch.machine(ByteOrder::Little) != arch.machine(ByteOrder::Big);
            let is_of_other_order = has_two && !target.starts_with(&format!("{machine}-"));
            if arch != of_target || is_of_other_order {
                return Err(Error::Architecture {
                    origin: kernel.origin().clone(),
                    arch,
                    machine,
                    target: target.to_owned(),
                });
            }
        }
        Ok(())
    }

    /// The kernel whose types the sources see.
    pub(crate) fn first(&self) -> &KernelBtf {
        &self.kernels[0]
    }

    /// All of them, the first one first.
    pub(crate) fn kernels(&self) -> &[KernelBtf] {
        &self.kernels
    }

    /// The pinned BTF that would have been read instead if it were there.
    pub(crate) fn absent(&self) -> Option<&Path> {
        self.absent.as_deref()
    }
}
