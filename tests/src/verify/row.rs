//! What is counted.

/// Counts of one family on one kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Hooks that were asked about.
    pub hooks: usize,
    /// Fields, a struct by value counted once for each of its slots.
    pub fields: usize,
    /// Loads that the verifier accepts as promised, with the pointee promised.
    pub confirmed: usize,
    /// Loads and programs that it refuses as promised, those past the last field included.
    pub refused: usize,
    /// Loads and programs refused for reasons that are not in BTF.
    pub outside: usize,
    /// Disagreements.
    pub wrong: usize,
}
