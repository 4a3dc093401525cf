//! `format` files of trace events.

use ctxgen::ByteOrder;
use ctxgen::Family;
use ctxgen::prototype;

use super::render_hooks;
use super::sound;

pub(super) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let kernel = match sound(order).with_format("category", &text) {
            Ok(kernel) => kernel,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                continue;
            }
        };
        for family in ["tp", "ksyscall"].into_iter().filter_map(Family::by_name) {
            let hooks: Vec<_> = prototype::hooks(&kernel, family).collect();
            render_hooks(&kernel, hooks);
        }
    }
}
