//! What somebody meets first: README, the documentation, the template, and an editor.

mod documents;
mod editor;
mod lsp;
mod packages;
mod snippets;
mod template;
