//! Members of `struct_ops`.
//!
//! An ops type is a struct of function pointers that the kernel lets programs implement. The kernel
//! makes a wrapper `struct bpf_struct_ops_<ops>` for each (`REGISTER_BPF_STRUCT_OPS` and, before 6.9,
//! `BPF_STRUCT_OPS_TYPE`), by which libbpf finds it too (`find_struct_ops_kern_types` of `libbpf.c`).
//! The verifier takes the types of a program's arguments from the member's prototype
//! (`check_struct_ops_btf_id` of `kernel/bpf/verifier.c`), whose parameters have no names.

mod member;
mod names;

use self::member::Member;
use super::Signature;
use super::unknown;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::prototype::PrototypeError;
use crate::prototype::Unsupported;
use crate::text::ident::is_identifier;
use crate::text::nearest::nearest;

pub(crate) const WRAPPER: &str = "bpf_struct_ops_";

/// The longest name of an ops type or a member that is looked at, in bytes: kernels have none longer for
/// anything (`KSYM_NAME_LEN`).
const MAX_NAME: usize = 511;
/// The most members of an ops type that are looked at; `sched_ext_ops` of 7.2 has 45.
const MAX_MEMBERS: usize = 128;
/// In how many ways a struct's name is taken apart: so many underscores are in none.
const MAX_READINGS: usize = 64;

/// What a wrapper begins with, by the names of the members: one struct, or before 6.9 its members one by
/// one (`struct bpf_struct_ops_common_value` and `BPF_STRUCT_OPS_COMMON_VALUE`). Other structs are called
/// like wrappers.
const COMMON: [&str; 2] = ["common", "refcnt"];

pub(super) fn resolve(kernel: &KernelBtf, hook: &Hook) -> Result<Signature, PrototypeError> {
    let found = members(kernel, hook);
    match &found[..] {
        [member] => {
            kernel.touch(member.proto.id());
            Ok(names::named(kernel, member))
        }
        [one, other, ..] => Err(PrototypeError::Unsupported {
            hook: hook.clone(),
            reason: Unsupported::SharedName {
                one: one.target(),
                other: other.target(),
            },
        }),
        [] => Err(unknown(kernel, hook, tried(kernel, hook))),
    }
}

pub(super) fn targets(kernel: &KernelBtf) -> Vec<String> {
    let mut targets = Vec::new();
    for (name, ops) in all_ops(kernel) {
        let functions = functions(kernel.btf(), &ops);
        targets.extend(functions.map(|(member, _)| format!("{name}/{member}")));
    }
    targets
}

/// The hook with the parts of its target told apart, where the kernel has what it stands for.
pub(super) fn told_apart(kernel: &KernelBtf, hook: &Hook) -> Option<Hook> {
    let found = members(kernel, hook);
    let member = found.first()?;
    Some(hook.with_parts(member.ops.name(), member.name))
}

/// The hooks nearest to one that is not there: of the ops type's own members if there is such a type, and
/// otherwise of all.
pub(super) fn nearest_hooks(kernel: &KernelBtf, hook: &Hook) -> Vec<String> {
    let of_member = |(name, member): (String, String)| {
        is_name(&name).then_some(())?;
        let (_, ops) = ops_type(kernel, &name)?;
        let members = functions(kernel.btf(), &ops).map(|(member, _)| member);
        let near = nearest(&member, members);
        Some(
            near.into_iter()
                .map(move |member| format!("{name}/{member}")),
        )
    };
    let of_ops: Vec<String> = readings(hook)
        .into_iter()
        .filter_map(of_member)
        .flatten()
        .collect();
    let targets = match of_ops.is_empty() {
        true => {
            let all = targets(kernel);
            nearest(hook.target(), all.iter().map(String::as_str))
        }
        false => of_ops,
    };
    let hooks = targets
        .iter()
        .map(|target| format!("{}/{target}", hook.family()));
    hooks.collect()
}

/// The ops types and members that a hook's struct name can stand for.
fn readings(hook: &Hook) -> Vec<(String, String)> {
    let owned = |(ops, member): (&str, &str)| (ops.to_owned(), member.to_owned());
    if hook.target().len() > 2 * MAX_NAME {
        return Vec::new();
    }
    // A SEC name says which of them is meant; its struct may be another one's as well.
    match Hook::from_struct_name(&hook.struct_name()) {
        Some(joined) => {
            let parts = joined.parts().into_iter();
            parts.take(MAX_READINGS).map(owned).collect()
        }
        None => Vec::new(),
    }
}

