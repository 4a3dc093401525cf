//! System calls: what arguments they take, under which names.
//!
//! A kernel's BTF has few of their prototypes: the functions that `SYSCALL_DEFINE` of
//! `include/linux/syscalls.h` makes are inlined into wrappers that take registers. tracefs shows all of
//! them, to whoever may read it. And since they are the kernel's interface to programs, the prototypes
//! of all system calls that there are today can be in a table here.

mod natives;
mod table;

use std::collections::BTreeSet;

use crate::btf::Kind;
use crate::btf::Param;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::ctype::type_of;
pub(crate) use crate::hook::syscall_event::CATEGORY;
pub(crate) use crate::hook::syscall_event::ENTER;
pub(crate) use crate::hook::syscall_event::EXIT;
pub(crate) use crate::hook::syscall_event::of_event;
use crate::kernel::Arch;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::kernel::Types;
use crate::prototype::Argument;
use crate::prototype::NamesFrom;
use crate::prototype::Signature;
use crate::prototype::proto_of;
use crate::tracefs::Format;

/// What `SYSCALL_DEFINE` calls the function that has the arguments with their own types.
pub(crate) const FUNC: &str = "__do_sys_";

/// What the parameter of a system call without arguments is called.
const UNUSED: &str = "__unused";

/// What all of them return.
const RETURNED: &str = "long";

/// The most arguments that a system call has (`syscall_get_arguments`).
pub(crate) const MAX_ARGUMENTS: usize = 6;

/// What a system call takes and returns, by the name that it has in `SYSCALL_DEFINE`: `newstat`, not
/// `stat`. `None` where nothing tells.
///
/// It is looked for in the kernel's tracefs formats where they are known, in its BTF, and in ctxgen's
/// own table. Types that the kernel's BTF lacks are replaced by others that are as wide.
pub(crate) fn signature(kernel: &KernelBtf, name: &str) -> Option<Signature> {
    of_format(kernel, name)
        .or_else(|| of_func(kernel, name))
        .or_else(|| of_table(kernel, name))
}

/// Whether a call that a kernel has functions of can have trace events there. Whether the kernel was
/// configured with the call, BTF does not always tell: what it was configured without has stubs.
pub(crate) fn may_have_events(kernel: &KernelBtf, name: &str) -> bool {
    natives::is_native(name, kernel.arch()).unwrap_or(true)
}

/// As [`may_have_events`], where that is known for sure of calls of other ABIs too.
pub(crate) fn has_events(kernel: &KernelBtf, name: &str) -> bool {
    match natives::is_native("stat", kernel.arch()).is_some() {
        true => may_have_events(kernel, name),
        false => table::names().any(|known| known == name),
    }
}

/// Whether a call takes no arguments, of a kernel that may have no function of its wrapper's name: on
/// x86-64 that is an alias. Such calls by name are [`without_wrapper`].
pub(crate) fn is_without_wrapper(kernel: &KernelBtf, name: &str) -> bool {
    kernel.arch() == Some(Arch::X86)
        && (natives::is_certain(name, kernel.arch())
            || func_without_arguments(kernel, &format!("{FUNC}{name}")).is_some())
}

/// All calls of [`is_without_wrapper`].
pub(crate) fn without_wrapper(kernel: &KernelBtf) -> BTreeSet<String> {
    let mut calls: BTreeSet<String> = natives::certain(kernel.arch()).map(str::to_owned).collect();
    if kernel.arch() == Some(Arch::X86) {
        let funcs = kernel
            .index()
            .with_prefix(kernel.btf(), Named::Func, FUNC)
            .filter(|func| is_without_arguments(kernel, func))
            .filter_map(|func| func.name().strip_prefix(FUNC).map(str::to_owned));
        calls.extend(funcs);
    }
    calls
}

/// The function of a call that takes no arguments, as `SYSCALL_DEFINE0` makes it.
fn func_without_arguments<'k>(kernel: &'k KernelBtf, name: &str) -> Option<Type<'k>> {
    let mut funcs = kernel.find(Named::Func, name);
    funcs.find(|func| is_without_arguments(kernel, func))
}

