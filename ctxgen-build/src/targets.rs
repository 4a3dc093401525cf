//! The kernels that a build is for.

use std::path::Path;
use std::path::PathBuf;

use ctxgen::Arch;
use ctxgen::ByteOrder;
use ctxgen::KernelBtf;
use ctxgen::PinNote;
use ctxgen::labels;

use crate::error::Error;
use crate::kernel;

/// One kernel or several, and what the choice depended on.
#[derive(Debug)]
pub(crate) struct Targets {
    /// At least one.
    kernels: Vec<KernelBtf>,
    paths: Vec<PathBuf>,
    env: Vec<String>,
    absent: Option<PathBuf>,
}

impl Targets {
    /// The kernels that were named, or the one that is found where none was.
    ///
    /// # Errors
    /// Those of [`kernel::find`], and [`Error::ByteOrders`].
    pub(crate) fn find(
        btf: Option<&Path>,
        named: &[PathBuf],
        modules: &[(String, PathBuf)],
        users: &[PathBuf],
        debug_roots: &[PathBuf],
        target: &str,
        host: &str,
    ) -> Result<Self, Error> {
        let mut found = Vec::new();
        if btf.is_some() || named.is_empty() {
            found.push(kernel::find(btf, target, host)?);
        }
        for path in named {
            found.push(kernel::open(path, "Builder::kernel", Vec::new())?);
        }
        let mut targets = Self {
            kernels: Vec::new(),
            paths: Vec::new(),
            env: Vec::new(),
            absent: None,
        };
        for found in found {
            if found.kernel.pin_note().is_some() {
                targets.paths.push(PinNote::path(&found.path));
            }
            targets.kernels.push(found.kernel);
            targets.paths.push(found.path);
            targets.env.extend(found.env);
            targets.absent = targets.absent.or(found.absent);
        }
        targets.check_byte_orders()?;
        for (name, path) in modules {
            targets.add_module(name, path)?;
        }
        for path in users {
            targets.add_user(path, debug_roots)?;
        }
        Ok(targets)
    }

    /// Adds a module to the kernel that it was built with. Of several, that is the one that its BTF
    /// continues.
    fn add_module(&mut self, name: &str, path: &Path) -> Result<(), Error> {
        let has_it = |kernel: &KernelBtf| {
            let mut modules = kernel.modules().iter();
            kernel.pin_note().is_some() && modules.any(|module| module.name() == name)
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
            match kernel.add_module_file(Some(name), &absolute) {
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
                self.paths.push(path.to_owned());
                Ok(())
            }
        }
    }

    /// Adds a program in user space, whose functions are the same on all kernels.
    fn add_user(&mut self, path: &Path, debug_roots: &[PathBuf]) -> Result<(), Error> {
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
        self.paths.push(path.to_owned());
        let debug = self.kernels[0].user_debug_files().map(Path::to_owned);
        self.paths.extend(debug);
        Ok(())
    }

    /// With what tracefs says of the kernels' trace events, each for the last of so many of them. The running
    /// kernel's own tracefs decides what nothing else tells.
    pub(crate) fn with_formats(mut self, formats: &[(usize, PathBuf)]) -> Result<Self, Error> {
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
            self.paths.push(path.clone());
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
    pub(crate) fn check_architecture(&self, target: &str) -> Result<(), Error> {
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

    /// The files that they were read from.
    pub(crate) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// The pinned BTF that would have been read instead if it were there.
    pub(crate) fn absent(&self) -> Option<&Path> {
        self.absent.as_deref()
    }

    /// The environment variables that were asked.
    pub(crate) fn env(&self) -> &[String] {
        &self.env
    }
}
