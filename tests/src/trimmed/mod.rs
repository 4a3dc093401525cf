//! The trimmed kernel BTFs in `tests/fixtures` and `example-bpf/btf`: what is in them, and how they
//! are made of full ones.

mod corpus;
mod coverage;
mod samples;
mod table;

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::path::PathBuf;

use ctxgen::Arch;
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
    parts.add_what_is_no_lsm_hook();
    Ok(undeclare(&parts.trim.finish(), full))
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
        }
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
