//! The libbpf-rs skeleton of an object.

use std::path::Path;

use libbpf_cargo::SkeletonBuilder;

use crate::error::Error;
use crate::outdir::OutDir;
use crate::outdir::read;

/// Writes `<name>.skel.rs`.
///
/// # Errors
/// [`Error::Skeleton`].
pub(crate) fn generate(
    out: &OutDir,
    scratch: &Path,
    name: &str,
    object: &Path,
) -> Result<(), Error> {
    let file = scratch.join(format!("{name}.skel.rs"));
    SkeletonBuilder::new()
        .obj(object)
        .generate(&file)
        .map_err(|error| Error::Skeleton {
            object: object.to_owned(),
            reason: format!("{error:#}"),
        })?;
    out.write(&format!("{name}.skel.rs"), &read(&file)?)?;
    Ok(())
}
