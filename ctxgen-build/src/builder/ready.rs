//! Ready-made objects.

use std::collections::BTreeMap;
use std::path::Path;

use ctxgen::ByteOrder;

use crate::cargo::Inputs;
use crate::error::Error;
use crate::plan::Plan;
use crate::stages::scan;
use crate::stages::scan::Scanned;

/// A ready-made object.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) bytes: Vec<u8>,
    /// The contexts that its programs take.
    pub(super) scanned: Scanned,
}

/// The ready-made objects of a plan, by name.
pub(super) type AllReady = BTreeMap<String, Ready>;

/// Reads those of a plan, for kernels of this byte order.
///
/// # Errors
/// [`Error::Read`], [`Error::Object`].
pub(super) fn read(plan: &Plan<'_>, order: ByteOrder, inputs: &Inputs) -> Result<AllReady, Error> {
    let mut all = AllReady::new();
    for object in &plan.objects {
        if let Some(path) = object.ready {
            let bytes = inputs.file(path)?;
            let scanned = scan::of_object(path, &bytes, Some(order))?;
            all.insert(object.name.clone(), Ready { bytes, scanned });
        }
    }
    Ok(all)
}

/// The contexts of a ready-made object, for an unknown kernel; `None` where it cannot be read.
pub(super) fn scan(path: &Path, inputs: &Inputs) -> Option<Scanned> {
    let bytes = inputs.file(path).ok()?;
    scan::of_object(path, &bytes, None).ok()
}
