//! Pointers of contexts that may be NULL and that are followed without a comparison.
//!
//! A verifier holds no two loads of a field together: what was compared is one register, and a second load is
//! another, even where the source has a variable. Clang makes two loads of `if (!ctx->task) … ctx->task->pid`
//! where something that it cannot see through stands between them, as the call of a helper.

use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::object::Program;
use ctxgen::object::accesses::Access;
use ctxgen::object::accesses::AccessKind;
use ctxgen::prototype::Mark;
use ctxgen::prototype::Prototype;

use super::null_args::null_args;
use super::reads::Reads;
use super::reads::is_pointer;
use super::reads::offsets_of;
use crate::findings::Refused;

/// The fields of iterators' contexts that are always there, by the struct; of every struct, `meta` is. All others are
/// NULL at the end of what is iterated over (`ctx_arg_info` of the kernel's `struct bpf_iter_reg`).
const ALWAYS: [(&str, &str); 3] = [
    ("bpf_iter__bpf_map_elem", "map"),
    ("bpf_iter__bpf_sk_storage_map", "map"),
    ("bpf_iter__sockmap", "map"),
];

fn is_always_there(of: &str, path: &str) -> bool {
    path == "meta" || ALWAYS.contains(&(ctxgen::essential_name(of), path))
}

/// Since this release, arguments of programs that trace may be NULL to the verifier.
const TRACING: (u32, u32) = (6, 12);

/// The fields of the kernel's other own contexts that may be NULL (`reg_type` of `net/core/filter.c`).
const OWN: [(&str, &str); 4] = [
    ("__sk_buff", "sk"),
    ("bpf_sock_ops", "sk"),
    ("bpf_sk_lookup", "sk"),
    ("sk_reuseport_md", "migrating_sk"),
];

fn is_own(of: &str, path: &str) -> bool {
    OWN.contains(&(ctxgen::essential_name(of), path))
}

/// The offsets of the arguments that may be NULL, by the kernels' own names of them.
pub(super) fn offsets(hook: &Hook, kernels: &[KernelBtf]) -> Vec<u32> {
    let mut offsets: Vec<u32> = kernels.iter().flat_map(|kernel| of(hook, kernel)).collect();
    offsets.sort_unstable();
    offsets.dedup();
    offsets
}

fn of(hook: &Hook, kernel: &KernelBtf) -> Vec<u32> {
    let prototype = ctxgen::prototype::resolve(kernel, hook);
    let Ok(Prototype::Function(signature)) = prototype else {
        return Vec::new();
    };
    let is_traced = hook.family().name() != "struct_ops";
    if is_traced && kernel.release().is_some_and(|release| release < TRACING) {
        return Vec::new();
    }
    let known = null_args(hook, kernel);
    let is_nullable = |number: u32| {
        let argument = signature.args.get(number as usize);
        let mark = argument.and_then(|argument| argument.mark);
        let is_marked = matches!(mark, Some(Mark::Nullable | Mark::Arena { nullable: true }));
        is_marked || known.contains(&number)
    };
    if !(0..)
        .zip(&signature.args)
        .any(|(number, _)| is_nullable(number))
    {
        return Vec::new();
    }
    offsets_of(kernel, hook, |field| {
        field.argument.is_some_and(is_nullable)
    })
}

impl Reads<'_> {
    /// What is wrong with a load whose value is followed and never compared. `nullable` is where the arguments are
    /// that may be NULL, in bytes.
    pub(super) fn unchecked(
        &self,
        program: &Program,
        hook: &Hook,
        access: &Access,
        nullable: &[u32],
    ) -> Option<Refused> {
        let is_load = access.kind == AccessKind::Load && access.is_certain;
        let is_used = access.is_followed || access.is_added_to;
        if !is_load || access.is_compared || !is_used || !access.base.is_unmodified() {
            return None;
        }
        let offset = u32::try_from(access.displacement).ok()?;
        let Some(context) = program.context_of(access.relocation.is_some()) else {
            // Slots that are declared as such.
            return nullable
                .contains(&offset)
                .then(|| self.unchecked_slot(program, access));
        };
        let field = self.own_field(program, access)?;
        let of = self.object.btf().get(context)?.name();
        let is_nullable = match hook.family().name() {
            "iter" => !is_always_there(of, &field.path),
            _ if is_own(of, &field.path) => true,
            _ => access.relocation.is_none() && nullable.contains(&offset),
        };
        if !is_nullable || !is_pointer(self.object.btf(), field.type_id) {
            return None;
        }
        let name = self.context_name(program);
        let path = &field.path;
        let declared = self.declared(field.type_id, path);
        Some(Refused {
            what: what(&format!("{name}->{path}")),
            instead: format!(
                "Load it once, to a variable, compare that with NULL, and follow it:\n    {declared} = {};\n    \
                 if (!{path})\n        return 0;",
                self.kept(program, &field)
            ),
            ..self.finding(program, Some(access))
        })
    }

    fn unchecked_slot(&self, program: &Program, access: &Access) -> Refused {
        Refused {
            what: what(&self.place(program, access, &[])),
            instead: "Load it once, to a variable, compare that with NULL, and follow it."
                .to_owned(),
            ..self.finding(program, Some(access))
        }
    }
}

fn what(place: &str) -> String {
    format!(
        "follows {place}, which may be NULL, and has not compared what it loads here: the verifier refuses that, \
         also where another load of the same is compared"
    )
}
