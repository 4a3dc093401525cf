//! The reports on a matrix: what is in each, and the page in a real browser.

mod formats;
mod matrix;
mod page;
