//! Functions of the kernel that an object's programs call (`extern … __ksym`).

use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::object::ObjectFile;
use crate::prototype::proto_of;

use super::Reason;

/// What an object's functions of the kernel lack on a kernel.
pub(super) fn lacking(object: &ObjectFile, kernel: &KernelBtf) -> Vec<Reason> {
    let ours = object.btf();
    let mut reasons = Vec::new();
    for external in object.externals() {
        let name = &*external.name;
        let plain = crate::essential_name(name);
        let mut found = kernel.candidates(Named::Func, plain);
        let Some(theirs) = found.next() else {
            if !external.is_weak {
                reasons.push(Reason::NoKernelFunction {
                    name: name.to_owned(),
                });
            }
            continue;
        };
        let Some(own) = ours.get(external.type_id) else {
            continue;
        };
        if !is_same(ours, &own, kernel.btf(), &theirs) && !external.is_weak {
            reasons.push(Reason::OtherPrototype {
                name: name.to_owned(),
            });
        }
    }
    reasons
}

/// As `bpf_core_types_are_compat` of libbpf compares prototypes: the number of arguments, and the kinds of
/// what they and the result are, behind pointers too.
fn is_same(ours: &Btf<'_>, own: &Type<'_>, btf: &Btf<'_>, theirs: &Type<'_>) -> bool {
    let (Some(own), Some(theirs)) = (proto_of(ours, own), proto_of(btf, theirs)) else {
        return true;
    };
    let (Kind::FuncProto { ret: a }, Kind::FuncProto { ret: b }) = (own.kind(), theirs.kind())
    else {
        return true;
    };
    own.params().len() == theirs.params().len()
        && is_alike((ours, a), (btf, b))
        && own
            .params()
            .zip(theirs.params())
            .all(|(a, b)| is_alike((ours, a.type_id), (btf, b.type_id)))
}

fn is_alike(mut own: (&Btf<'_>, TypeId), mut theirs: (&Btf<'_>, TypeId)) -> bool {
    const MAX_DEPTH: u32 = 16;
    for _ in 0..MAX_DEPTH {
        let (Some(a), Some(b)) = (own.0.resolve(own.1), theirs.0.resolve(theirs.1)) else {
            return true;
        };
        match (a.kind(), b.kind()) {
            (Kind::Ptr(a), Kind::Ptr(b)) => {
                own.1 = a;
                theirs.1 = b;
            }
            // A declaration stands for either.
            (Kind::Fwd { .. }, Kind::Struct(_) | Kind::Union(_) | Kind::Fwd { .. })
            | (Kind::Struct(_) | Kind::Union(_), Kind::Fwd { .. })
            | (Kind::Enum { .. } | Kind::Enum64 { .. }, Kind::Enum { .. } | Kind::Enum64 { .. }) => {
                return true;
            }
            _ => return a.kind_number() == b.kind_number(),
        }
    }
    true
}
