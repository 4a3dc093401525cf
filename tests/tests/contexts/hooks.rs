//! Kernels and their hooks, as most tests take them.

use std::collections::BTreeMap;

use ctxgen::Context;
use ctxgen::Family;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::PrototypeError;
use ctxgen::Shape;
use ctxgen::layout::Layout;
use ctxgen::prototype;
use ctxgen::prototype::NamesFrom;
use ctxgen_tests::Kernel;
use ctxgen_tests::fixture;

/// The BTF of a kernel.
pub(crate) fn open(kernel: &Kernel) -> KernelBtf {
    KernelBtf::from_path(&kernel.btf).unwrap_or_else(|error| panic!("{error}"))
}

/// The BTF of a fixture.
pub(crate) fn open_fixture(name: &str) -> KernelBtf {
    open(&fixture(name))
}

/// A family by its name.
pub(crate) fn family(name: &str) -> Family {
    Family::by_name(name).unwrap_or_else(|| panic!("there is no family {name}"))
}

/// A hook by its SEC name.
pub(crate) fn hook(name: &str) -> Hook {
    name.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// The context of a hook that has one.
pub(crate) fn context(kernel: &KernelBtf, name: &str) -> Context {
    Context::of_hook(kernel, &hook(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The layout of a context of slots, and where its names are from.
pub(crate) fn slots(context: &Context) -> (&Layout, &NamesFrom) {
    match &context.shape {
        Shape::Generated { layout, names_from } => (layout, names_from),
        Shape::Kernel { .. } | Shape::Other { .. } => {
            panic!("{} is none of ctxgen's", context.struct_name)
        }
    }
}

/// The names of a hook's fields.
pub(crate) fn field_names(kernel: &KernelBtf, name: &str) -> Vec<String> {
    let context = context(kernel, name);
    let (layout, _) = slots(&context);
    layout
        .fields
        .iter()
        .map(|field| field.name.clone())
        .collect()
}

/// The contexts of all hooks of these families that have one, each struct once.
///
/// # Panics
/// If a hook has none for another reason than that nothing can attach to it.
pub(crate) fn contexts(kernel: &KernelBtf, families: impl Iterator<Item = Family>) -> Vec<Context> {
    let mut contexts = BTreeMap::new();
    for family in families {
        for hook in prototype::hooks(kernel, family) {
            let name = hook.struct_name();
            if contexts.contains_key(&name) {
                continue;
            }
            match Context::of_hook_alone(kernel, &hook) {
                Ok(context) => {
                    contexts.insert(name, context);
                }
                Err(
                    PrototypeError::Unsupported { .. }
                    | PrototypeError::AmbiguousFunction { .. }
                    | PrototypeError::AmbiguousEvent { .. },
                ) => {}
                Err(error) => panic!("{hook}: {error}"),
            }
        }
    }
    contexts.into_values().collect()
}
