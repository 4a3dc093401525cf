//! What a compiler is asked about the layouts of types.

use std::fmt::Write;

use ctxgen::btf::Btf;
use ctxgen::btf::CPrinter;
use ctxgen::btf::Kind;

/// An assertion for the size of each struct and union, and for the place of each member that has one.
///
/// # Panics
/// If a type cannot be declared.
pub fn assertions(btf: &Btf<'_>) -> String {
    let printer = CPrinter::new(btf);
    let mut text = String::new();
    for ty in btf.types().filter(|ty| !ty.name().is_empty()) {
        let (Kind::Struct(composite) | Kind::Union(composite)) = ty.kind() else {
            continue;
        };
        let name = printer.declare(ty.id(), "").unwrap();
        let size = composite.size;
        let _ = writeln!(
            text,
            "_Static_assert(sizeof({name}) == {size}, \"<{name}>\");"
        );
        for member in composite.members() {
            if member.bits != 0 || member.name.is_empty() {
                continue;
            }
            let (member, offset) = (member.name, member.bit_offset / 8);
            let _ = writeln!(
                text,
                "_Static_assert(__builtin_offsetof({name}, {member}) == {offset}, \"<{name}>\");"
            );
        }
    }
    text
}
