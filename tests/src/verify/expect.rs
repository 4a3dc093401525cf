//! What the layouts promise, in terms of what a verifier can answer.

use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::btf::Kind;
use ctxgen::btf::TypeId;
use ctxgen::layout::Access;
use ctxgen::layout::Field;
use ctxgen::layout::Form;
use ctxgen::layout::Pointee;
use ctxgen::layout::Refusal;
use ctxgen::layout::SLOT;
use ctxgen::layout::Unsupported;

/// What becomes of a program as a whole, its loads aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    /// It is loaded.
    Accepted,
    /// It is refused, with one of these in the reason.
    Refused(&'static [&'static str]),
    /// Its loads are accepted, and then it is refused at its end, since it holds a reference.
    Unreleased,
}

/// What becomes of a load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Accepted, as a number; the argument has this many bytes.
    Number { size: u32 },
    /// Accepted, as a number.
    Scalar,
    /// Accepted, as a pointer to a struct or union of this name.
    Struct { name: String },
    /// The same, but it may be NULL.
    Nullable { name: String },
    /// A pointer, which verifiers from some version on accept.
    Pointer(Pointee),
    /// A pointer to a struct, or a number.
    NotAlwaysPointer,
    /// A slot of a struct that is passed by value.
    ByValue,
    /// A slot of a union that is passed by value.
    UnionByValue,
    /// Refused by every kernel.
    Refused,
    /// Refused: there is no such argument.
    PastEnd,
    /// Accepted.
    Anything,
}

/// Major and minor version of a kernel.
pub(super) type Version = (u32, u32);

/// For each thing that not all verifiers accept: the newest kernel seen to refuse it, and the oldest
/// seen to accept it. In between, either is right.
pub(super) fn accepted_since(expected: &Expected) -> Option<(Version, Version)> {
    Some(match expected {
        Expected::Pointer(Pointee::Function) => ((6, 18), (7, 2)),
        Expected::Pointer(Pointee::Opaque | Pointee::Pointer) => ((6, 12), (6, 18)),
        Expected::Pointer(Pointee::Int) => ((5, 10), (6, 1)),
        Expected::ByValue => ((5, 19), (6, 1)),
        Expected::UnionByValue => ((6, 12), (6, 18)),
        _ => return None,
    })
}

pub(super) fn field(kernel: &KernelBtf, hook: &Hook, field: &Field) -> Expected {
    if hook.family().name() == "raw_tp" {
        return match field.form {
            Form::Own if field.size < SLOT => Expected::Number {
                size: size_of(kernel, field.type_id).unwrap_or(0),
            },
            _ => Expected::Scalar,
        };
    }
    match field.access {
        Access::Pointer(pointee) => Expected::Pointer(pointee),
        Access::ByValue => Expected::ByValue,
        Access::UnionByValue => Expected::UnionByValue,
        Access::NotAlwaysPointer => Expected::NotAlwaysPointer,
        Access::Never(Refusal::Wide) => Expected::Refused,
        Access::Data(_) => Expected::Anything,
        Access::Always => match kernel.btf().resolve(field.type_id).map(|ty| ty.kind()) {
            Some(Kind::Ptr(to)) => match kernel.btf().resolve(to) {
                Some(ty) if matches!(ty.kind(), Kind::Struct(_) | Kind::Union(_)) => {
                    let name = taken_for(hook, ty.name()).to_owned();
                    match field.remark == MAY_BE_NULL {
                        true => Expected::Nullable { name },
                        false => Expected::Struct { name },
                    }
                }
                _ => Expected::Scalar,
            },
            _ => Expected::Number {
                size: size_of(kernel, field.type_id).unwrap_or(0),
            },
        },
    }
}

/// What is said of arguments that may be NULL.
const MAY_BE_NULL: &str = "may be NULL";

/// What the verifier takes a pointer to this struct for: of a congestion control's sockets it knows that
/// they are TCP's (`bpf_tcp_ca_is_valid_access` of `net/ipv4/bpf_tcp_ca.c`).
pub(super) fn taken_for<'n>(hook: &Hook, name: &'n str) -> &'n str {
    match (hook.target().split_once('/'), name) {
        (Some(("tcp_congestion_ops", _)), "sock") => "tcp_sock",
        _ => name,
    }
}

/// Whether a program with this field holds a reference.
pub(super) fn is_reference(field: &Field) -> bool {
    field.remark.starts_with("a reference")
}

/// Whether no program without an arena may implement a member with this field.
pub(super) fn is_in_arena(field: &Field) -> bool {
    field.remark.starts_with("in the program's arena")
}

/// What the kernel says of such a program.
pub(super) const NO_ARENA: &[&str] = &["requires a program with an associated arena"];

pub(super) fn is_pointer(kernel: &KernelBtf, id: TypeId) -> bool {
    let ty = kernel.btf().resolve(id);
    ty.is_some_and(|ty| matches!(ty.kind(), Kind::Ptr(_)))
}

/// A type's size in bytes, found here without the help of the layouts that are judged.
pub(super) fn size_of(kernel: &KernelBtf, id: TypeId) -> Option<u32> {
    match kernel.btf().resolve(id)?.kind() {
        Kind::Int { size, .. } | Kind::Enum { size } | Kind::Enum64 { size } => Some(size),
        Kind::Ptr(_) => Some(SLOT),
        Kind::Struct(composite) | Kind::Union(composite) => Some(composite.size),
        _ => None,
    }
}

/// What the kernel says of what cannot be attached to (`btf_distill_func_proto` of
/// `kernel/bpf/btf.c`, `check_attach_modify_return` and its callers in `kernel/bpf/verifier.c`).
pub(super) fn refused(reason: &Unsupported) -> Whole {
    Whole::Refused(match reason {
        Unsupported::Variadic => &["is unsupported"],
        Unsupported::ReturnsStruct | Unsupported::ReturnsOther(_) => &["return type"],
        Unsupported::TooManySlots(_) => &["Too many", "ENOTSUPP", "attach"],
        Unsupported::TooLarge { .. }
        | Unsupported::OddType { .. }
        | Unsupported::BigEndianStruct(_) => &["is unsupported", "malformed", "Too many"],
        _ => &[],
    })
}
