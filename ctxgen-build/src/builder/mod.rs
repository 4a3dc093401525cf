//! The builder, and the way through a build.

mod artifacts;
mod build;
mod docs;
mod editors;
mod headers;
mod outputs;
mod pin;
mod ready;
mod settings;
mod stale;
mod surroundings;
mod tools;

pub use self::artifacts::Artifacts;
pub use self::artifacts::Object;
pub use self::pin::pin;
pub use self::settings::Builder;
#[cfg(feature = "rust-programs")]
pub(crate) use self::surroundings::host_triple;
