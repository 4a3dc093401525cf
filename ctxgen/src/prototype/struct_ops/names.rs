//! The names of a member's arguments.

use super::Member;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::ident::is_identifier;
use crate::kernel::KernelBtf;
use crate::kernel::Module;
use crate::kernel::Types;
use crate::prototype::Argument;
use crate::prototype::NamesFrom;
use crate::prototype::Signature;
use crate::prototype::argument;
use crate::prototype::names_from;
use crate::prototype::proto_of;
use crate::prototype::returned;
use crate::prototype::same_types;

/// Functions that have the arguments' names, best first.
///
/// Kernels since 6.9 have stubs for control-flow integrity: `<ops>__<member>` where the arguments' names
/// mean something to the verifier (`find_stub_func_proto` of `kernel/bpf/bpf_struct_ops.c`), and otherwise
/// by their author's taste (`bpf_tcp_ca_cong_avoid`, `bpf_dummy_test_2`). Two ops types may share a stub:
/// `sched_ext_ops_cid` of 7.2 has those of `sched_ext_ops`. Older kernels have implementations of their own
/// (`tcp_reno_cong_avoid`), under names of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// `<ops>__<member>`.
    Stub,
    /// `<any ops>__<member>`.
    SharedStub,
    /// `bpf_<any>_<member>`, `__bpf_<any>_<member>`.
    LikeStub,
    /// `<any>_<member>`.
    Other,
}

impl Rank {
    fn of(func: &str, ops: &str, member: &str) -> Option<Self> {
        let rest = func.strip_suffix(member)?.strip_suffix('_')?;
        Some(match rest.strip_suffix('_') {
            Some(of) if of == ops => Self::Stub,
            Some(_) => Self::SharedStub,
            None if rest.starts_with("bpf_") || rest.starts_with("__bpf_") => Self::LikeStub,
            None => Self::Other,
        })
    }

    /// Whether the arguments' names say more to the verifier than a name.
    ///
    /// Measured on 7.2: a pointer that is `prev__nullable` in `sched_ext_ops__dispatch` may be NULL to
    /// programs of `sched_ext_ops_cid`, too.
    fn has_marks(self) -> bool {
        matches!(self, Self::Stub | Self::SharedStub)
    }
}

/// The member's types with the names that the best functions of exactly these types agree on.
pub(super) fn named(kernel: &KernelBtf, member: &Member<'_>) -> Signature {
    let candidates = candidates(kernel, member);
    let best = candidates.iter().map(|(rank, _)| *rank).min();
    let mut best = candidates
        .iter()
        .filter(|(rank, _)| Some(*rank) == best)
        .map(|(_, func)| func);
    let unnamed = || Signature {
        args: unnamed(&member.proto),
        ret: returned(&member.proto),
        names_from: match member.proto.params().len() {
            0 => NamesFrom::NoArguments,
            _ => NamesFrom::Nowhere,
        },
        types: Types::Kernel,
        system_call: None,
    };
    let Some(first) = best.next() else {
        return unnamed();
    };
    let args = arguments(kernel, member, first);
    match best.all(|other| arguments(kernel, member, other) == args) {
        true => Signature {
            names_from: names_from(&args, first.name()),
            args,
            ret: returned(&member.proto),
            types: Types::Kernel,
            system_call: None,
        },
        false => unnamed(),
    }
}

/// The functions with the member's types beside the ops type: in the kernel itself, or in its module. What
/// other modules have must not change a name, since they are there today and gone tomorrow.
pub(super) fn candidates<'k>(kernel: &'k KernelBtf, member: &Member<'k>) -> Vec<(Rank, Type<'k>)> {
    let (index, btf) = (kernel.index(), kernel.btf());
    let place = |id: TypeId| kernel.module_of(id).map(Module::name);
    let beside = place(member.wrapper);
    let suffix = format!("_{}", member.name);
    let mut found = Vec::new();
    for func in index.functions_ending(btf, &suffix) {
        // The name is told to people, in a comment of the header.
        if let Some(rank) = Rank::of(func.name(), member.ops.name(), member.name)
            && is_identifier(func.name())
            && place(func.id()) == beside
            && let Some(proto) = proto_of(kernel, &func)
            && same_types(&member.proto, &proto)
            && returned(&member.proto) == returned(&proto)
        {
            found.push((rank, func));
        }
    }
    found
}

fn arguments(kernel: &KernelBtf, member: &Member<'_>, func: &Type<'_>) -> Vec<Argument> {
    let Some(proto) = proto_of(kernel, func) else {
        return Vec::new();
    };
    let rank = Rank::of(func.name(), member.ops.name(), member.name);
    let has_marks = rank.is_some_and(Rank::has_marks);
    let args = proto.params().map(argument);
    args.map(|arg| Argument {
        mark: arg.mark.filter(|_| has_marks),
        ..arg
    })
    .collect()
}

fn unnamed(proto: &Type<'_>) -> Vec<Argument> {
    let types = proto.params().map(|param| param.type_id);
    types
        .map(|type_id| Argument {
            name: None,
            type_id,
            mark: None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stubs_come_first() {
        let rank = |func| Rank::of(func, "some_ops", "init");
        assert_eq!(rank("some_ops__init"), Some(Rank::Stub));
        assert_eq!(rank("other_ops__init"), Some(Rank::SharedStub));
        assert_eq!(rank("bpf_tcp_ca_init"), Some(Rank::LikeStub));
        assert_eq!(rank("__bpf_tcp_ca_init"), Some(Rank::LikeStub));
        assert_eq!(rank("tcp_mtup_init"), Some(Rank::Other));
        assert_eq!(rank("init"), None);
        assert_eq!(rank("reinit"), None);
        assert!(Rank::Stub < Rank::SharedStub && Rank::SharedStub < Rank::LikeStub);
    }
}
