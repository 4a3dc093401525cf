//! Pinned BTF: what it is made of, and what is made of it.

use super::hooks;
use super::order;
use super::parted;
use crate::agree;
use crate::generate;

/// So many hooks of each family.
const HOOKS: usize = 4;

pub(super) fn run(data: &[u8]) {
    let (order, data) = order(data);
    let (chosen, data) = parted(data);
    let blob = generate::kernel(data, order);
    let kernel = agree::kernel(&blob.to_bytes());
    let hooks = hooks(&kernel, HOOKS);
    let source = agree::source(&kernel, chosen);
    agree::pinned_and_whole(&kernel, &hooks, &source);
    agree::trimmed_and_whole(&kernel, &source);
}
