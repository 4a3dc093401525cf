//! The context structs of ready-made objects.

use std::collections::BTreeMap;
use std::path::Path;

use ctxgen::ByteOrder;
use ctxgen::Hook;
use ctxgen::object::ObjectFile;

use super::scanned::Scanned;
use crate::error::Error;
use crate::findings::Site;

/// The contexts that the programs of an object take, which is at `path` and has these bytes. `order` is that of
/// the kernels that it is held against, where these are known.
///
/// # Errors
/// [`Error::Object`], where it cannot be read or is of the other byte order.
pub(crate) fn of_object(
    path: &Path,
    bytes: &[u8],
    order: Option<ByteOrder>,
) -> Result<Scanned, Error> {
    let unreadable = |reason: String| Error::Object {
        sources: vec![path.to_owned()],
        reason,
    };
    let object = ObjectFile::parse(bytes).map_err(|error| unreadable(error.to_string()))?;
    let own = object.btf().byte_order();
    if let Some(order) = order.filter(|order| *order != own) {
        return Err(unreadable(format!(
            "it is {}-endian, and the target kernel is {}-endian",
            name(own),
            name(order)
        )));
    }
    let programs = object.programs().iter();
    let hooks = programs.filter_map(|program| object.context_hook(program.context?));
    let site = Site {
        path: path.to_owned(),
        line: 0,
    };
    let contexts: BTreeMap<String, (Hook, Site)> = hooks
        .map(|hook| (hook.struct_name(), (hook, site.clone())))
        .collect();
    Ok(Scanned::of_contexts(path, &contexts))
}

fn name(order: ByteOrder) -> &'static str {
    match order {
        ByteOrder::Little => "little",
        ByteOrder::Big => "big",
    }
}
