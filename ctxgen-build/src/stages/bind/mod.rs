//! The last stage: what a crate includes of an object, its skeleton, its bindings, and the module with both.

#[cfg(feature = "bindgen")]
mod contexts;
mod known;
mod module;
mod products;
mod skeleton;

#[cfg(feature = "bindgen")]
pub use self::contexts::bindings;
pub(crate) use self::known::add_known;
pub(crate) use self::module::module_without_ctxgen;
pub(crate) use self::products::Products;
pub(crate) use self::products::write_object;
