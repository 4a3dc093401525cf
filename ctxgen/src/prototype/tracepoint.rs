//! Raw tracepoints.
//!
//! The verifier takes the types of a `tp_btf` program's arguments from the typedef
//! `btf_trace_<tp>` (`check_attach_btf_id` in `kernel/bpf/verifier.c`), whose parameters have no
//! names. The functions that the tracepoint macros of `include/trace/` make beside it do have them.

use super::Argument;
use super::Signature;
use super::argument;
use super::module_scope;
use super::proto_of;
use super::same_types;
use super::unknown;
use super::unnamed;
use crate::btf::Kind;
use crate::btf::MAX_PARAMETERS;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::prototype::PrototypeError;
use crate::prototype::Unsupported;
use crate::text::ident::is_identifier;

const TYPEDEF: &str = "btf_trace_";

/// What the functions that know a tracepoint's argument names are called, best first:
/// `__probestub_<tp>` is there since 6.5, `__traceiter_<tp>` since 5.10. `__bpf_trace_<class>` is
/// older than both, but there is one per event class.
const PER_EVENT: [&str; 3] = ["__probestub_", "__traceiter_", PER_CLASS];
const PER_CLASS: &str = "__bpf_trace_";

pub(super) fn resolve(
    kernel: &KernelBtf,
    hook: &Hook,
    needs_typedef: bool,
) -> Result<Signature, PrototypeError> {
    let tp = hook.target();
    if let Some(proto) = typedef_proto(kernel, hook) {
        return Ok(named(kernel, tp, &proto));
    }
    // clang before 20 or so dropped the typedefs: nothing uses them but the verifier.
    let func = PER_EVENT
        .iter()
        .find_map(|prefix| funcs(kernel, &format!("{prefix}{tp}")).next());
    match func {
        Some(_) if needs_typedef => Err(PrototypeError::Unsupported {
            hook: hook.clone(),
            reason: Unsupported::NoTracepointTypedef,
        }),
        Some((func, proto)) => Ok(signature(&proto, func.name())),
        None => {
            let tried = [TYPEDEF]
                .iter()
                .chain(&PER_EVENT)
                .map(|prefix| format!("{prefix}{tp}"))
                .collect();
            Err(unknown(kernel, hook, tried))
        }
    }
}

pub(super) fn targets(kernel: &KernelBtf, needs_typedef: bool) -> Vec<String> {
    let index = kernel.index();
    // A tracepoint's typedef tells its module to libbpf. Without it, only the kernel knows.
    let target = |ty: &Type<'_>, tp: &str| match needs_typedef {
        true => module_scope::target(kernel, ty, tp).into_owned(),
        false => tp.to_owned(),
    };
    let mut targets: Vec<String> = index
        .with_prefix(kernel.btf(), Named::Typedef, TYPEDEF)
        .filter_map(|ty| {
            let tp = ty.name().strip_prefix(TYPEDEF)?;
            proto_behind(kernel, &ty)?;
            Some(target(&ty, tp))
        })
        .collect();
    if !needs_typedef {
        let of_event = PER_EVENT.iter().filter(|prefix| **prefix != PER_CLASS);
        for prefix in of_event {
            let funcs = index.with_prefix(kernel.btf(), Named::Func, prefix);
            targets.extend(funcs.filter_map(|f| Some(f.name().strip_prefix(prefix)?.to_owned())));
        }
    }
    targets
}

/// Whether there is a tracepoint of that name.
pub(super) fn exists(kernel: &KernelBtf, tp: &str) -> bool {
    prototype(kernel, tp).is_some()
}

/// The arguments of the tracepoint of that name.
pub(super) fn arguments(kernel: &KernelBtf, tp: &str) -> Option<Vec<Argument>> {
    let proto = prototype(kernel, tp)?;
    Some(named(kernel, tp, &proto).args)
}

/// The arguments of a function that the tracepoint macros make, as those of its tracepoint, if they have
/// these types.
pub(super) fn arguments_with(
    kernel: &KernelBtf,
    func: &Type<'_>,
    types: &[TypeId],
) -> Option<Vec<Argument>> {
    let proto = proto_of(kernel.btf(), func)?;
    // Most differ in their number, and names need not be looked at for that.
    if proto.params().len().min(MAX_PARAMETERS + 2) != types.len() + 1 {
        return None;
    }
    let own = proto.leading_params().skip(1).map(|param| param.type_id);
    own.eq(types.iter().copied())
        .then(|| signature(&proto, func.name()).args)
}

