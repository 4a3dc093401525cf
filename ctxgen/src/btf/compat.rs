//! Whether what one BTF describes can be read with a type from another.
//!
//! libbpf asks less: it lets every pointer pass for every other one and every integer for every other
//! one (`bpf_core_fields_are_compat` in its `relo_core.c`), so that an argument of another type would
//! be read without a word.

use std::cell::Cell;

use crate::btf::Btf;
use crate::btf::IntEncoding;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::text::struct_names::PT_REGS;
use crate::text::struct_names::is_arguments_struct;

/// How many pointers, arrays and structs by value are followed.
const MAX_DEPTH: u32 = 16;

/// How many types are compared before two of them are taken to be different: no argument's consists of
/// nearly as many, but nested ones of a few members each could.
const MAX_STEPS: u32 = 4096;

/// What becomes of a value that is read with a type of another BTF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreement {
    /// It is what it was.
    Same,
    /// Both are unsigned integers and the value has fewer bytes than the type to read it with: right
    /// if no more than these bytes are loaded, as libbpf sees to when it relocates the access.
    Narrower,
    /// It would be taken for something else.
    No,
}

impl Agreement {
    fn same(same: bool) -> Self {
        match same {
            true => Self::Same,
            false => Self::No,
        }
    }
}

/// What becomes of a value of type `target` that is read as `local`.
///
/// Typedefs, `const` and the like make no difference, and of structs behind pointers the name tells,
/// flavours (`task_struct___old`) aside.
pub(crate) fn agreement(
    (local_btf, local): (&Btf<'_>, TypeId),
    (target_btf, target): (&Btf<'_>, TypeId),
) -> Agreement {
    let (Some(local), Some(target)) = (local_btf.resolve(local), target_btf.resolve(target)) else {
        return Agreement::No;
    };
    match (number(&local), number(&target)) {
        (Some(local), Some(target)) => return numbers(&local, &target),
        (None, None) => {}
        _ => return Agreement::No,
    }
    let steps = Cell::new(MAX_STEPS);
    let sides = ((local_btf, &local), (target_btf, &target));
    Agreement::same(alike(sides.0, sides.1, MAX_DEPTH, &steps))
}

/// A type's name without its flavour, as CO-RE sees it: `task_struct___old` is `task_struct`.
///
/// The rule is that of `bpf_core_essential_name_len` in libbpf: what follows the last three
/// underscores that have no fourth beside them.
pub fn essential_name(name: &str) -> &str {
    name.as_bytes()
        .windows(5)
        .rposition(|at| at[0] != b'_' && at[1..4] == *b"___" && at[4] != b'_')
        .map_or(name, |before| &name[..=before])
}

/// An integer or enum.
struct Number<'b> {
    size: u32,
    signed: bool,
    bool: bool,
    /// Its name, if that is a character's of which BTF does not tell for sure whether it is signed: a
    /// plain `char` is as its compiler was told (kernels since 6.2 are built with `-funsigned-char`,
    /// and programs for them are not), and 5.10's `signed char` is not marked so.
    character: Option<&'b str>,
    /// The name of an enum.
    enum_name: Option<&'b str>,
}

fn number<'b>(ty: &Type<'b>) -> Option<Number<'b>> {
    match ty.kind() {
        Kind::Int { size, encoding } => Some(Number {
            size,
            signed: encoding == IntEncoding::Signed || ty.name() == "signed char",
            bool: encoding == IntEncoding::Bool,
            character: Some(ty.name()).filter(|name| matches!(*name, "char" | "signed char")),
            enum_name: None,
        }),
        Kind::Enum { size } | Kind::Enum64 { size } => Some(Number {
            size,
            signed: ty.kind_flag(),
            bool: false,
            character: None,
            enum_name: Some(ty.name()),
        }),
        _ => None,
    }
}

fn numbers(local: &Number<'_>, target: &Number<'_>) -> Agreement {
    if let (Some(local), Some(target)) = (local.enum_name, target.enum_name)
        && essential_name(local) != essential_name(target)
    {
        return Agreement::No;
    }
    // Before kernels said which enums are signed, none was marked so.
    let both_enums = local.enum_name.is_some() && target.enum_name.is_some();
    if local.size == target.size {
        let both_chars = local.character.is_some() && local.character == target.character;
        let alike = local.signed == target.signed || both_enums || both_chars;
        // Of a `bool`, compilers take it for granted that it is 0 or 1.
        return Agreement::same(alike && (!local.bool || target.bool));
    }
    let widened = !local.signed && !target.signed && !local.bool && local.enum_name.is_none();
    match widened && target.size < local.size {
        true => Agreement::Narrower,
        false => Agreement::No,
    }
}

