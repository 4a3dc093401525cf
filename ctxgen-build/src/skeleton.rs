//! The libbpf-rs skeleton of an object.

use std::path::Path;

use libbpf_cargo::SkeletonBuilder;

use crate::digest::Digester;
use crate::error::Error;
use crate::outdir::read;
use crate::record::Record;
use crate::record::SKELETON;

/// Writes `<name>.skel.rs`, unless it is there of the same object.
///
/// # Errors
/// [`Error::Skeleton`].
pub(crate) fn generate(
    record: &mut Record<'_>,
    scratch: &Path,
    name: &str,
    object: &Path,
    bytes: &[u8],
) -> Result<(), Error> {
    let mut inputs = Digester::new();
    inputs.add(env!("CARGO_PKG_VERSION"));
    inputs.add(name);
    inputs.add(bytes);
    let inputs = Some(inputs.finish());
    if record.reuse(SKELETON, inputs).is_some() {
        return Ok(());
    }
    let file = scratch.join(format!("{name}.skel.rs"));
    SkeletonBuilder::new()
        .obj(object)
        // What it makes is to depend on no rustfmt that is there or not, nor on its version. Without one
        // that can be run, libbpf-cargo leaves the text as it is.
        .rustfmt(scratch.join("none"))
        .generate(&file)
        .map_err(|error| Error::Skeleton {
            object: object.to_owned(),
            reason: format!("{error:#}"),
        })?;
    record.write(SKELETON, inputs, &read(&file)?)
}
