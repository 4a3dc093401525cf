//! Files that BTF is in.

use ctxgen::KernelBtf;
use ctxgen::kernel_btf_bytes;

use crate::memory::with_file;

pub(super) fn run(data: &[u8]) {
    with_file(data, |path| {
        let bytes = kernel_btf_bytes(path);
        match KernelBtf::from_path(path) {
            Ok(kernel) => assert!(bytes.is_ok() && !kernel.names().is_empty()),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    });
}