fn is_without_arguments(kernel: &KernelBtf, func: &Type<'_>) -> bool {
    let mut params = proto_of(kernel.btf(), func)
        .into_iter()
        .flat_map(|proto| proto.params());
    params.next().is_some_and(|param| param.name == UNUSED) && params.next().is_none()
}

fn of_format(kernel: &KernelBtf, name: &str) -> Option<Signature> {
    let event = format!("{ENTER}{name}");
    // What is wrong with a format is for those to hear who ask for that event.
    let format = kernel.format(CATEGORY, &event).ok()??;
    let args = of_fields(kernel, &format);
    signature_of(kernel, args, NamesFrom::Format(event))
}

/// The arguments that the format of `sys_enter_<name>` shows: those that have a slot of their own
/// (`syscall_enter_define_fields` of `kernel/trace/trace_syscalls.c`).
fn of_fields(kernel: &KernelBtf, format: &Format) -> Vec<Option<Argument>> {
    let slots = format.fields.iter().filter(|field| field.offset >= 16);
    let own = slots.filter(|field| field.data.is_none());
    own.map(|field| argument(kernel, &field.declared, &field.name))
        .collect()
}

/// An argument of a type as C writes it; `None` where that type is not known.
fn argument(kernel: &KernelBtf, text: &str, name: &str) -> Option<Argument> {
    Some(Argument {
        name: Some(name.to_owned()),
        type_id: type_of(kernel, text)?,
        mark: None,
    })
}

fn of_func(kernel: &KernelBtf, name: &str) -> Option<Signature> {
    let func = format!("{FUNC}{name}");
    // Those without arguments are handed the registers all the same (`SYSCALL_DEFINE0`).
    let is_unused = |param: &Param<'_>| param.name == UNUSED;
    let protos = kernel
        .find(Named::Func, &func)
        .filter_map(|func| proto_of(kernel.btf(), &func));
    let mut signatures = protos.map(|proto| -> Vec<Argument> {
        let params = proto.leading_params().filter(|param| !is_unused(param));
        let params = params.map(|param| Argument {
            name: (!param.name.is_empty()).then(|| param.name.to_owned()),
            type_id: without_const(kernel, param.type_id),
            mark: None,
        });
        params.collect()
    });
    let first = signatures.next()?;
    let is_clear = signatures.all(|other| other == first);
    match is_clear && first.iter().all(|arg| is_passed(kernel, arg)) {
        true => {
            let args = first.into_iter().map(Some).collect();
            signature_of(kernel, args, NamesFrom::Func(func))
        }
        false => None,
    }
}

fn of_table(kernel: &KernelBtf, name: &str) -> Option<Signature> {
    let arch = kernel.arch().map(Arch::rust_name);
    let declared = table::arguments(name, arch)?;
    let args = declared.map(|(text, name)| argument(kernel, text, name));
    signature_of(kernel, args.collect(), NamesFrom::Table)
}

/// The signature with these arguments; `None` where one of them is not known. All types are asked for before
/// that is told, so that whoever adds those that are missing knows them.
fn signature_of(
    kernel: &KernelBtf,
    args: Vec<Option<Argument>>,
    names_from: NamesFrom,
) -> Option<Signature> {
    let ret = type_of(kernel, RETURNED);
    let args: Vec<Argument> = args.into_iter().collect::<Option<_>>()?;
    (args.len() <= MAX_ARGUMENTS).then_some(Signature {
        names_from: match args.is_empty() {
            true => NamesFrom::NoArguments,
            false => names_from,
        },
        args,
        ret: ret?,
        types: Types::Kernel,
        system_call: None,
    })
}

/// The type of an argument that nobody assigns to.
fn without_const(kernel: &KernelBtf, id: TypeId) -> TypeId {
    match kernel.btf().get(id).map(|ty| ty.kind()) {
        Some(Kind::Const(to)) => to,
        _ => id,
    }
}

/// Whether an argument is something that a register holds.
fn is_passed(kernel: &KernelBtf, arg: &Argument) -> bool {
    let kind = kernel.btf().resolve(arg.type_id).map(|ty| ty.kind());
    match kind {
        Some(Kind::Int { size, .. } | Kind::Enum { size } | Kind::Enum64 { size }) => {
            matches!(size, 1 | 2 | 4 | 8)
        }
        Some(Kind::Ptr(_)) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
