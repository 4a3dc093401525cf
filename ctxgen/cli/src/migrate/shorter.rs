//! Programs that `ctx_get` makes longer.
//!
//! What it loads stays in an instruction of its own. Of an `int`, the compiler then has half a register, whose sign
//! it extends in three instructions instead of two; and it cannot load the field again instead of keeping it on the
//! stack. Where a program has more instructions for that, its fields are read directly, if what the compiler makes of
//! that is shorter, and all that is loaded is at the address that the program got.

use std::path::Path;

use ctxgen::ByteOrder;
use ctxgen::migrate::Edit;
use ctxgen::migrate::Plan;
use ctxgen::migrate::apply;
use ctxgen::object::ObjectFile;
use ctxgen::object::accesses::Extent;
use ctxgen::object::accesses::accesses;

use super::compile::Toolchain;
use super::compiled::Compiled;
use crate::output::Failure;

/// The size of a slot and of a register, in bytes.
const WHOLE: i64 = 8;

/// The edits of a plan, with direct reads where these are shorter than reads by `ctx_get`, and `ctx_get` makes a
/// program longer than `before`.
pub(super) fn edits(
    path: &Path,
    text: &str,
    plan: &Plan,
    toolchain: &Toolchain,
    before: &Compiled,
) -> Result<Vec<Edit>, Failure> {
    let compile = |edits: &[Edit]| -> Result<Option<Vec<u8>>, Failure> {
        let source = toolchain.replaced(path, &apply(text, edits));
        match source.and_then(|source| toolchain.compile(path, &source)) {
            Ok(object) => Ok(Some(object)),
            // It is said of the edits that are taken.
            Err(Failure::Compile { .. }) => Ok(None),
            Err(failure) => Err(failure),
        }
    };
    let Some(object) = compile(&plan.edits)? else {
        return Ok(plan.edits.clone());
    };
    let by_get = Compiled::read(&object);
    let programs = plan.migrated.iter().map(String::as_str);
    let longer: Vec<&str> = programs
        .filter(|name| by_get.len(name) > before.len(name))
        .collect();
    if longer.is_empty() {
        return Ok(plan.edits.clone());
    }
    let Some(object) = compile(&plan.with_direct_reads(&longer))? else {
        return Ok(plan.edits.clone());
    };
    let direct = Compiled::read(&object);
    let programs = longer.into_iter();
    let shorter: Vec<&str> = programs
        .filter(|name| direct.len(name) < by_get.len(name) && is_taken(&object, name))
        .collect();
    Ok(plan.with_direct_reads(&shorter))
}

/// Whether a program loads all of its context whole, and from the address that it got.
fn is_taken(bytes: &[u8], name: &str) -> bool {
    let Ok(object) = ObjectFile::parse(bytes) else {
        return false;
    };
    // Narrow arguments are whole slots on the other, and are cut.
    if object.btf().byte_order() == ByteOrder::Big {
        return false;
    }
    let Ok(all) = accesses(&object, bytes) else {
        return false;
    };
    let is_it = |program: usize| object.programs()[program].name == name;
    let mut found = all.iter().filter(|found| is_it(found.program));
    found.all(|found| {
        let mut memory = found.accesses.iter().filter(|access| access.is_of_memory());
        found.extent == Extent::Whole
            && memory.all(|access| {
                let offsets = access.offsets().unwrap_or_default();
                access.is_certain
                    && access.base.is_unmodified()
                    && access.relocation.is_none()
                    && offsets.iter().all(|offset| offset % WHOLE == 0)
            })
    })
}
