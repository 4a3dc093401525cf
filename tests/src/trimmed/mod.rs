//! The trimmed kernel BTFs in `tests/fixtures` and `example-bpf/btf`: what is in them, and how they
//! are made of full ones.

mod corpus;
mod coverage;
mod events;
mod samples;
mod table;

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::path::PathBuf;

use ctxgen::Arch;
use ctxgen::Family;
use ctxgen::Generic;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::Prototypes;
use ctxgen::Trim;
use ctxgen::btf::Kind;
use ctxgen::btf::Type;
use ctxgen::btf::TypeId;
use libbpf_rs::libbpf_sys as sys;

pub use self::corpus::CORPUS;
pub use self::corpus::CORPUS_KERNEL;
pub use self::corpus::corpus_files;
pub use self::corpus::for_corpus;
pub use self::samples::SAMPLES;
pub use self::samples::pin_samples;
pub use self::samples::sample_sources;
pub use self::table::FIXTURES;
use crate::blob::Blob;
use crate::blob::INFO;
use crate::blob::TARGET;
use crate::workspace;

/// A trimmed BTF of many kinds of hook.
#[derive(Debug)]
pub struct Fixture {
    /// Its file's name, without `.btf`.
    pub name: &'static str,
    /// The full BTF that it is made of.
    pub kernel: &'static str,
    /// Tracepoints whose `btf_trace_` typedef is left out, as older clang does.
    pub without_typedef: &'static [&'static str],
    /// Functions that go along beside those of the hooks.
    pub functions: &'static [&'static str],
}

impl Fixture {
    /// Where it is.
    pub fn path(&self) -> PathBuf {
        workspace().join(format!("tests/fixtures/{}.btf", self.name))
    }
}

/// What enters a system call, on one architecture or another.
const WRAPPERS: [&str; 3] = ["__x64_sys_", "__arm64_sys_", "__s390x_sys_"];

/// The functions that tracepoints' argument names may be from, by the tracepoint's own name.
const OF_TRACEPOINT: [&str; 3] = ["__probestub_", "__traceiter_", "__bpf_trace_"];

/// Makes a fixture of the full BTF: the hooks of its table, and as many others as it takes for
/// every shape of argument to be there that the kernel has.
///
/// # Errors
/// What ctxgen finds wrong with the BTF.
pub fn make(fixture: &Fixture, full: &KernelBtf) -> Result<Vec<u8>, ctxgen::Error> {
    let mut parts = Parts::new(full);
    let wanted = table::HOOKS
        .iter()
        .map(|name| name.parse())
        .collect::<Result<Vec<Hook>, _>>()?;
    let mut hooks: BTreeSet<Hook> = wanted.into_iter().filter(|hook| parts.have(hook)).collect();
    hooks.extend(coverage::hooks(full, &hooks));
    for hook in &hooks {
        parts.add_hook(hook, fixture.without_typedef.contains(&hook.target()));
    }
    for name in fixture.functions {
        parts.define(sys::BTF_KIND_FUNC, name);
    }
    parts.add_landmark();
    parts.add_what_programs_get();
    parts.add_what_is_no_lsm_hook();
    Ok(undeclare(&parts.trim.finish(), full))
}

/// Whether a fixture that has that hook has all that tells what it passes. Of trace events it has the
/// classes of those that it was made for; the tracepoints of others are there for themselves.
pub fn has_all_of(hook: &Hook) -> bool {
    let event = |target: &str| target.rsplit('/').next().map(str::to_owned);
    let is_of = |name: &&str| name.starts_with("tp/") && event(name) == event(hook.target());
    hook.family().prototypes() != Prototypes::Event || table::HOOKS.iter().any(is_of)
}

/// A trim, and what it takes to find things by their names.
struct Parts<'k> {
    full: &'k KernelBtf,
    named: HashMap<(u32, &'k str), Vec<TypeId>>,
    trim: Trim<'k>,
}

impl<'k> Parts<'k> {
    fn new(full: &'k KernelBtf) -> Self {
        let mut named: HashMap<(u32, &str), Vec<TypeId>> = HashMap::new();
        for ty in full.btf().types() {
            if let Some(kind) = kind_of(&ty) {
                named.entry((kind, ty.name())).or_default().push(ty.id());
            }
        }
        Self {
            full,
            named,
            trim: Trim::new(full.btf()),
        }
    }

    fn ids(&self, kind: u32, name: &str) -> Vec<TypeId> {
        self.named.get(&(kind, name)).cloned().unwrap_or_default()
    }

    /// Adds the types of that kind and name; whether there are any.
    fn define(&mut self, kind: u32, name: &str) -> bool {
        let ids = self.ids(kind, name);
        for &id in &ids {
            self.trim.define(id);
            self.define_by_value(id);
        }
        !ids.is_empty()
    }

