//! Prototypes to layouts: where each argument is in the context, and what the verifier lets a
//! program do with it.

mod class;
mod convention;
mod field;
mod record;
mod registers;
#[cfg(feature = "reads")]
mod saved;
mod slots;

pub use self::field::Access;
pub(crate) use self::field::ELEMENTS;
pub use self::field::Field;
pub use self::field::Form;
pub(crate) use self::field::GAP;
pub use self::field::Layout;
pub use self::field::Pointee;
pub(crate) use self::field::RET;
pub use self::field::Refusal;
pub use self::field::SystemCallArguments;
use self::field::argument_name;
pub(crate) use self::record::of_record;
pub(crate) use self::registers::argument_registers;
#[cfg(feature = "reads")]
pub(crate) use self::saved::Purpose;
#[cfg(feature = "reads")]
pub(crate) use self::saved::SavedRegisters;
use crate::hook::Hook;
use crate::hook::Passing;
use crate::kernel::KernelBtf;
pub use crate::prototype::SLOT;
use crate::prototype::Signature;
pub use crate::prototype::Unsupported;

/// Where the arguments of a hook's prototype are in its context.
///
/// # Errors
/// [`Unsupported`], where no program can attach to the hook.
pub fn lay_out(
    kernel: &KernelBtf,
    hook: &Hook,
    signature: &Signature,
) -> Result<Layout, Unsupported> {
    match hook.family().passing() {
        Passing::Registers => registers::lay_out(kernel, hook, signature),
        Passing::Slots | Passing::Memory => slots::lay_out(kernel, hook, signature),
    }
}

#[cfg(test)]
mod tests {
    use crate::Context;
    use crate::Shape;
    use crate::btf::BtfWriter;
    use crate::btf::ByteOrder;
    use crate::btf::TypeId;
    use crate::kernel::KernelBtf;
    use crate::kernel::Origin;

    /// An argument that is called like the returned value is called otherwise, whether or not the
    /// function returns anything on this kernel.
    #[test]
    fn ret_is_what_is_returned() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let int = writer.int("int", 4, crate::btf::IntEncoding::Signed);
        let returns = writer.prototype(&[("ret", int)], int);
        writer.function("returns", returns);
        let returns_nothing = writer.prototype(&[("ret", int)], TypeId::VOID);
        writer.function("returns_nothing", returns_nothing);
        let origin = Origin::Memory("test".to_owned());
        let kernel = KernelBtf::from_bytes(&writer.finish(), origin).unwrap();
        let fields = |hook: &str| -> Vec<String> {
            let context = Context::of_hook(&kernel, &hook.parse().unwrap()).unwrap();
            let Shape::Generated { layout, .. } = context.shape else {
                panic!("{hook}");
            };
            layout.fields.into_iter().map(|field| field.name).collect()
        };
        assert_eq!(fields("fexit/returns"), ["ret_", "ret"]);
        assert_eq!(fields("fexit/returns_nothing"), ["ret_"]);
        assert_eq!(fields("fentry/returns"), ["ret"]);
    }
}
