//! The files that are made of an object.

use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::CtxBtf;

use super::module::module;
use super::module::module_without_ctxgen;
use super::skeleton;
use crate::cache::OBJECT;
use crate::cache::Record;
use crate::cargo::Inputs;
use crate::error::Error;
use crate::outdir::OutDir;
use crate::outdir::read;
use crate::stages::compile::Unit;

/// What products are made with.
#[derive(Debug)]
pub(crate) struct Products<'a> {
    out: &'a OutDir,
    /// A folder that goes away.
    scratch: &'a Path,
    /// What formats skeletons.
    rustfmt: Option<&'a Path>,
    /// Whether skeletons refer to the object.
    reference: bool,
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
            reference: false,
            environment,
        }
    }

    /// With skeletons that this rustfmt formats.
    pub(crate) fn with_rustfmt(self, rustfmt: Option<&'a Path>) -> Self {
        Self { rustfmt, ..self }
    }

    /// With skeletons that refer to the object beside them, or contain it.
    pub(crate) fn with_reference(self, reference: bool) -> Self {
        Self { reference, ..self }
    }

    /// The text of an object's skeleton, for a file that is not beside the object.
    ///
    /// # Errors
    /// [`Error::Skeleton`], and [`Error::Read`] for the object.
    pub(crate) fn standalone(&self, name: &str, text: Vec<u8>) -> Result<Vec<u8>, Error> {
        if !self.reference {
            return Ok(text);
        }
        let object = self.object(name);
        let bytes = read(&object)?;
        skeleton::standalone(self.paths(&object), name, &text, &bytes)
    }

    /// The path of an object.
    fn object(&self, name: &str) -> PathBuf {
        self.out.path(&format!("{name}.{OBJECT}"))
    }

    fn paths<'p>(&'p self, object: &'p Path) -> skeleton::Paths<'p> {
        skeleton::Paths {
            scratch: self.scratch,
            object,
            rustfmt: self.rustfmt,
            reference: self.reference,
        }
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
        let object = self.object(unit.name);
        skeleton::generate(record, self.paths(&object), unit.name, &unit.object)?;
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
