//! Programs in user space.

use ctxgen::ByteOrder;
use ctxgen::Family;
use ctxgen::prototype;

use super::render_hooks;
use super::sound;
use crate::memory::with_file;

pub(super) fn run(data: &[u8]) {
    let order = match data.get(5) {
        Some(2) => ByteOrder::Big,
        _ => ByteOrder::Little,
    };
    with_file(data, |path| {
        let kernel = match sound(order).with_user_file(path) {
            Ok(kernel) => kernel,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                return;
            }
        };
        let families = ["uprobe", "uretprobe"];
        for family in families.into_iter().filter_map(Family::by_name) {
            let hooks: Vec<_> = prototype::hooks(&kernel, family).collect();
            render_hooks(&kernel, hooks);
        }
    });
}
