//! What a build writes of its objects, and what it gives back.

use std::path::PathBuf;

use super::artifacts::Artifacts;
use super::artifacts::Object;
use super::build::Build;
#[cfg(feature = "bindgen")]
use crate::cache::BINDINGS;
use crate::cache::OBJECT;
use crate::cache::Record;
use crate::cache::SKELETON;
use crate::cargo::watch_missing;
use crate::error::Error;
use crate::outdir;
use crate::stages::bind::write_object;
use crate::stages::compile::Unit;
use crate::stages::headers::Contexts;
use crate::stages::scan::Scanned;

/// What is made of an object's sources, and what it is made of.
const PRODUCTS: &[(&str, &str)] = &[
    (
        OBJECT,
        "the sources, their headers, clang and its arguments",
    ),
    (SKELETON, "the object"),
    #[cfg(feature = "bindgen")]
    (BINDINGS, "the contexts"),
];

impl Build<'_> {
    /// Writes skeletons to the paths that the builder was told.
    ///
    /// # Errors
    /// [`Error::NoSourcesOf`], [`Error::Read`], [`Error::Write`], [`Error::Skeleton`].
    pub(super) fn write_skeletons(&self) -> Result<(), Error> {
        let Some(products) = self.products else {
            return Ok(());
        };
        for (name, path) in &self.builder.skeletons {
            if !self.plan.objects.iter().any(|object| object.name == *name) {
                return Err(Error::NoSourcesOf(name.clone()));
            }
            let text = outdir::read(&self.out.path(&format!("{name}.{SKELETON}")))?;
            let text = products.standalone(name, text)?;
            let path = self.options.root.join(path);
            if !outdir::read(&path).is_ok_and(|old| old == text) {
                outdir::write(&path, &text)?;
            }
        }
        Ok(())
    }

    /// Writes an object and what is made of it.
    pub(super) fn bind(
        &self,
        unit: &Unit<'_>,
        record: &mut Record<'_>,
        contexts: &Contexts<'_>,
        scanned: &[Scanned],
    ) -> Result<Object, Error> {
        let used = contexts.of(scanned)?;
        match self.products {
            Some(products) => {
                products.write(unit, &used, record)?;
                self.note(unit, record);
            }
            None => {
                write_object(unit, record)?;
                record.finish()?;
            }
        }
        let structs = used.structs().iter();
        Ok(Object {
            name: unit.name.to_owned(),
            object: self.out.path(&format!("{}.bpf.o", unit.name)),
            structs: structs
                .map(|used| used.context.struct_name.clone())
                .collect(),
        })
    }

    /// Notes which products of an object were made, and which were left as they were.
    fn note(&self, unit: &Unit<'_>, record: &Record<'_>) {
        let name = unit.name;
        for (product, inputs) in PRODUCTS {
            let inputs = match self.ready.contains_key(name) && *product == OBJECT {
                true => "its file",
                false => inputs,
            };
            self.steps.add(match record.has_made(product) {
                true => format!("{name}.{product}: made"),
                false => format!("{name}.{product}: skipped, {inputs} did not change"),
            });
        }
    }

    /// What was made, and what it depended on.
    pub(super) fn artifacts(
        &self,
        ctx_btf: PathBuf,
        objects: Vec<Object>,
        warnings: Vec<String>,
    ) -> Artifacts {
        self.inputs.add_files(self.targets.deciding_formats());
        let missing = self.targets.absent();
        let watched = missing.and_then(|path| watch_missing(self.out, path));
        self.inputs.add_files(watched);
        Artifacts {
            include: self.tools.include().to_owned(),
            ctx_btf,
            objects,
            arguments: Vec::new(),
            warnings,
            depends_on: self.inputs.files(),
            depends_on_env: self.inputs.variables(),
        }
    }
}
