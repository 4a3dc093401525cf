//! `<name>.rs`, which `ctxgen::include_bpf!` includes: skeleton, object and bindings.

/// What generated code is excused from in a user's crate.
const LINTS: &str = "
    clippy::all,
    clippy::nursery,
    clippy::pedantic,
    clippy::restriction,
    dead_code,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    redundant_imports,
    rust_2018_idioms,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unreachable_pub,
    unsafe_code,
    unsafe_op_in_unsafe_fn,
    unused_imports,
    unused_qualifications,
    unused_results,
    reason = \"generated\"
";

/// The text of `<name>.bpf.rs`, which a crate includes that has libbpf-rs and not ctxgen: `<name>.rs` with the
/// name that `ctxgen::include_bpf!` brings into scope for it.
pub(crate) fn module_without_ctxgen(name: &str) -> String {
    format!(
        "#[allow(clippy::restriction, unused_imports, reason = \"generated\")]\n\
         mod __include_bpf {{\n    pub(super) use ::libbpf_rs;\n}}\n\
         include!(\"{name}.rs\");\n"
    )
}

/// The text of `<name>.rs`.
pub(crate) fn module(name: &str, has_bindings: bool) -> String {
    let skeleton = format!(
        "#[allow({LINTS})]\nmod skel {{\n    \
         use super::__include_bpf::libbpf_rs;\n    include!(\"{name}.skel.rs\");\n}}\n\
         #[allow(clippy::restriction, unreachable_pub, unused_imports, reason = \"generated\")]\n\
         pub use self::skel::*;\n\
         /// The compiled BPF object, for `ctxgen::Loader` and `ctxgen::check`.\n\
         #[allow(clippy::restriction, dead_code, unreachable_pub, reason = \"generated\")]\n\
         pub static OBJECT: &[u8] = include_bytes!(\"{name}.bpf.o\");\n"
    );
    if !has_bindings {
        return skeleton;
    }
    format!(
        "{skeleton}\n/// Contexts of BPF programs.\n#[allow({LINTS})]\n\
         pub mod ctx {{\n    include!(\"{name}.ctx.rs\");\n}}\n"
    )
}