/// The members that bear a hook's struct name: no more than one in any kernel there is.
fn members<'k>(kernel: &'k KernelBtf, hook: &Hook) -> Vec<Member<'k>> {
    let readings = readings(hook);
    let found = readings.iter().filter_map(|(ops, member)| {
        let (wrapper, ops) = ops_type(kernel, ops)?;
        let (name, proto) = functions(kernel.btf(), &ops).find(|(name, _)| name == member)?;
        Some(Member {
            wrapper,
            ops,
            name,
            proto,
        })
    });
    found.collect()
}

/// What was looked for, and what there is of that kind.
fn tried(kernel: &KernelBtf, hook: &Hook) -> Vec<String> {
    let parts = match hook.target().len() > 2 * MAX_NAME {
        true => Vec::new(),
        false => hook.parts(),
    };
    let members: Vec<String> = parts
        .iter()
        .filter(|(ops, _)| ops_type(kernel, ops).is_some())
        .map(|(ops, member)| format!("a pointer to a function, {member}, in struct {ops}"))
        .collect();
    if !members.is_empty() {
        return members;
    }
    let wrappers = parts
        .iter()
        .map(|(ops, _)| format!("struct {WRAPPER}{ops}"));
    let mut tried: Vec<String> = wrappers.collect();
    let all: Vec<String> = all_ops(kernel).into_iter().map(|(name, _)| name).collect();
    tried.push(match all.is_empty() {
        true => "any type that programs may implement".to_owned(),
        false => format!(
            "one of those that programs may implement: {}",
            all.join(", ")
        ),
    });
    tried
}

/// All ops types, sorted by name.
fn all_ops(kernel: &KernelBtf) -> Vec<(String, Type<'_>)> {
    let wrappers = kernel
        .index()
        .with_prefix(kernel.btf(), Named::Struct, WRAPPER);
    let mut all: Vec<(String, Type<'_>)> = Vec::new();
    for wrapper in wrappers {
        let Some(name) = wrapper.name().strip_prefix(WRAPPER) else {
            continue;
        };
        let is_known = all.last().is_some_and(|(known, _)| known == name);
        if !is_known
            && is_name(name)
            && let Some(ops) = wrapped(kernel.btf(), &wrapper, name)
        {
            all.push((name.to_owned(), ops));
        }
    }
    all
}

/// The ops type of a name, and its wrapper.
fn ops_type<'k>(kernel: &'k KernelBtf, name: &str) -> Option<(TypeId, Type<'k>)> {
    let btf = kernel.btf();
    let wrapper = format!("{WRAPPER}{name}");
    kernel
        .find(Named::Struct, &wrapper)
        .find_map(|wrapper| Some((wrapper.id(), wrapped(btf, &wrapper, name)?)))
}

fn wrapped<'k>(btf: &'k Btf<'_>, wrapper: &Type<'_>, name: &str) -> Option<Type<'k>> {
    let Kind::Struct(composite) = wrapper.kind() else {
        return None;
    };
    let mut members = composite.members();
    COMMON.contains(&members.next()?.name).then_some(())?;
    members.find_map(|member| {
        let ty = btf.get(member.type_id)?;
        (matches!(ty.kind(), Kind::Struct(_)) && ty.name() == name).then_some(ty)
    })
}

/// The members of an ops type that are pointers to functions, with the prototypes, as the kernel looks
/// for them (`btf_type_resolve_func_ptr`): none in structs within it.
fn functions<'k>(
    btf: &'k Btf<'_>,
    ops: &Type<'k>,
) -> impl Iterator<Item = (&'k str, Type<'k>)> + use<'k> {
    let composite = match ops.kind() {
        Kind::Struct(composite) => Some(composite),
        _ => None,
    };
    composite
        .into_iter()
        .flat_map(|composite| composite.members())
        .take(MAX_MEMBERS)
        .filter(|member| is_name(member.name))
        .filter_map(|member| Some((member.name, prototype_behind(btf, member.type_id)?)))
}

fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME && is_identifier(name)
}

/// The prototype of a function that a type points to.
fn prototype_behind<'k>(btf: &'k Btf<'_>, id: TypeId) -> Option<Type<'k>> {
    let Kind::Ptr(to) = btf.resolve(id)?.kind() else {
        return None;
    };
    let proto = btf.resolve(to)?;
    matches!(proto.kind(), Kind::FuncProto { .. }).then_some(proto)
}
