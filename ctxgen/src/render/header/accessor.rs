//! `ctx_get`, the macro that reads an argument with its own type, and `ctx_keep`, which keeps clang from
//! making one load of two.

use crate::btf::ByteOrder;
use crate::context::Shape;
use crate::context::ctx_btf::CtxBtf;
use crate::context::ctx_btf::CtxStruct;
use crate::layout::Access;
use crate::layout::Form;

/// Clang makes one load of two whose results are alternatives, from whichever address is chosen, and
/// the verifier refuses that: "dereference of modified ctx ptr". The empty assembly cannot be made
/// one with another (`canSinkInstructions` of LLVM's `SimplifyCFG.cpp`), and what it depends on stays
/// before it. It works on the bits that were loaded, and the assumptions tell the compiler what it knew
/// before: so nothing is extended or masked again, which would take instructions. Of an `int`, they would
/// hide the sign, and there is nothing to mask.
const KEEP: &str = "\
/*
 * A field that was loaded, in an instruction of its own. Without it, clang may make one load of two:
 * of `which ? ctx->a : ctx->b` it loads from the chosen address, which the verifier refuses. ctx_get()
 * does this; ctx_keep(ctx->field) is for what else is a number or a pointer in a context.
 */
#define ctx_keep(value) __extension__ ({                                               \\
	__auto_type __kept = (value);                                                  \\
	__typeof__(__builtin_choose_expr(__ctx_is_int(__typeof__(__kept)), 0, 0ULL))   \\
		__bits = (unsigned long long)__kept & __ctx_mask(__typeof__(__kept));  \\
	__asm__(\"\" : \"+r\"(__bits) __ctx_clobbers);                                     \\
	__ctx_assume(__ctx_is_int(__typeof__(__kept)) ||                               \\
		     __bits <= __ctx_mask(__typeof__(__kept)));                        \\
	(__typeof__(__kept))__bits;                                                    \\
})

#ifdef __clang__
#define __ctx_assume(condition) __builtin_assume(condition)
#else
#define __ctx_assume(condition) ((condition) ? (void)0 : __builtin_unreachable())
#endif

#define __ctx_is_int(type) __builtin_types_compatible_p(type, int)

#define __ctx_mask(type)                                                               \\
	(__builtin_types_compatible_p(type, _Bool) ?                                   \\
		 1ULL : ~0ULL >> (sizeof(type) < 8 ? 64 - 8 * sizeof(type) : 0))

#define __ctx_is_array(field)                                                          \\
	(!__builtin_types_compatible_p(__typeof__(field), __typeof__(((void)0, field))))

/* A number or a pointer: not an array, and not a struct (12) or a union (13). */
#define __ctx_is_scalar(field)                                                         \\
	(!__ctx_is_array(field) && sizeof(field) <= 8 &&                               \\
	 __builtin_classify_type(field) < 12)

/* For what is none, a number stands in: all of an expression has to make sense to the compiler. */
#define __ctx_scalar(field)                                                            \\
	ctx_keep(__builtin_choose_expr(__ctx_is_scalar(field), field, 0ULL))

";

/// To LLVM, an offset that CO-RE relocates is loaded as well. It keeps that of one branch for a later load of
/// the same field, and adds it to the context, but not beyond what may write to memory. Such assembly keeps
/// numbers that are summed up in memory from being summed up in a register, so it is left out where no
/// offset is relocated.
const CLOBBERS_RELOCATED: &str = "\
/* What is relocated is loaded anew: an offset in a register would be added to the context. */
#define __ctx_clobbers : : \"memory\"

";

/// See [`CLOBBERS_RELOCATED`]. Of the kernel's own contexts, which clangs before 18 relocate in such builds too,
/// the build reports what is refused.
const CLOBBERS_FIXED: &str = "#define __ctx_clobbers\n\n";

