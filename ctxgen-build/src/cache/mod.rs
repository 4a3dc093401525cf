//! What an earlier build has left, and whether it is what this one would make.
//!
//! A [`Digest`] stands for all that a product is made of; a [`Record`] has the digests of the products of an
//! object. Which program made them is told by the record's time of change, not by its bytes: these are the
//! same wherever the same is built.

mod digest;
mod program;
mod record;
mod sources;

pub(crate) use self::digest::Digest;
pub(crate) use self::digest::Digester;
#[cfg(feature = "bindgen")]
pub(crate) use self::record::BINDINGS;
pub(crate) use self::record::OBJECT;
pub(crate) use self::record::Record;
pub(crate) use self::record::SKELETON;
pub(crate) use self::sources::Command;
pub(crate) use self::sources::Folders;
pub(crate) use self::sources::digest;