    /// Whether the kernel has anything of that hook.
    fn have(&self, hook: &Hook) -> bool {
        let target = hook.target();
        match hook.family().prototypes() {
            Prototypes::Tracepoint { .. } => OF_TRACEPOINT
                .map(|prefix| self.ids(sys::BTF_KIND_FUNC, &format!("{prefix}{target}")))
                .into_iter()
                .chain([self.ids(sys::BTF_KIND_TYPEDEF, &format!("btf_trace_{target}"))])
                .any(|ids| !ids.is_empty()),
            Prototypes::Function => !self.ids(sys::BTF_KIND_FUNC, target).is_empty(),
            Prototypes::Lsm => !self
                .ids(sys::BTF_KIND_FUNC, &format!("bpf_lsm_{target}"))
                .is_empty(),
            Prototypes::Iterator => !self
                .ids(sys::BTF_KIND_STRUCT, &format!("bpf_iter__{target}"))
                .is_empty(),
            Prototypes::Event => events::have(self, hook),
            Prototypes::SystemCall => WRAPPERS.iter().any(|prefix| {
                !self
                    .ids(sys::BTF_KIND_FUNC, &format!("{prefix}{target}"))
                    .is_empty()
            }),
            Prototypes::StructOps => self.members_of(target).contains_key(member(target)),
            _ => false,
        }
    }

    /// Adds what has to be there of a hook for ctxgen to find it.
    fn add_hook(&mut self, hook: &Hook, without_typedef: bool) {
        let target = hook.target();
        match hook.family().prototypes() {
            Prototypes::Tracepoint { .. } => {
                if !without_typedef {
                    self.define(sys::BTF_KIND_TYPEDEF, &format!("btf_trace_{target}"));
                }
                for prefix in OF_TRACEPOINT {
                    self.define(sys::BTF_KIND_FUNC, &format!("{prefix}{target}"));
                }
            }
            Prototypes::Function => {
                self.define(sys::BTF_KIND_FUNC, target);
                // A kfunc's whole prototype, and what says that it is one.
                if self.define(sys::BTF_KIND_FUNC, &format!("{target}_impl")) {
                    self.define_tags(target);
                }
            }
            Prototypes::Lsm => {
                self.define(sys::BTF_KIND_FUNC, &format!("bpf_lsm_{target}"));
                self.define(sys::BTF_KIND_UNION, "security_list_options");
            }
            Prototypes::Iterator => {
                self.define(sys::BTF_KIND_FUNC, &format!("bpf_iter_{target}"));
                let context = format!("bpf_iter__{target}");
                self.define(sys::BTF_KIND_STRUCT, &context);
                self.define(sys::BTF_KIND_STRUCT, &format!("{context}__safe_trusted"));
            }
            Prototypes::Event => events::add(self, hook),
            Prototypes::SystemCall => {
                for prefix in WRAPPERS {
                    self.define(sys::BTF_KIND_FUNC, &format!("{prefix}{target}"));
                }
            }
            Prototypes::StructOps => self.add_ops(target),
            _ => {}
        }
    }

    /// Adds an ops type, with all its members: their types come along whether or not they are asked for.
    fn add_ops(&mut self, target: &str) {
        let members = self.members_of(target);
        self.define(sys::BTF_KIND_STRUCT, &wrapper(target));
        let btf = self.full.btf();
        let types = |id: TypeId| -> Option<Vec<TypeId>> {
            let proto = btf.get(id)?;
            let Kind::FuncProto { ret } = proto.kind() else {
                return None;
            };
            let params = proto.params().map(|param| param.type_id);
            Some([ret].into_iter().chain(params).collect())
        };
        for func in btf.types() {
            let Kind::Func(proto) = func.kind() else {
                continue;
            };
            let underscores = func.name().match_indices('_');
            let mut ends = underscores.map(|(at, _)| &func.name()[at + 1..]);
            let is_named_so = |end: &str| {
                let member = members.get(end);
                member.is_some_and(|member| types(*member) == types(proto))
            };
            if ends.any(is_named_so) {
                self.trim.define(func.id());
            }
        }
    }

