//! What programs get whatever they attach to.

use super::Prototype;
use super::unknown;
use crate::btf::Kind;
use crate::btf::Type;
use crate::hook::Generic;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::prototype::PrototypeError;
use crate::text::struct_names::PT_REGS;

/// What `PT_REGS_*` of libbpf and the verifier take a kprobe's context for, on every architecture
/// (`include/uapi/asm-generic/bpf_perf_event.h` and its like).
const REGISTERS: &str = "bpf_user_pt_regs_t";

/// What programs on all functions of a pattern get: the type that their argument points to, and what it is.
pub(crate) const SLOTS: (&str, &str) = (
    "unsigned long long",
    "the arguments, a slot of 8 bytes each, of whichever function it is",
);

pub(super) fn resolve(kernel: &KernelBtf, hook: &Hook) -> Result<Prototype, PrototypeError> {
    let (found, tried) = match hook.family().generic() {
        Generic::Other(pointee, what) => return Ok(Prototype::Other { pointee, what }),
        Generic::Struct(name) => (structure(kernel, name), vec![format!("struct {name}")]),
        Generic::Registers => {
            let tried = vec![REGISTERS.to_owned(), format!("struct {PT_REGS}")];
            // On s390 the typedef's struct has no name of its own, and programs take the one around it.
            let named = registers(kernel).filter(|ty| !ty.name().is_empty());
            (named.or_else(|| structure(kernel, PT_REGS)), tried)
        }
        Generic::Unknown if hook.is_pattern() => {
            let (pointee, what) = SLOTS;
            return Ok(Prototype::Other { pointee, what });
        }
        Generic::Unknown => (None, Vec::new()),
    };
    match found {
        Some(ty) => Ok(Prototype::Kernel { type_id: ty.id() }),
        None => Err(unknown(kernel, hook, tried)),
    }
}

/// The struct that programs of breakpoints get the registers in.
pub(crate) fn registers(kernel: &KernelBtf) -> Option<Type<'_>> {
    let btf = kernel.btf();
    let mut typedefs = kernel.find(Named::Typedef, REGISTERS);
    let of_typedef = typedefs.find_map(|ty| btf.resolve(ty.id()));
    let of_typedef = of_typedef.filter(|ty| matches!(ty.kind(), Kind::Struct(_)));
    of_typedef.or_else(|| structure(kernel, PT_REGS))
}

fn structure<'k>(kernel: &'k KernelBtf, name: &str) -> Option<Type<'k>> {
    kernel.find(Named::Struct, name).next()
}
