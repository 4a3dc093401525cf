//! The functions of the kernel that an object's programs call.

use std::collections::HashMap;
use std::sync::Arc;

use object::Object as _;
use object::ObjectSymbol;

use super::Elf;
use super::names::MAX_FUNCTION;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::TYPE_WORDS;
use crate::btf::TypeId;

/// Where they are; other functions that an object does not define are for the linker.
const SECTION: &str = ".ksyms";
/// How many words an entry takes in a `BTF_KIND_DATASEC`.
const VARIABLE: usize = 3;

/// A function of the kernel, as an object declares it (`extern … __ksym`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct External {
    /// Its name.
    pub name: Arc<str>,
    /// Its declaration in the object's BTF.
    pub type_id: TypeId,
    /// Whether the object can do without (`__weak`).
    pub is_weak: bool,
}

/// Those of an object, in the order of the symbols.
pub(super) fn externals(elf: &Elf<'_>, btf: &Btf<'_>) -> Vec<External> {
    let mut declared = HashMap::new();
    for ty in btf.types() {
        if !matches!(ty.kind(), Kind::DataSec) || ty.name() != SECTION {
            continue;
        }
        let words = ty.words();
        let records = words.get(TYPE_WORDS..).unwrap_or_default();
        for record in records.chunks_exact(VARIABLE) {
            if let Some(ty) = btf.get(TypeId(record[0]))
                && let Kind::Func(_) = ty.kind()
                && ty.name().len() <= MAX_FUNCTION
            {
                declared.entry(ty.name()).or_insert(ty.id());
            }
        }
    }
    let undefined = elf.symbols().filter(ObjectSymbol::is_undefined);
    undefined
        .filter_map(|symbol| {
            let (name, id) = declared.get_key_value(symbol.name().ok()?)?;
            Some(External {
                name: (*name).into(),
                type_id: *id,
                is_weak: symbol.is_weak(),
            })
        })
        .collect()
}