/// Whether two types are the same to whoever reads one of them, numbers of the same size and sign
/// included.
fn alike(
    (local_btf, local): (&Btf<'_>, &Type<'_>),
    (target_btf, target): (&Btf<'_>, &Type<'_>),
    depth: u32,
    steps: &Cell<u32>,
) -> bool {
    let (Some(depth), Some(left)) = (depth.checked_sub(1), steps.get().checked_sub(1)) else {
        return false;
    };
    steps.set(left);
    let below = |local: TypeId, target: TypeId| {
        let (Some(local), Some(target)) = (local_btf.resolve(local), target_btf.resolve(target))
        else {
            return false;
        };
        alike((local_btf, &local), (target_btf, &target), depth, steps)
    };
    if let (Some(local), Some(target)) = (number(local), number(target)) {
        return numbers(&local, &target) == Agreement::Same;
    }
    let pointee = |local: TypeId, target: TypeId| {
        let (Some(local), Some(target)) = (local_btf.resolve(local), target_btf.resolve(target))
        else {
            return false;
        };
        match (named_record(&local), named_record(&target)) {
            (Some(local), Some(target)) => {
                local == target || target == (false, PT_REGS) && is_arguments_struct(local.1)
            }
            (None, None) => alike((local_btf, &local), (target_btf, &target), depth, steps),
            _ => false,
        }
    };
    match (local.kind(), target.kind()) {
        (Kind::Void, Kind::Void) | (Kind::FuncProto { .. }, Kind::FuncProto { .. }) => true,
        (Kind::Ptr(local), Kind::Ptr(target)) => pointee(local, target),
        (
            Kind::Array { element, len, .. },
            Kind::Array {
                element: other,
                len: other_len,
                ..
            },
        ) => len == other_len && below(element, other),
        (Kind::Struct(composite), Kind::Struct(other))
        | (Kind::Union(composite), Kind::Union(other)) => {
            composite.size == other.size
                && essential_name(local.name()) == essential_name(target.name())
                && composite.members().len() == other.members().len()
                && composite.members().zip(other.members()).all(|(a, b)| {
                    (a.name, a.bit_offset, a.bits) == (b.name, b.bit_offset, b.bits)
                        && match a.type_id == TypeId::VOID || b.type_id == TypeId::VOID {
                            true => a.type_id == b.type_id,
                            false => below(a.type_id, b.type_id),
                        }
                })
        }
        (Kind::Float { size }, Kind::Float { size: other }) => size == other,
        _ => false,
    }
}

