//! Contexts that are arrays of slots.
//!
//! The rules are those of `btf_distill_func_proto` (what can be attached to) and `btf_ctx_access`
//! (what can be loaded) in `kernel/bpf/btf.c`.

use crate::btf::Btf;
use crate::btf::ByteOrder;
use crate::btf::TypeId;
use crate::hook::Hook;
use crate::hook::Passing;
use crate::hook::Prototypes;
use crate::hook::Returned;
use crate::kernel::KernelBtf;
use crate::prototype::Signature;
use crate::text::ident::field_name;

use super::Access;
use super::Field;
use super::Form;
use super::Layout;
use super::Refusal;
use super::SLOT;
use super::Unsupported;
use super::argument_name;
use super::class::Class;
use crate::prototype::MAX_BY_VALUE;
use crate::prototype::MAX_SLOTS;

/// Where the arguments of a hook's prototype are in its context.
///
/// # Errors
/// [`Unsupported`], where no program can attach to the hook.
pub(super) fn lay_out(
    kernel: &KernelBtf,
    hook: &Hook,
    signature: &Signature,
) -> Result<Layout, Unsupported> {
    let btf = kernel.btf();
    let is_tracepoint = matches!(hook.family().prototypes(), Prototypes::Tracepoint { .. });
    let mut slots = Slots {
        btf,
        hook,
        is_tracepoint,
        next: 0,
        names: Vec::new(),
        fields: Vec::new(),
    };
    let ret = returned(btf, hook, signature)?;
    if hook.family().returned() != Returned::No {
        // An argument of that name gives way, also where nothing is returned: what is called so must not
        // be one thing on this kernel and another on the next.
        slots.names.push("ret".to_owned());
    }
    for (number, arg) in signature.args.iter().enumerate() {
        let last = number + 1 == signature.args.len();
        if last && arg.type_id == TypeId::VOID {
            return Err(Unsupported::Variadic);
        }
        let name = argument_name(number, arg)?;
        // Looking for the name among those before it is for what can have a context at all.
        let name = match slots.next {
            0..=MAX_SLOTS => field_name(&name, &slots.names),
            _ => name,
        };
        slots.add(name, arg.type_id, arg.remark())?;
        if let Some(field) = slots.fields.last_mut() {
            field.argument = u32::try_from(number).ok();
        }
    }
    if slots.next > MAX_SLOTS {
        return Err(Unsupported::TooManySlots(slots.next));
    }
    // Behind twelve slots of arguments the returned value is there, but out of a program's reach.
    if let Some(type_id) = ret
        && slots.next < MAX_SLOTS
    {
        slots.add("ret".to_owned(), type_id, "")?;
    }
    Ok(Layout {
        passing: Passing::Slots,
        size: slots.next * SLOT,
        fields: slots.fields,
        types: signature.types,
        returns: implemented(hook, signature),
        left_out: Vec::new(),
        system_call: None,
    })
}

/// What a program returns to the caller of what it implements. (What others return is for the kernel that
/// runs them, and of the family, not of the hook.)
fn implemented(hook: &Hook, signature: &Signature) -> Option<TypeId> {
    let implements = hook.family().prototypes() == Prototypes::StructOps;
    Some(signature.ret).filter(|ret| implements && *ret != TypeId::VOID)
}

/// The type of the returned value where a program may read it.
fn returned(
    btf: &Btf<'_>,
    hook: &Hook,
    signature: &Signature,
) -> Result<Option<TypeId>, Unsupported> {
    if matches!(hook.family().prototypes(), Prototypes::Tracepoint { .. }) {
        return Ok(None);
    }
    // The trampoline has to carry the value on, whether the program reads it or not.
    let class = Class::of(btf, signature.ret);
    match class {
        Class::Struct { .. } => return Err(Unsupported::ReturnsStruct),
        Class::Other(kind) => return Err(Unsupported::ReturnsOther(kind)),
        Class::Void | Class::Scalar { .. } | Class::Pointer(_) => {}
    }
    match (hook.family().returned(), class) {
        (Returned::No, _) | (Returned::Value | Returned::Only, Class::Void) => Ok(None),
        (Returned::Value | Returned::Only, _) => Ok(Some(signature.ret)),
        (Returned::Int, Class::Scalar { is_enum: false, .. }) => Ok(Some(signature.ret)),
        (Returned::Int, _) => Ok(None),
    }
}

