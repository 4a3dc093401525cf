//! What a build script finds around it, where the builder does not say.

use std::path::PathBuf;

use super::settings::Builder;
use crate::cargo::of_cargo;
use crate::error::Error;
use crate::outdir::OutDir;

impl Builder {
    /// The output folder.
    ///
    /// # Errors
    /// [`Error::NotABuildScript`].
    pub(crate) fn output(&self) -> Result<OutDir, Error> {
        let told = self.out_dir.clone();
        let path = told.or_else(|| of_cargo("OUT_DIR").map(PathBuf::from));
        path.map(OutDir::new)
            .ok_or(Error::NotABuildScript("OUT_DIR"))
    }

    /// The triple that the build is for; `None` where nothing says it.
    pub(super) fn target_triple(&self) -> Option<String> {
        let told = self.target.clone();
        told.or_else(|| of_cargo("TARGET")?.into_string().ok())
    }
}

/// The triple of the machine that builds, as far as it matters here where cargo does not say.
pub(crate) fn host_triple() -> String {
    of_cargo("HOST")
        .and_then(|host| host.into_string().ok())
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

/// The package's folder.
pub(super) fn package() -> PathBuf {
    of_cargo("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .or_else(|| std::env::current_dir().ok())
        .unwrap_or_default()
}
