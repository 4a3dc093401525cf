//! What is known of the kernels of a matrix besides their BTF.

use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use ctxgen::KernelBtf;

use super::kernels::named;
use crate::output::Failure;

/// How files of a kernel's symbols are called, around its name.
const MAPS: [(&str, &str); 3] = [("System.map-", ""), ("", ".kallsyms"), ("", ".map")];

/// Files that belong to kernels.
#[derive(Args, Debug)]
pub(super) struct Beside {
    /// A kernel module to include: a .ko, compressed or not, or raw BTF. KERNEL is the kernel's name in the
    /// table; with one kernel, it may be omitted. May be repeated
    #[arg(long, value_name = "[KERNEL=]PATH")]
    module: Vec<String>,

    /// The formats of a kernel's trace events from tracefs: a `format` file, or a directory like
    /// /sys/kernel/tracing/events. KERNEL is as for --module. May be repeated
    #[arg(long, value_name = "[KERNEL=]PATH")]
    formats: Vec<String>,

    /// A kernel's symbols: its System.map, or a copy of its /proc/kallsyms. They tell which functions
    /// programs can attach to. KERNEL is as for --module. In a directory, the symbols of each kernel are
    /// those in System.map-KERNEL, KERNEL.kallsyms or KERNEL.map. May be repeated
    #[arg(long, value_name = "[KERNEL=]PATH")]
    kallsyms: Vec<String>,
}

/// The files of one kernel.
#[derive(Debug, Default, Hash)]
pub(super) struct Files {
    modules: Vec<PathBuf>,
    formats: Vec<PathBuf>,
    symbols: Option<PathBuf>,
}

impl Beside {
    fn arguments(&self) -> impl Iterator<Item = &String> {
        self.module
            .iter()
            .chain(&self.formats)
            .chain(&self.kallsyms)
    }

    /// Whether it is told of which of so many files that kernels are in each is.
    ///
    /// # Errors
    /// [`Failure::WhichKernel`].
    pub(super) fn are_told(&self, kernels: usize) -> Result<(), Failure> {
        let mut untold = self.arguments().filter(|argument| {
            let (kernel, path) = named(argument);
            kernel.is_none() && !self.is_folder_of_maps(argument, path)
        });
        match untold.next() {
            Some(argument) if kernels > 1 => Err(Failure::WhichKernel(argument.clone())),
            _ => Ok(()),
        }
    }

    /// Whether each is of a kernel that is there. `names` has the names of each kernel.
    ///
    /// # Errors
    /// [`Failure::NoSuchKernel`].
    pub(super) fn are_of(&self, names: &[Vec<String>]) -> Result<(), Failure> {
        for argument in self.arguments() {
            if let (Some(kernel), _) = named(argument)
                && !names.iter().any(|of| is_called(of, kernel))
            {
                return Err(Failure::NoSuchKernel {
                    kernel: kernel.to_owned(),
                    argument: argument.clone(),
                });
            }
        }
        Ok(())
    }

    fn is_folder_of_maps(&self, argument: &String, path: &Path) -> bool {
        self.kallsyms.contains(argument) && path.is_dir()
    }

    /// The files of a kernel that has these names.
    pub(super) fn of(&self, names: &[String]) -> Files {
        let of_it = |arguments: &[String]| -> Vec<PathBuf> {
            let arguments = arguments.iter().map(|argument| named(argument));
            let of_it =
                arguments.filter(|(kernel, _)| kernel.is_none_or(|of| is_called(names, of)));
            of_it.map(|(_, path)| path.to_owned()).collect()
        };
        let symbols = of_it(&self.kallsyms).into_iter();
        Files {
            modules: of_it(&self.module),
            formats: of_it(&self.formats),
            symbols: symbols
                .filter_map(|path| match path.is_dir() {
                    true => map_in(&path, names),
                    false => Some(path),
                })
                .next_back(),
        }
    }
}

impl Files {
    /// Adds what is in them to the kernel.
    pub(super) fn add_to(&self, kernel: &mut KernelBtf) -> Result<(), Failure> {
        for module in &self.modules {
            kernel.add_module_file(None, module)?;
        }
        for formats in &self.formats {
            kernel.add_formats(formats)?;
        }
        if let Some(symbols) = &self.symbols {
            kernel.add_symbols(symbols)?;
        }
        Ok(())
    }
}

fn is_called(names: &[String], kernel: &str) -> bool {
    names.iter().any(|name| name == kernel)
}

/// The file in a folder that has the symbols of a kernel with one of these names.
fn map_in(folder: &Path, names: &[String]) -> Option<PathBuf> {
    let files = names.iter().flat_map(|name| {
        let called = MAPS.map(|(before, behind)| format!("{before}{name}{behind}"));
        called.map(|file| folder.join(file))
    });
    files.into_iter().find(|path| path.is_file())
}
