//! The linked object and its libbpf-rs skeleton.

use std::path::Path;

use libbpf_cargo::SkeletonBuilder;
use libbpf_rs::Linker;

use crate::error::Error;
use crate::outdir::OutDir;
use crate::outdir::read;

/// Links what clang made with libbpf. That takes the debugging information away, and with it the
/// paths of the machine that compiled it; BTF stays.
///
/// # Errors
/// [`Error::Link`].
pub(crate) fn link(compiled: &Path, linked: &Path) -> Result<(), Error> {
    let link = || -> libbpf_rs::Result<()> {
        let mut linker = Linker::new(linked)?;
        linker.add_file(compiled)?;
        linker.link()
    };
    link().map_err(|error| Error::Link {
        object: compiled.to_owned(),
        error,
    })
}

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