/// What a struct or union with a name is told by behind a pointer: whether it is a union, and the
/// name without flavour.
fn named_record<'b>(ty: &Type<'b>) -> Option<(bool, &'b str)> {
    let is_union = match ty.kind() {
        Kind::Struct(_) => false,
        Kind::Union(_) => true,
        Kind::Fwd { is_union } => is_union,
        _ => return None,
    };
    let name = ty.name();
    (!name.is_empty()).then(|| (is_union, essential_name(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::BtfWriter;
    use crate::btf::ByteOrder;

    /// The agreement of types that `make` adds to a BTF, given as (local, target).
    fn of(make: impl Fn(&mut BtfWriter) -> (TypeId, TypeId)) -> Agreement {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let (local, target) = make(&mut writer);
        let blob = writer.finish();
        let btf = Btf::parse(&blob).unwrap();
        agreement((&btf, local), (&btf, target))
    }

    #[test]
    fn flavours() {
        for (name, essential) in [
            ("task_struct___old", "task_struct"),
            ("a___b___c", "a___b"),
            ("a____b", "a____b"),
            ("___a", "___a"),
            ("a___", "a___"),
            ("a___b____c", "a"),
            ("", ""),
        ] {
            assert_eq!(essential_name(name), essential, "{name}");
        }
    }

    #[test]
    fn integers() {
        let ints = |local: (u32, IntEncoding), target: (u32, IntEncoding)| {
            of(|writer| {
                let int = |writer: &mut BtfWriter, (size, encoding)| {
                    writer.int("some int", size, encoding)
                };
                (int(writer, local), int(writer, target))
            })
        };
        use Agreement::Narrower;
        use Agreement::No;
        use Agreement::Same;
        use IntEncoding::Bool;
        use IntEncoding::Signed;
        use IntEncoding::Unsigned;
        for (local, target, expected) in [
            ((4, Unsigned), (4, Unsigned), Same),
            ((8, Unsigned), (4, Unsigned), Narrower),
            ((4, Unsigned), (8, Unsigned), No),
            ((4, Signed), (4, Unsigned), No),
            ((8, Signed), (4, Signed), No),
            ((1, Bool), (1, Bool), Same),
            ((1, Bool), (1, Unsigned), No),
            ((1, Unsigned), (1, Bool), Same),
            ((4, Unsigned), (1, Bool), Narrower),
        ] {
            assert_eq!(ints(local, target), expected, "{local:?} {target:?}");
        }
    }

    #[test]
    fn characters() {
        let chars = |local: &str, target: &str| {
            of(|writer| {
                let local = writer.int(local, 1, IntEncoding::Signed);
                let target = writer.int(target, 1, IntEncoding::Unsigned);
                (writer.pointer(local), writer.pointer(target))
            })
        };
        assert_eq!(chars("char", "char"), Agreement::Same);
        assert_eq!(chars("signed char", "signed char"), Agreement::Same);
        assert_eq!(chars("signed char", "unsigned char"), Agreement::No);
    }

    #[test]
    fn pointers_go_by_name() {
        let pointers = |local: &str, target: &str| {
            of(|writer| {
                let local = writer.forward(local, false);
                let int = writer.unsigned("unsigned int", 4);
                let target = writer.structure(target, 4, &[("x", int, 0)]);
                (writer.pointer(local), writer.pointer(target))
            })
        };
        assert_eq!(pointers("inode", "inode"), Agreement::Same);
        assert_eq!(pointers("inode___v2", "inode"), Agreement::Same);
        assert_eq!(pointers("inode", "dentry"), Agreement::No);
        let deep = of(|writer| {
            let inode = writer.forward("inode", false);
            let once = writer.pointer(inode);
            let twice = writer.pointer(once);
            (once, twice)
        });
        assert_eq!(deep, Agreement::No);
        let void = of(|writer| {
            let inode = writer.forward("inode", false);
            (writer.pointer(inode), writer.pointer(TypeId::VOID))
        });
        assert_eq!(void, Agreement::No);
    }

    #[test]
    fn structs_by_value_are_compared_whole() {
        let structs = |a: &[(&'static str, u32)], b: &[(&'static str, u32)]| {
            of(|writer| {
                let int = writer.unsigned("unsigned int", 4);
                let mut add = |members: &[(&'static str, u32)]| {
                    let members: Vec<_> =
                        members.iter().map(|&(name, at)| (name, int, at)).collect();
                    writer.structure("pair", 8, &members)
                };
                (add(a), add(b))
            })
        };
        let pair = [("a", 0), ("b", 4)];
        assert_eq!(structs(&pair, &pair), Agreement::Same);
        assert_eq!(structs(&pair, &[("b", 0), ("a", 4)]), Agreement::No);
        assert_eq!(structs(&pair, &pair[..1]), Agreement::No);
    }

    /// Each of seven structs has twelve pointers to the next: 12 to the 7th ways through them.
    #[test]
    fn many_ways_end() {
        let agreement = of(|writer| {
            let mut below = writer.unsigned("unsigned int", 4);
            for _ in 0..7 {
                let pointer = writer.pointer(below);
                let names: Vec<String> = (0..12).map(|number| format!("m{number}")).collect();
                let members: Vec<_> = (0..)
                    .zip(&names)
                    .map(|(at, name)| (name.as_str(), pointer, at * 8))
                    .collect();
                below = writer.structure("", 96, &members);
            }
            let pointer = writer.pointer(below);
            (pointer, pointer)
        });
        assert_eq!(agreement, Agreement::No);
    }

    #[test]
    fn circles_end() {
        let circle = of(|writer| {
            let next = writer.next_id();
            let ptr = TypeId(next.0 + 1);
            let array = writer.array(ptr, ptr, 1);
            assert_eq!(writer.pointer(array), ptr);
            (ptr, ptr)
        });
        assert_eq!(circle, Agreement::No);
    }
}
