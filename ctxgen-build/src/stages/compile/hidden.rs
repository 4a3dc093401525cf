//! What to say where clang finds no member of a struct that the kernel's struct of that name has.
//!
//! `vmlinux.h` leaves out what a source or a header that it includes defines: `<linux/ptrace.h>` has a `struct pt_regs`
//! with other members' names than the kernel's own, and no header can have both.

use std::borrow::Cow;
use std::ffi::CString;

use ctxgen::KernelBtf;
use ctxgen::Marker;
use ctxgen::btf::Btf;
use ctxgen::btf::Composite;
use ctxgen::btf::Kind;
use ctxgen::btf::TypeId;
use libbpf_rs::libbpf_sys::BTF_KIND_STRUCT;
use libbpf_rs::libbpf_sys::BTF_KIND_UNION;

use super::missing::members;

/// How deep members of members without names are looked at.
const DEPTH: u32 = 8;

/// A sentence for each such member in what clang wrote of a source, whose text after the preprocessor `text` is.
pub(super) fn advice(kernel: &KernelBtf, stderr: &str, text: &str) -> Vec<String> {
    let mut advice: Vec<String> = members(stderr)
        .into_iter()
        .filter_map(|(of, member)| of_member(kernel, of, member, text))
        .collect();
    advice.dedup();
    advice
}

fn of_member(kernel: &KernelBtf, of: &str, member: &str, text: &str) -> Option<String> {
    let name = CString::new(of).ok()?;
    let kinds = [(BTF_KIND_STRUCT, "struct"), (BTF_KIND_UNION, "union")];
    let (ty, keyword) = kinds.into_iter().find_map(|(kind, keyword)| {
        let ty = kernel.btf().find(&name, kind)?;
        Some((ty, keyword))
    })?;
    let (Kind::Struct(composite) | Kind::Union(composite)) = ty.kind() else {
        return None;
    };
    if !has(kernel.btf(), &composite, member, DEPTH) {
        return None;
    }
    let place = defined_in(text, keyword, of)?;
    Some(format!(
        "the {keyword} {of} that clang sees is that of {place}, and vmlinux.h leaves out what is defined \
         elsewhere: the kernel's own has {member}. Do not include that file beside vmlinux.h, or use its \
         members' names"
    ))
}

fn has(btf: &Btf<'_>, composite: &Composite<'_>, member: &str, depth: u32) -> bool {
    composite.members().any(|own| match own.name {
        "" if depth > 0 => has_within(btf, own.type_id, member, depth - 1),
        name => name == member,
    })
}

fn has_within(btf: &Btf<'_>, id: TypeId, member: &str, depth: u32) -> bool {
    match btf.resolve(id).map(|ty| ty.kind()) {
        Some(Kind::Struct(composite) | Kind::Union(composite)) => {
            has(btf, &composite, member, depth)
        }
        _ => false,
    }
}

/// The file that a struct or union is defined in.
fn defined_in(text: &str, keyword: &str, name: &str) -> Option<String> {
    let head = format!("{keyword} {name}");
    let mut file = None;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(marker) = Marker::parse(line) {
            file = marker.file().map(Cow::into_owned);
            continue;
        }
        let Some((_, behind)) = line.split_once(&head) else {
            continue;
        };
        let behind = behind.trim();
        let opens = behind.starts_with('{')
            || behind.is_empty()
                && lines
                    .peek()
                    .is_some_and(|next| next.trim().starts_with('{'));
        if opens {
            return file;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_structs_are_defined() {
        let text = "# 1 \"a.bpf.c\"\nstruct regs *r;\n# 5 \"asm/ptrace.h\" 1 3\n\nstruct regs_of { int a; };\n\
                    struct regs\n{ int sp; };\n# 2 \"a.bpf.c\" 2\nstruct own { int a; };\n";
        for (name, expected) in [
            ("regs", Some("asm/ptrace.h")),
            ("regs_of", Some("asm/ptrace.h")),
            ("own", Some("a.bpf.c")),
            ("none", None),
        ] {
            assert_eq!(
                defined_in(text, "struct", name).as_deref(),
                expected,
                "{name}"
            );
        }
    }
}
