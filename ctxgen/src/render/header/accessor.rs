//! `ctx_get`, the macro that reads an argument with its own type.

use crate::btf::ByteOrder;
use crate::context::Shape;
use crate::ctx_btf::CtxBtf;
use crate::ctx_btf::CtxStruct;
use crate::layout::Access;
use crate::layout::Form;

/// Why not the field alone, where it is a struct: an access to a member of it is relocated by CO-RE,
/// for which the compiler adds to the context's address, and the verifier refuses a context pointer
/// that was changed. Nor may it load less than a slot at an odd place. `__builtin_classify_type` is
/// 12 for a struct and 13 for a union.
const GET_LITTLE: &str = "\
/*
 * An argument with its own type, right on either byte order. On this target it is the field, and a
 * struct that was passed by value is copied slot by slot, as the verifier wants it. On big-endian
 * ones, narrow fields are whole slots, and this cuts them to the argument's type.
 */
#define ctx_get(ctx, field)                                                            \\
	__builtin_choose_expr(__builtin_classify_type((ctx)->field) >= 12, ({          \\
		const volatile void *__at = &(ctx)->field;                             \\
		const volatile unsigned long long *__slots = __at;                     \\
		union {                                                                \\
			__typeof__((ctx)->field) value;                                \\
			unsigned long long slots[2];                                   \\
		} __copy;                                                              \\
		__copy.slots[0] = __slots[0];                                          \\
		if (sizeof(__copy.value) > 8)                                          \\
			__copy.slots[1] = __slots[1];                                  \\
		__copy.value;                                                          \\
	}), (ctx)->field)

";

/// Where all fields have their arguments' own types.
const GET_FIELD: &str = "\
/*
 * An argument with its own type, right on either byte order. On this target it is the field; on
 * big-endian ones, narrow fields are whole slots, and this cuts them to the argument's type.
 */
#define ctx_get(ctx, field) ((ctx)->field)

";

/// As [`GET_LITTLE`], where structs by value are arrays of slots. For what is none, an array that is not
/// there stands in, as all of the expression has to make sense to the compiler.
const GET_SLOTS: &str = "\
/*
 * An argument with its own type, right on either byte order. On this target it is the field, and a
 * struct that was passed by value, which is an array of slots here, becomes one again. On big-endian
 * ones, narrow fields are whole slots, and this cuts them to the argument's type.
 */
#define ctx_get(ctx, field)                                                            \\
	__builtin_choose_expr(__ctx_is_slots((ctx)->field), ({                         \\
		union {                                                                \\
			__typeof__((ctx)->__own->field) value;                         \\
			unsigned long long slots[2];                                   \\
		} __copy;                                                              \\
		__copy.slots[0] = __ctx_slots(ctx, field)->field[0];                   \\
		if (sizeof((ctx)->field) > 8)                                          \\
			__copy.slots[1] =                                              \\
				__ctx_slots(ctx, field)->field[sizeof((ctx)->field) > 8]; \\
		__copy.value;                                                          \\
	}), (ctx)->field)

#define __ctx_is_slots(field)                                                          \\
	(__builtin_types_compatible_p(__typeof__(field), unsigned long long[1]) ||     \\
	 __builtin_types_compatible_p(__typeof__(field), unsigned long long[2]))

#define __ctx_slots(ctx, field)                                                        \\
	__builtin_choose_expr(__ctx_is_slots((ctx)->field), (ctx),                     \\
			      (struct { unsigned long long field[2]; } *)0)

";

/// The value is moved to the slot's first bytes, where a variable of the argument's type has it.
/// Compilers make a shift and a mask of that. A cast would not do: one to `_Bool` asks whether any
/// bit is set, also of those in front that are not the argument's, and there is none to a struct.
const GET_BIG: &str = "\
/*
 * An argument with its own type, right on either byte order. On this big-endian target a narrow
 * value is in its slot's last bytes, where the verifier refuses loads: the field is the whole slot,
 * and this cuts it to the argument's type.
 */
#define ctx_get(ctx, field) ({                                                         \\
	union {                                                                        \\
		__typeof__((ctx)->__own->field) value;                                 \\
		unsigned long long slot;                                               \\
	} __copy;                                                                      \\
	__copy.slot = (unsigned long long)(ctx)->field                                 \\
		      << (64 - 8 * sizeof(__copy.value));                              \\
	__copy.value;                                                                  \\
})

";

/// The macro's definition for these contexts.
pub(super) fn accessor(ctx: &CtxBtf<'_>) -> &'static str {
    match (ctx.btf().byte_order(), ctx.is_relocatable()) {
        (ByteOrder::Little, false) => GET_LITTLE,
        (ByteOrder::Little, true) if needs_own_types(ctx) => GET_SLOTS,
        (ByteOrder::Little, true) => GET_FIELD,
        (ByteOrder::Big, _) => GET_BIG,
    }
}

/// Whether `ctx_get` has fields that are slots to make arguments of.
pub(super) fn needs_own_types(ctx: &CtxBtf<'_>) -> bool {
    let has_slots = |ctx_struct: &CtxStruct| match &ctx_struct.context.shape {
        Shape::Generated { layout, .. } => layout.fields.iter().any(|field| {
            matches!(field.form, Form::Slots(_)) && !matches!(field.access, Access::Never(_))
        }),
        Shape::Kernel { .. } | Shape::Other { .. } => false,
    };
    match ctx.btf().byte_order() {
        ByteOrder::Big => true,
        ByteOrder::Little => ctx.is_relocatable() && ctx.structs().iter().any(has_slots),
    }
}
