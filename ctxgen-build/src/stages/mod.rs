//! The stages of a build, in the order of the data. Each is a function of what it is given, and knows nothing
//! of those behind it, nor of the builder.

pub(crate) mod bind;
pub(crate) mod btf;
pub(crate) mod check;
pub(crate) mod compile;
pub(crate) mod headers;
pub(crate) mod scan;