/// Tracepoint arguments that are declared as pointers and are not always: `raw_tp_null_args` of
/// `kernel/bpf/btf.c` has them as scalars. (`SEND_SIG_PRIV` is `(struct kernel_siginfo *)1`.)
const NOT_ALWAYS_POINTERS: &[(&str, &str)] =
    &[("signal_generate", "info"), ("signal_deliver", "info")];

struct Slots<'b> {
    btf: &'b Btf<'b>,
    hook: &'b Hook,
    is_tracepoint: bool,
    next: u32,
    names: Vec<String>,
    fields: Vec<Field>,
}

impl Slots<'_> {
    fn add(&mut self, name: String, type_id: TypeId, remark: &str) -> Result<(), Unsupported> {
        let big_endian = self.btf.byte_order() == ByteOrder::Big;
        let (size, form, access) = match Class::of(self.btf, type_id) {
            Class::Pointer(None) if self.is_not_always_pointer(&name) => {
                (SLOT, Form::Own, Access::NotAlwaysPointer)
            }
            Class::Pointer(None) => (SLOT, Form::Own, Access::Always),
            Class::Pointer(Some(pointee)) => (SLOT, Form::Own, Access::Pointer(pointee)),
            Class::Scalar { size: SLOT, .. } => (SLOT, Form::Own, Access::Always),
            Class::Scalar {
                size: size @ (1 | 2 | 4),
                ..
            } => match big_endian {
                true => (SLOT, Form::Slot, Access::Always),
                false => (size, Form::Own, Access::Always),
            },
            Class::Scalar { size: 16, .. } => (16, Form::Slots(2), Access::Never(Refusal::Wide)),
            Class::Struct { size, .. } if size > MAX_BY_VALUE => {
                return Err(Unsupported::TooLarge { name, size });
            }
            Class::Struct { size: 0, .. } => {
                return Err(Unsupported::OddType {
                    name,
                    kind: "struct without members",
                });
            }
            // The tracepoint macros cast each argument to 64 bits, so it is one slot always.
            Class::Struct { size, access, .. } if self.is_tracepoint => (
                if big_endian { SLOT } else { size.min(SLOT) },
                if big_endian || size > SLOT {
                    Form::Slot
                } else {
                    Form::Own
                },
                access,
            ),
            Class::Struct { .. } if big_endian => return Err(Unsupported::BigEndianStruct(name)),
            Class::Struct {
                size,
                access,
                is_empty: true,
            } => {
                let slots = size.div_ceil(SLOT);
                (slots * SLOT, Form::Slots(slots), access)
            }
            Class::Struct { size, access, .. } => (size, Form::Own, access),
            Class::Scalar { .. } => {
                return Err(Unsupported::OddType {
                    name,
                    kind: "number of an odd size",
                });
            }
            Class::Void => return Err(Unsupported::OddType { name, kind: "void" }),
            Class::Other(kind) => return Err(Unsupported::OddType { name, kind }),
        };
        self.names.push(name.clone());
        self.fields.push(Field {
            name,
            type_id,
            offset: self.next * SLOT,
            size,
            form,
            access,
            argument: None,
            remark: remark.to_owned(),
        });
        self.next += size.div_ceil(SLOT);
        Ok(())
    }

    fn is_not_always_pointer(&self, name: &str) -> bool {
        self.is_tracepoint && NOT_ALWAYS_POINTERS.contains(&(self.hook.target(), name))
    }
}

#[cfg(all(test, feature = "generate"))]
mod tests {
    use crate::Context;
    use crate::btf::BtfWriter;
    use crate::btf::ByteOrder;
    use crate::context::ctx_btf::CtxBtf;
    use crate::kernel::KernelBtf;
    use crate::kernel::Origin;
    use crate::render;

    /// C has no union without members that has a size.
    #[test]
    fn a_union_whose_members_are_not_known() {
        let mut writer = BtfWriter::new(ByteOrder::Little);
        let int = writer.unsigned("unsigned int", 4);
        let key = writer.union("key", 8, &[]);
        let proto = writer.prototype(&[("key", key), ("len", int)], int);
        writer.function("encrypt", proto);
        let origin = Origin::Memory("test".to_owned());
        let kernel = KernelBtf::from_bytes(&writer.finish(), origin).unwrap();
        let context = Context::of_hook(&kernel, &"fexit/encrypt".parse().unwrap()).unwrap();
        let ctx = CtxBtf::new(&kernel, [context]).unwrap();
        let header = render::header(&ctx).unwrap();
        assert!(header.contains("\tunsigned long long key[1];"), "{header}");
    }
}
