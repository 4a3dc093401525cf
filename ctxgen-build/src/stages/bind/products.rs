//! The files that are made of an object.

use std::ffi::OsString;
use std::path::Path;

use ctxgen::CtxBtf;

use super::module::module;
use super::module::module_without_ctxgen;
use super::skeleton;
use crate::cache::OBJECT;
use crate::cache::Record;
use crate::cargo::Inputs;
use crate::error::Error;
use crate::outdir::OutDir;
use crate::stages::compile::Unit;

/// What products are made with.
#[derive(Debug)]
pub(crate) struct Products<'a> {
    out: &'a OutDir,
    /// A folder that goes away.
    scratch: &'a Path,
    /// What formats skeletons.
    rustfmt: Option<&'a Path>,
    /// The variables that bindgen reads.
    #[cfg_attr(
        not(feature = "bindgen"),
        expect(dead_code, reason = "nothing reads them")
    )]
    environment: Vec<(String, OsString)>,
}

impl<'a> Products<'a> {
    /// For a target triple.
    pub(crate) fn new(out: &'a OutDir, scratch: &'a Path, target: &str, inputs: &Inputs) -> Self {
        #[cfg(feature = "bindgen")]
        let environment = super::contexts::environment(target, inputs);
        #[cfg(not(feature = "bindgen"))]
        let environment = {
            let _ = (target, inputs);
            Vec::new()
        };
        Self {
            out,
            scratch,
            rustfmt: None,
            environment,
        }
    }

    /// With skeletons that this rustfmt formats.
    pub(crate) fn with_rustfmt(self, rustfmt: Option<&'a Path>) -> Self {
        Self { rustfmt, ..self }
    }

    /// Writes an object, its skeleton, the bindings of these contexts, and the module with both; but for the
    /// module, each unless it is there of the same.
    ///
    /// # Errors
    /// [`Error::Write`], [`Error::Skeleton`], and those of bindings.
    pub(crate) fn write(
        &self,
        unit: &Unit<'_>,
        used: &CtxBtf<'_>,
        record: &mut Record<'_>,
    ) -> Result<(), Error> {
        write_object(unit, record)?;
        let object = self.out.path(&format!("{}.bpf.o", unit.name));
        let paths = skeleton::Paths {
            scratch: self.scratch,
            object: &object,
            rustfmt: self.rustfmt,
        };
        skeleton::generate(record, paths, unit.name, &unit.object)?;
        #[cfg(feature = "bindgen")]
        super::contexts::generate(record, used, unit.name, &self.environment)?;
        #[cfg(not(feature = "bindgen"))]
        let _ = used;
        record.finish()?;
        let module = module(unit.name, cfg!(feature = "bindgen"));
        let file = format!("{}.rs", unit.name);
        self.out.write(&file, module.as_bytes())?;
        let file = format!("{}.bpf.rs", unit.name);
        let module = module_without_ctxgen(unit.name);
        self.out.write(&file, module.as_bytes()).map(drop)
    }
}

/// Writes an object alone, unless it is there of the same. The record is to be finished.
///
/// # Errors
/// [`Error::Write`].
pub(crate) fn write_object(unit: &Unit<'_>, record: &mut Record<'_>) -> Result<(), Error> {
    if !unit.is_reused {
        record.set_warnings(unit.inputs.and(unit.warnings.clone()));
        record.write(OBJECT, unit.inputs, &unit.object)?;
        record.write_compiled(unit.inputs, &unit.compiled)?;
    }
    Ok(())
}
