//! The last stage: what a crate includes of an object, its skeleton, its bindings, and the module with both.

#[cfg(feature = "bindgen")]
mod bindings;
mod module;
mod products;
mod skeleton;

#[cfg(feature = "bindgen")]
pub use self::bindings::bindings;
pub(crate) use self::products::Products;
