//! Modules of the kernels that objects are held against.

use std::path::Path;

use ctxgen::KernelBtf;

use crate::is_name;
use crate::matrix::named;
use crate::output::Failure;

/// The kernels with these modules, each `[KERNEL=]PATH`. `labels` are what the kernels are called. Of the running
/// kernel, where that is the one, a module's name will do.
///
/// # Errors
/// [`Failure::WhichKernel`] and [`Failure::NoSuchKernel`], where it is not told which kernel's a module is; and
/// where one cannot be read.
pub(crate) fn with_modules(
    mut kernels: Vec<KernelBtf>,
    labels: &[String],
    modules: &[String],
    is_running: bool,
) -> Result<Vec<KernelBtf>, Failure> {
    for argument in modules {
        let (wanted, path) = named(argument);
        let place = match wanted {
            None if kernels.len() > 1 => return Err(Failure::WhichKernel(argument.clone())),
            None => 0,
            Some(wanted) => {
                let is_called = |place: &usize| {
                    let names = kernels[*place].names();
                    labels[*place] == wanted || names.iter().any(|name| name == wanted)
                };
                let found = (0..kernels.len()).find(is_called);
                found.ok_or_else(|| Failure::NoSuchKernel {
                    kernel: wanted.to_owned(),
                    argument: argument.clone(),
                })?
            }
        };
        let kernel = kernels.remove(place);
        kernels.insert(place, with_module(kernel, path, is_running)?);
    }
    Ok(kernels)
}

fn with_module(mut kernel: KernelBtf, path: &Path, is_running: bool) -> Result<KernelBtf, Failure> {
    match path.to_str().filter(|name| is_running && is_name(name)) {
        Some(name) => Ok(kernel.with_running_module(name)?),
        None => {
            kernel.add_module_file(None, path)?;
            Ok(kernel)
        }
    }
}
