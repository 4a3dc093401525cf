//! The second stage: the sources behind the preprocessor, and the contexts that they name.

mod preprocess;
mod ready;
mod scanned;
mod unseen;

pub(crate) use self::preprocess::Preprocessed;
pub(crate) use self::preprocess::Preprocessor;
pub(crate) use self::ready::of_object;
pub(crate) use self::scanned::Scanned;
pub(crate) use self::scanned::without_preprocessor;
pub(crate) use self::unseen::explain;
pub(crate) use self::unseen::remarks;
