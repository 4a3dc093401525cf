//! Two kernels that differ in a few places: how their hooks differ, and contexts for both.

use ctxgen::CtxBtf;
use ctxgen::Drift;
use ctxgen::KernelBtf;
use ctxgen::Origin;
use ctxgen::merge;
use ctxgen::render;

use super::btf::changed;
use super::hooks;
use super::order;
use super::parted;
use crate::exercise::is_clean_or_error;
use crate::generate;

/// So many hooks of each family.
const HOOKS: usize = 12;

pub(super) fn run(data: &[u8]) {
    let (byte_order, rest) = order(data);
    let (_, rest) = parted(rest);
    let first = generate::kernel(rest, byte_order).to_bytes();
    let kernels = [("6.1", first), ("6.12", changed(data).to_bytes())];
    let kernels = kernels
        .map(|(name, bytes)| KernelBtf::from_bytes(&bytes, Origin::Memory(name.to_owned())).ok());
    let kernels: Vec<KernelBtf> = kernels.into_iter().flatten().collect();
    assert!(!kernels.is_empty(), "what is generated is valid");
    let mut contexts = Vec::new();
    for hook in hooks(&kernels[0], HOOKS) {
        match Drift::of(&kernels, &hook) {
            Ok(Some(drift)) => assert!(!drift.to_string().is_empty()),
            Ok(None) => {}
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        match merge::merge(&kernels, &hook) {
            Ok(merged) => contexts.push(merged),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    if let Ok(ctx) = CtxBtf::relocatable(&kernels, contexts) {
        is_clean_or_error(render::header(&ctx), |_| {});
        let _ = render::reports(&ctx);
    }
}
