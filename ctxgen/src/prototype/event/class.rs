//! Which class a trace event is of.
//!
//! Most events are the only ones of a class with their name. Of the others, BTF tells no more than the
//! prototype of the tracepoint, which is that of the functions that the macros of `include/trace/` make
//! for the class. Where several classes have that prototype and different records, the event's format
//! in tracefs tells which is right.

use super::record;
use super::record::Record;
use crate::btf::Composite;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::compat::Agreement;
use crate::btf::compat::agreement;
use crate::ctype::type_of;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::prototype::Argument;
use crate::prototype::PrototypeError;
use crate::prototype::module_scope;
use crate::prototype::tracepoint;
use crate::text::ident::is_identifier;
use crate::tracefs::Format;

/// What the structs of records are called by, in front of the class's name.
pub(crate) const STRUCT: &str = "trace_event_raw_";

/// What the functions of a class are called by, that have the prototype of its events
/// (`include/trace/trace_events.h`, `perf.h`, `bpf_probe.h`). Those with `do_` are of events of system
/// calls, which may sleep.
pub(super) const FUNCS: [&str; 5] = [
    "trace_event_raw_event_",
    "do_trace_event_raw_event_",
    "perf_trace_",
    "do_perf_trace_",
    "__bpf_trace_",
];

/// What the struct of a class's records is called.
pub(super) fn structure(class: &str) -> String {
    format!("{STRUCT}{class}")
}

/// The struct of the class of that name.
pub(super) fn named<'k>(kernel: &'k KernelBtf, class: &str) -> Option<Type<'k>> {
    let structs = kernel.find(Named::Struct, &structure(class));
    first_meant(kernel, structs)
}

/// The first of some structs of one name that the kernel itself has, or else a module.
fn first_meant<'k>(
    kernel: &KernelBtf,
    structs: impl Iterator<Item = Type<'k>>,
) -> Option<Type<'k>> {
    let meant = module_scope::meant(kernel, None, structs);
    meant.into_iter().next()
}

/// The record of an event; `None` where there is no such event.
pub(super) fn of_event(
    kernel: &KernelBtf,
    hook: &Hook,
    event: &str,
    format: Option<Format>,
) -> Result<Option<Record>, PrototypeError> {
    let prototype = tracepoint::arguments(kernel, event);
    if prototype.is_none() && format.is_none() {
        return Ok(None);
    }
    let of_record = |ty: &Type<'_>| record::of_struct(kernel, ty, format.as_ref());
    if let Some(own) = named(kernel, event) {
        return match format
            .as_ref()
            .is_none_or(|format| agrees(kernel, &own, format))
        {
            true => Ok(of_record(&own)),
            false => Err(disagrees(kernel, hook, &[own])),
        };
    }
    let mut candidates = prototype.map_or_else(Vec::new, |args| with_prototype(kernel, &args));
    if let Some(format) = &format {
        let of_prototype = candidates.clone();
        candidates.retain(|ty| agrees(kernel, ty, format));
        if candidates.is_empty() {
            candidates = all(kernel);
            candidates.retain(|ty| agrees(kernel, ty, format));
        }
        if candidates.is_empty() {
            return Err(disagrees(kernel, hook, &of_prototype));
        }
        // An unsigned number in the place of a signed one is another class.
        let of_types = |ty: &Type<'_>| has_types(kernel, ty, format);
        if candidates.iter().any(of_types) {
            candidates.retain(of_types);
        }
    }
    let mut different: Vec<Type<'_>> = Vec::new();
    for candidate in candidates {
        let is_known = |known| is_alike(kernel, known, &candidate);
        if !different.iter().any(is_known) {
            kernel.touch(candidate.id());
            different.push(candidate);
        }
    }
    match different[..] {
        [only] => Ok(of_record(&only)),
        _ => Err(PrototypeError::AmbiguousEvent {
            hook: hook.clone(),
            origin: kernel.origin().clone(),
            candidates: names(&different),
        }),
    }
}