/// The prototype of a tracepoint, `__data` included, with its typedef or without.
fn prototype<'k>(kernel: &'k KernelBtf, tp: &str) -> Option<Type<'k>> {
    let name = format!("{TYPEDEF}{tp}");
    let typedefs = kernel.find(Named::Typedef, &name);
    let of_typedef = module_scope::meant(kernel, None, typedefs)
        .iter()
        .find_map(|typedef| proto_behind(kernel, typedef));
    let mut of_event = PER_EVENT.iter().filter(|prefix| **prefix != PER_CLASS);
    of_typedef.or_else(|| {
        of_event.find_map(|prefix| Some(funcs(kernel, &format!("{prefix}{tp}")).next()?.1))
    })
}

/// The prototype of a tracepoint's typedef.
fn typedef_proto<'k>(kernel: &'k KernelBtf, hook: &Hook) -> Option<Type<'k>> {
    let name = format!("{TYPEDEF}{}", hook.target());
    let typedefs = kernel.find(Named::Typedef, &name);
    module_scope::meant(kernel, hook.module(), typedefs)
        .iter()
        .find_map(|typedef| proto_behind(kernel, typedef))
}

/// The prototype behind `typedef void (*btf_trace_<tp>)(void *__data, ...)`.
fn proto_behind<'k>(kernel: &'k KernelBtf, typedef: &Type<'_>) -> Option<Type<'k>> {
    let btf = kernel.btf();
    let Kind::Typedef(ptr) = typedef.kind() else {
        return None;
    };
    let Kind::Ptr(proto) = btf.get(ptr)?.kind() else {
        return None;
    };
    let proto = btf.get(proto)?;
    let is_proto = matches!(proto.kind(), Kind::FuncProto { .. });
    (is_proto && proto.params().len() > 0).then_some(proto)
}

/// The functions of this name that take at least `__data`, with their prototypes.
fn funcs<'k>(kernel: &'k KernelBtf, name: &str) -> impl Iterator<Item = (Type<'k>, Type<'k>)> {
    kernel
        .find(Named::Func, name)
        .filter_map(|func| Some((func, proto_of(kernel.btf(), &func)?)))
        .filter(|(_, proto)| proto.params().len() > 0)
}

/// The typedef's types with names from a function of exactly these types.
fn named(kernel: &KernelBtf, tp: &str, proto: &Type<'_>) -> Signature {
    let same = |(_, other): &(Type<'_>, Type<'_>)| same_types(proto, other);
    for prefix in PER_EVENT {
        if let Some((func, other)) = funcs(kernel, &format!("{prefix}{tp}")).find(same) {
            return signature(&other, func.name());
        }
    }
    let nameless = || Signature::new(unnamed(proto.leading_params().skip(1)), TypeId::VOID, "");
    named_by_class(kernel, proto).unwrap_or_else(nameless)
}

/// Names from the functions of other events' classes, where all that have these types agree.
fn named_by_class(kernel: &KernelBtf, proto: &Type<'_>) -> Option<Signature> {
    let (index, btf) = (kernel.index(), kernel.btf());
    if !index.may_compare(btf) {
        return None;
    }
    let mut signatures = index
        .with_prefix(btf, Named::Func, PER_CLASS)
        .inspect(|_| {
            index.may_compare(btf);
        })
        .filter_map(|func| Some((func, proto_of(kernel.btf(), &func)?)))
        .filter(|(_, other)| same_types(proto, other))
        // The name is told to people, in a comment of the header.
        .filter(|(func, _)| is_identifier(func.name()))
        .inspect(|(func, _)| kernel.touch(func.id()))
        .map(|(func, other)| signature(&other, func.name()));
    let first = signatures.next()?;
    signatures
        .all(|other| other.args == first.args)
        .then_some(first)
}

/// A signature without `__data`, which is no slot.
fn signature(proto: &Type<'_>, func: &str) -> Signature {
    let args = proto.leading_params().skip(1).map(argument).collect();
    Signature::new(args, TypeId::VOID, func)
}