    /// The members of the ops type of `<ops>/<member>`, and the prototypes that they point to.
    fn members_of(&self, target: &str) -> HashMap<&'k str, TypeId> {
        let btf = self.full.btf();
        let wrappers = self.ids(sys::BTF_KIND_STRUCT, &wrapper(target));
        let members = |id: TypeId| match btf.get(id).map(|ty| ty.kind()) {
            Some(Kind::Struct(composite)) => Some(composite.members()),
            _ => None,
        };
        let (ops, _) = target.split_once('/').unwrap_or_default();
        wrappers
            .into_iter()
            .filter_map(members)
            .flatten()
            .map(|member| member.type_id)
            .filter(|id| btf.get(*id).is_some_and(|ty| ty.name() == ops))
            .filter_map(members)
            .flatten()
            .filter_map(|member| match btf.resolve(member.type_id)?.kind() {
                Kind::Ptr(to) => Some((member.name, btf.resolve(to)?.id())),
                _ => None,
            })
            .collect()
    }

    /// Adds the tags of functions of that name; whether there are any.
    fn define_tags(&mut self, name: &str) -> bool {
        let functions = self.ids(sys::BTF_KIND_FUNC, name);
        let mut found = false;
        for ty in self.full.btf().types() {
            if let Kind::DeclTag { target, .. } = ty.kind()
                && functions.contains(&target)
            {
                self.trim.define(ty.id());
                found = true;
            }
        }
        found
    }

    /// What a function takes by value has to be there with its size.
    fn define_by_value(&mut self, id: TypeId) {
        let btf = self.full.btf();
        let mut id = id;
        while let Some(Kind::Typedef(to) | Kind::Ptr(to) | Kind::Func(to)) =
            btf.get(id).map(|ty| ty.kind())
        {
            id = to;
        }
        let Some(ty) = btf.get(id) else { return };
        let Kind::FuncProto { ret } = ty.kind() else {
            return;
        };
        for id in ty.params().map(|param| param.type_id).chain([ret]) {
            let resolved = btf.resolve(id).map(|ty| ty.kind());
            if matches!(resolved, Some(Kind::Struct(_) | Kind::Union(_))) {
                self.trim.define(id);
            }
        }
    }

    /// What the architecture is told by.
    fn add_landmark(&mut self) {
        let name = match self.full.arch() {
            Some(Arch::Arm64) => "user_pt_regs",
            _ => "pt_regs",
        };
        self.define(sys::BTF_KIND_STRUCT, name);
    }

    /// What programs get whatever they attach to.
    fn add_what_programs_get(&mut self) {
        self.define(sys::BTF_KIND_TYPEDEF, "bpf_user_pt_regs_t");
        self.define(sys::BTF_KIND_STRUCT, "pt_regs");
        for family in Family::all() {
            if let Generic::Struct(name) = family.generic() {
                self.define(sys::BTF_KIND_STRUCT, name);
            }
        }
    }

    /// Functions that are called like LSM hooks.
    fn add_what_is_no_lsm_hook(&mut self) {
        let members = self.ids(sys::BTF_KIND_UNION, "security_list_options");
        let members: BTreeSet<&str> = members
            .iter()
            .filter_map(|id| match self.full.btf().get(*id)?.kind() {
                Kind::Union(union) => Some(union.members().map(|member| member.name)),
                _ => None,
            })
            .flatten()
            .collect();
        let names: BTreeSet<&str> = self
            .named
            .keys()
            .filter(|(kind, _)| *kind == sys::BTF_KIND_FUNC)
            .map(|(_, name)| *name)
            .filter(|name| {
                name.strip_prefix("bpf_lsm_")
                    .is_some_and(|hook| !members.contains(hook))
            })
            .collect();
        for name in names {
            self.define(sys::BTF_KIND_FUNC, name);
        }
    }
}

/// The struct that the kernel has an ops type in.
fn wrapper(target: &str) -> String {
    let (ops, _) = target.split_once('/').unwrap_or_default();
    format!("bpf_struct_ops_{ops}")
}

fn member(target: &str) -> &str {
    target.split_once('/').map_or("", |(_, member)| member)
}

fn kind_of(ty: &Type<'_>) -> Option<u32> {
    match ty.kind() {
        Kind::Func(_) => Some(sys::BTF_KIND_FUNC),
        Kind::Typedef(_) => Some(sys::BTF_KIND_TYPEDEF),
        Kind::Struct(_) => Some(sys::BTF_KIND_STRUCT),
        Kind::Union(_) => Some(sys::BTF_KIND_UNION),
        Kind::Enum { .. } | Kind::Enum64 { .. } => Some(sys::BTF_KIND_ENUM),
        _ => None,
    }
}

/// Makes empty structs of those that the kernel defines and a trim only declares: its declarations
/// are behind all other types.
///
/// What a verifier lets a program load depends on whether a pointer points to a struct, and a
/// declaration is none. So hooks look the same in a fixture as in the kernel.
fn undeclare(trimmed: &[u8], full: &KernelBtf) -> Vec<u8> {
    let defined: BTreeSet<&str> = full
        .btf()
        .types()
        .filter(|ty| matches!(ty.kind(), Kind::Struct(_) | Kind::Union(_)))
        .map(|ty| ty.name())
        .collect();
    let mut blob = Blob::parse(trimmed);
    let declared: Vec<u32> = blob
        .with_ids()
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .take_while(|(_, ty)| ty.kind() == sys::BTF_KIND_FWD && defined.contains(blob.name(ty)))
        .map(|(id, _)| id)
        .collect();
    for id in declared {
        let words = &mut blob.get_mut(id).words;
        let is_union = words[INFO] >> 31 == 1;
        words[INFO] = match is_union {
            true => sys::BTF_KIND_UNION << 24,
            false => sys::BTF_KIND_STRUCT << 24,
        };
        words[TARGET] = 0;
    }
    blob.to_bytes()
}
