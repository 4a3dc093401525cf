//! The names of a member's arguments.

use super::member::Member;
use crate::btf::Btf;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::kernel::KernelBtf;
use crate::kernel::Module;
use crate::prototype::Argument;
use crate::prototype::Signature;
use crate::prototype::argument;
use crate::prototype::proto_of;
use crate::prototype::returned;
use crate::prototype::unnamed;
use crate::text::ident::is_identifier;

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
    let best = candidates.iter().map(|candidate| candidate.rank).min();
    let mut best = candidates
        .iter()
        .filter(|candidate| Some(candidate.rank) == best)
        .map(|candidate| (candidate.func.name(), arguments(member, candidate)));
    let ret = returned(&member.proto);
    match best.next() {
        Some((func, args)) if best.all(|(_, other)| other == args) => {
            Signature::new(args, ret, func)
        }
        _ => Signature::new(unnamed(member.proto.leading_params()), ret, ""),
    }
}

/// A function whose arguments' names may be a member's.
struct Candidate<'k> {
    rank: Rank,
    func: Type<'k>,
    proto: Type<'k>,
}

/// The functions with the member's types beside the ops type: in the kernel itself, or in its module. What
/// other modules have must not change a name, since they are there today and gone tomorrow.
fn candidates<'k>(kernel: &'k KernelBtf, member: &Member<'k>) -> Vec<Candidate<'k>> {
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
            && let Some(proto) = proto_of(kernel.btf(), &func)
            && is_implementation(btf, &member.proto, &proto)
        {
            kernel.touch(func.id());
            found.push(Candidate { rank, func, proto });
        }
    }
    found
}

/// Whether a function has the types of a member's prototype. Type tags do not count: a member may be
/// declared with a pointer into an arena (`address_space(1)`), and implemented with a plain one.
fn is_implementation(btf: &Btf<'_>, member: &Type<'_>, func: &Type<'_>) -> bool {
    let is_same = |one, other| btf.is_same_untagged(one, other);
    member.params().len() == func.params().len()
        && is_same(returned(member), returned(func))
        && member
            .leading_params()
            .zip(func.leading_params())
            .all(|(one, other)| is_same(one.type_id, other.type_id))
}

/// The member's arguments by the names of the function's.
fn arguments(member: &Member<'_>, candidate: &Candidate<'_>) -> Vec<Argument> {
    let has_marks = candidate.rank.has_marks();
    let types = member.proto.leading_params().map(|param| param.type_id);
    let args = candidate.proto.leading_params().map(argument);
    args.zip(types)
        .map(|(arg, type_id)| Argument {
            type_id,
            mark: arg.mark.filter(|_| has_marks),
            ..arg
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
