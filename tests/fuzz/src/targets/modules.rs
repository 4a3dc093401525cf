//! Kernel modules: their BTF alone, and files that it is in.

use std::fmt::Display;

use ctxgen::KernelBtf;
use ctxgen::render;

use super::hooks;
use super::order;
use super::render_hooks;
use super::sound;
use crate::exercise::is_clean_or_error;
use crate::memory::with_file;

/// So many hooks of each family.
const HOOKS: usize = 20;

pub(super) fn run(data: &[u8]) {
    let (order, data) = order(data);
    match data.starts_with(b"\x7fELF") {
        true => with_file(data, |path| {
            added(sound(order).with_module_file(Some("m"), path));
            added(sound(order).with_module_file(None, path));
        }),
        false => added(sound(order).with_module("m", data)),
    }
}

fn added(kernel: Result<KernelBtf, impl Display>) {
    match kernel {
        Ok(kernel) => {
            assert!(kernel.modules().len() < 2);
            let hooks = hooks(&kernel, HOOKS);
            render_hooks(&kernel, hooks);
            is_clean_or_error(render::vmlinux(&kernel), |_| {});
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
