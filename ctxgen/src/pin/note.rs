//! What is written beside a pinned BTF.

use super::Pin;
use crate::kernel::KernelBtf;
use crate::kernel::PinNote;
use crate::kernel::labels;

impl PinNote {
    /// The note for a pinned BTF that was made of a kernel's. `renew` is the command that makes it
    /// anew.
    pub fn new(kernel: &KernelBtf, pin: &Pin, renew: String) -> Self {
        let mut labels = labels(std::slice::from_ref(kernel));
        Self {
            kernel: labels.pop().unwrap_or_default(),
            arch: kernel.arch().map(|arch| arch.to_string()),
            bytes: (pin.btf.len(), kernel.btf().to_bytes().len()),
            modules: pin.modules.clone(),
            renew,
        }
    }
}