/// Why not the field alone, where it is a struct: an access to a member of it is relocated by CO-RE,
/// for which the compiler adds to the context's address, and the verifier refuses a context pointer
/// that was changed. Nor may it load less than a slot at an odd place.
const GET_LITTLE: &str = "\
/*
 * An argument with its own type, right on either byte order. On this target it is the field, and a
 * struct that was passed by value is copied slot by slot, as the verifier wants it. On big-endian
 * ones, narrow fields are whole slots, and this cuts them to the argument's type.
 */
#define ctx_get(ctx, field)                                                            \\
	__builtin_choose_expr(__ctx_is_scalar((ctx)->field), __ctx_scalar((ctx)->field), \\
	__builtin_choose_expr(__ctx_is_array((ctx)->field) ||                          \\
			      sizeof((ctx)->field) > 16, (ctx)->field, __extension__ ({ \\
		const volatile void *__at = &(ctx)->field;                             \\
		const volatile unsigned long long *__slots = __at;                     \\
		union {                                                                \\
			__typeof__((ctx)->field) value;                                \\
			unsigned long long slots[2];                                   \\
		} __copy;                                                              \\
		__copy.slots[0] = ctx_keep(__slots[0]);                                \\
		if (sizeof(__copy.value) > 8)                                          \\
			__copy.slots[1] = ctx_keep(__slots[1]);                        \\
		__copy.value;                                                          \\
	})))

";

/// Where all fields have their arguments' own types.
const GET_FIELD: &str = "\
/*
 * An argument with its own type, right on either byte order. On this target it is the field; on
 * big-endian ones, narrow fields are whole slots, and this cuts them to the argument's type.
 */
#define ctx_get(ctx, field)                                                            \\
	__builtin_choose_expr(__ctx_is_scalar((ctx)->field), __ctx_scalar((ctx)->field), \\
			      (ctx)->field)

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
	__builtin_choose_expr(__ctx_is_scalar((ctx)->field), __ctx_scalar((ctx)->field), \\
	__builtin_choose_expr(__ctx_is_slots((ctx)->field), __extension__ ({           \\
		union {                                                                \\
			__typeof__((ctx)->__own->field) value;                         \\
			unsigned long long slots[2];                                   \\
		} __copy;                                                              \\
		__copy.slots[0] = ctx_keep(__ctx_slots(ctx, field)->field[0]);         \\
		if (sizeof((ctx)->field) > 8)                                          \\
			__copy.slots[1] = ctx_keep(                                    \\
				__ctx_slots(ctx, field)->field[sizeof((ctx)->field) > 8]); \\
		__copy.value;                                                          \\
	}), (ctx)->field))

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
#define ctx_get(ctx, field)                                                            \\
	__builtin_choose_expr(__ctx_is_array((ctx)->field), (ctx)->field, __extension__ ({ \\
	union {                                                                        \\
		__typeof__(__builtin_choose_expr(__ctx_is_array((ctx)->field), 0ULL,   \\
						 (ctx)->__own->field)) value;          \\
		unsigned long long slot;                                               \\
	} __copy;                                                                      \\
	__copy.slot = (unsigned long long)ctx_keep((ctx)->field)                       \\
		      << (64 - 8 * sizeof(__copy.value));                              \\
	__copy.value;                                                                  \\
	}))

";

/// The macros' definitions for these contexts.
pub(super) fn accessor(ctx: &CtxBtf<'_>) -> String {
    let get = match (ctx.btf().byte_order(), ctx.is_relocatable()) {
        (ByteOrder::Little, false) => GET_LITTLE,
        (ByteOrder::Little, true) if needs_own_types(ctx) => GET_SLOTS,
        (ByteOrder::Little, true) => GET_FIELD,
        (ByteOrder::Big, _) => GET_BIG,
    };
    let clobbers = match ctx.is_relocatable() {
        true => CLOBBERS_RELOCATED,
        false => CLOBBERS_FIXED,
    };
    [clobbers, KEEP, get].concat()
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
