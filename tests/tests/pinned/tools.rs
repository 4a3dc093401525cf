//! Other tools read it.
