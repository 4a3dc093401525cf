//! Hooks in modules.