fn disagrees(kernel: &KernelBtf, hook: &Hook, candidates: &[Type<'_>]) -> PrototypeError {
    PrototypeError::OtherFormat {
        hook: hook.clone(),
        origin: kernel.origin().clone(),
        candidates: names(candidates),
    }
}

fn names(structs: &[Type<'_>]) -> Vec<String> {
    let names = structs.iter().map(|ty| format!("struct {}", ty.name()));
    names.collect()
}

/// The structs of the classes whose functions have these arguments, sorted by name: those that have
/// them under the same names, or else all, since an event may call them otherwise than its class does.
fn with_prototype<'k>(kernel: &'k KernelBtf, args: &[Argument]) -> Vec<Type<'k>> {
    let types = |args: &[Argument]| args.iter().map(|arg| arg.type_id).collect::<Vec<_>>();
    let wanted = types(args);
    let mut classes: Vec<(&str, bool)> = Vec::new();
    let (index, btf) = (kernel.index(), kernel.btf());
    for prefix in FUNCS {
        if !index.may_compare(btf) {
            return Vec::new();
        }
        for func in index.with_prefix(btf, Named::Func, prefix) {
            index.may_compare(btf);
            let class = func.name().strip_prefix(prefix);
            let others = tracepoint::arguments_with(kernel, &func, &wanted);
            if let (Some(class), Some(others)) = (class, others) {
                kernel.touch(func.id());
                classes.push((class, others == args));
            }
        }
    }
    if classes.iter().any(|(_, has_names)| *has_names) {
        classes.retain(|(_, has_names)| *has_names);
    }
    classes.sort_unstable();
    classes.dedup();
    let structs = classes.into_iter().filter_map(|(class, _)| {
        first_meant(kernel, kernel.candidates(Named::Struct, &structure(class)))
    });
    structs.filter(|ty| is_identifier(ty.name())).collect()
}

/// The structs of all classes, sorted by name.
fn all(kernel: &KernelBtf) -> Vec<Type<'_>> {
    let structs = kernel
        .index()
        .with_prefix(kernel.btf(), Named::Struct, STRUCT);
    structs.filter(|ty| is_identifier(ty.name())).collect()
}

fn composite<'k>(ty: &Type<'k>) -> Option<Composite<'k>> {
    match ty.kind() {
        Kind::Struct(composite) => Some(composite),
        _ => None,
    }
}

/// Whether two structs are the same to whoever reads a record.
fn is_alike(kernel: &KernelBtf, one: &Type<'_>, other: &Type<'_>) -> bool {
    if !kernel.index().may_compare(kernel.btf()) {
        return true;
    }
    let (Some(one), Some(other)) = (composite(one), composite(other)) else {
        return false;
    };
    let (left, right) = (one.members(), other.members());
    one.size == other.size
        && left.len() == right.len()
        && left.zip(right).all(|(a, b)| {
            let same = || {
                let btf = kernel.btf();
                agreement((btf, a.type_id), (btf, b.type_id)) == Agreement::Same
            };
            (a.name, a.bit_offset, a.bits) == (b.name, b.bit_offset, b.bits)
                && (a.type_id == b.type_id || same())
        })
}

/// Whether a struct has the fields of a format, and no others.
fn agrees(kernel: &KernelBtf, ty: &Type<'_>, format: &Format) -> bool {
    let Some(composite) = composite(ty) else {
        return false;
    };
    let mut fields = format.fields.iter();
    let mut members = composite
        .members()
        .filter(|member| !record::is_common(member) && !record::is_data(member));
    let same = members.by_ref().all(|member| {
        fields.next().is_some_and(|field| {
            member.name == field.member()
                && member.bits == 0
                && member.bit_offset / 8 == field.offset
                && kernel.btf().size_of(member.type_id) == Some(field.size)
        })
    });
    same && fields.next().is_none()
}

/// Whether the members of a struct have the types that a format writes, arrays aside.
fn has_types(kernel: &KernelBtf, ty: &Type<'_>, format: &Format) -> bool {
    let members = composite(ty).into_iter().flat_map(|ty| ty.members());
    let members: Vec<_> = members.collect();
    format.fields.iter().all(|field| {
        let member = members.iter().find(|member| member.name == field.member());
        let written = type_of(kernel, &field.declared);
        let is_one = field.data.is_none() && !field.is_array();
        !is_one || member.map(|member| member.type_id) == written
    })
}
