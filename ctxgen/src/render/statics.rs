//! Contexts whose members are where they are: clang is told not to compute their addresses.
//!
//! Clang 18 and newer know `preserve_static_offset`: an access to a member of such a struct stays one
//! instruction with the member's offset. Where a struct has that and `preserve_access_index`, the
//! latter is lost, and clang (19 and 22 were tried) crashes on `__builtin_preserve_field_info`, which
//! `bpf_core_field_exists` and its like are made of. So a struct has one of the two, and a source that
//! asks such questions is compiled with [`NO_STATIC_OFFSET`].

use std::collections::BTreeSet;

use crate::hook::Family;
use crate::hook::Generic;
use crate::hook::Hook;
use crate::hook::Prototypes;
use crate::kernel::KernelBtf;
use crate::prototype::registers;
use crate::usage::identifiers::Names;

/// The macro that turns the attribute off.
const NO_STATIC_OFFSET: &str = "BPF_NO_PRESERVE_STATIC_OFFSET";

/// What defines `__ctx_static_offset`. Both headers do, since either may be used with another one's.
pub(super) const STATIC_OFFSETS: &str = "\
/*
 * Clang, since 18, keeps the offset of each access to a context that is laid out as here. It crashes
 * where such an access has to be relocated as well: define BPF_NO_PRESERVE_STATIC_OFFSET for sources
 * that ask bpf_core_field_exists(ctx->field) and its like of one.
 */
#ifndef __ctx_static_offset
#if !defined(BPF_NO_PRESERVE_STATIC_OFFSET) && __has_attribute(preserve_static_offset)
#define __ctx_static_offset __attribute__((preserve_static_offset))
#else
#define __ctx_static_offset
#endif
#endif

";

/// What opens and closes the part of `vmlinux.h` that has no other attribute.
pub(super) const PARTS: &str = "\
#if !defined(BPF_NO_PRESERVE_ACCESS_INDEX) && !defined(BPF_NO_PRESERVE_STATIC_OFFSET) && \\
	__has_attribute(preserve_static_offset)
#define __ctx_has_parts
/* Where nothing is between two of them, and where one is mentioned behind its definition. */
#pragma clang diagnostic push
#pragma clang diagnostic ignored \"-Wpragma-clang-attribute\"
#pragma clang diagnostic ignored \"-Wignored-attributes\"
#define __ctx_part_begin _Pragma(\"clang attribute pop\")
#define __ctx_part_end                                                                 \\
	_Pragma(\"clang attribute push (__attribute__((preserve_access_index)), apply_to = record)\")
#else
#define __ctx_part_begin
#define __ctx_part_end
#endif

";

/// The kernel's own structs that are contexts and have the same layout in all kernels, as the header
/// calls them. What else is a context (`bpf_iter__task`, `bpf_nf_ctx`) may change, and is relocated.
pub(super) fn structs(kernel: &KernelBtf) -> BTreeSet<&str> {
    let families = Family::all().filter(|family| family.is_uapi());
    families
        .filter_map(|family| match family.generic() {
            Generic::Struct(name) => Some(name),
            Generic::Registers => registers(kernel).map(|ty| ty.name()),
            Generic::Unknown | Generic::Other(..) => None,
        })
        .filter(|name| !name.is_empty())
        .collect()
}

/// The macro that a source with these names has to be compiled with, where it asks of a context that has
/// the attribute whether or where it has a member.
pub fn static_offsets_macro(
    kernel: &KernelBtf,
    relocatable: bool,
    names: &Names<'_>,
) -> Option<&'static str> {
    let structs = structs(kernel);
    let is_fixed = |tag: &str| {
        let hook = Hook::from_struct_name(tag).filter(|hook| !hook.is_generic());
        match hook.map(|hook| hook.family().prototypes()) {
            // No kernel knows what is in a program of user space, and what the kernel's own struct has
            // is always relocated.
            Some(Prototypes::User) => true,
            Some(Prototypes::Iterator) | None => false,
            Some(_) => !relocatable,
        }
    };
    let has_it = |tag: &str| structs.contains(tag) || is_fixed(tag);
    names.ask_of(has_it).then_some(NO_STATIC_OFFSET)
}

/// The definitions of `text`, as libbpf prints them, with the attribute at those of `structs`.
pub(super) fn marked(text: &str, structs: &BTreeSet<&str>) -> String {
    let mut marked = String::with_capacity(text.len() + 100 * structs.len());
    let mut is_inside = false;
    for line in text.split_inclusive('\n') {
        let name = line
            .strip_prefix("struct ")
            .and_then(|rest| rest.strip_suffix(" {\n"));
        // Members are indented.
        match line.strip_prefix('}').filter(|_| is_inside) {
            Some(rest) => {
                marked.push_str("} __ctx_static_offset");
                marked.push_str(rest);
                marked.push_str("__ctx_part_end\n");
                is_inside = false;
            }
            None => {
                if name.is_some_and(|name| structs.contains(name)) {
                    marked.push_str("__ctx_part_begin\n");
                    is_inside = true;
                }
                marked.push_str(line);
            }
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_structs_themselves() {
        let text = "struct xdp_md;\n\nstruct xdp_md {\n\tunion {\n\t\tint a;\n\t};\n};\n\n\
                    struct xdp_md___2 {\n\tint a;\n};\n";
        let expected = "struct xdp_md;\n\n__ctx_part_begin\nstruct xdp_md {\n\tunion {\n\t\tint a;\n\
                        \t};\n} __ctx_static_offset;\n__ctx_part_end\n\n\
                        struct xdp_md___2 {\n\tint a;\n};\n";
        assert_eq!(marked(text, &BTreeSet::from(["xdp_md"])), expected);
        let packed = "struct a {\n} __attribute__((packed));\n";
        let expected = "__ctx_part_begin\nstruct a {\n} __ctx_static_offset __attribute__((packed));\n\
                        __ctx_part_end\n";
        assert_eq!(marked(packed, &BTreeSet::from(["a"])), expected);
    }
}
