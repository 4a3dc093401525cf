//! The table of hook families.
//!
//! A family is added by a row here. What the columns stand for is written in the steps that read
//! them: [`Prototypes`] in `prototype`, [`Returned`] in `layout`.

use std::fmt;

/// Where the prototypes of a family's hooks come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prototypes {
    /// A raw tracepoint. With `typedef`, the verifier takes the types from `btf_trace_<tp>`, and
    /// nothing can be attached where that is missing.
    Tracepoint {
        /// Whether `btf_trace_<tp>` has to be there.
        typedef: bool,
    },
    /// The FUNC of the hook's own name.
    Function,
    /// `bpf_lsm_<hook>`, for members of `union security_list_options`.
    Lsm,
    /// The kernel's own struct of that prefix, for the FUNC `bpf_iter_<target>`.
    Iterator,
}

/// When a program of the family may read the function's returned value from its context.
///
/// From `btf_ctx_access` of `kernel/bpf/btf.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// Never.
    No,
    /// Where the function returns anything.
    Value,
    /// Where the function returns an integer.
    Int,
}

/// How context structs of a family are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Naming {
    pub(crate) prefix: &'static str,
    pub(crate) suffix: &'static str,
}

#[derive(Debug)]
struct Row {
    name: &'static str,
    /// libbpf's section prefixes (`section_defs` of `libbpf.c`), without `?` and the slash.
    sections: &'static [&'static str],
    naming: Naming,
    prototypes: Prototypes,
    returned: Returned,
    /// Whether a target may name the module that it is in: `fentry/nf_conntrack:nf_conntrack_in`.
    /// libbpf looks those up by themselves (`find_kernel_btf_id` of `libbpf.c`); of the others, only
    /// the kernel knows, by the plain name.
    modules: bool,
}

const fn generated(prefix: &'static str) -> Naming {
    Naming {
        prefix,
        suffix: "_ctx",
    }
}

/// Of two families with the same struct names, the first is the one that a struct name stands for.
static ROWS: &[Row] = &[
    Row {
        name: "tp_btf",
        sections: &["tp_btf"],
        naming: generated("btf_trace_"),
        prototypes: Prototypes::Tracepoint { typedef: true },
        returned: Returned::No,
        modules: true,
    },
    Row {
        name: "raw_tp",
        sections: &["raw_tp", "raw_tracepoint", "raw_tp.w", "raw_tracepoint.w"],
        naming: generated("btf_trace_"),
        prototypes: Prototypes::Tracepoint { typedef: false },
        returned: Returned::No,
        modules: false,
    },
    Row {
        name: "fentry",
        sections: &["fentry", "fentry.s"],
        naming: generated("btf_fentry_"),
        prototypes: Prototypes::Function,
        returned: Returned::No,
        modules: true,
    },
    Row {
        name: "fexit",
        sections: &["fexit", "fexit.s"],
        naming: generated("btf_fexit_"),
        prototypes: Prototypes::Function,
        returned: Returned::Value,
        modules: true,
    },
    Row {
        name: "fmod_ret",
        sections: &["fmod_ret", "fmod_ret.s"],
        naming: generated("btf_fmod_ret_"),
        prototypes: Prototypes::Function,
        returned: Returned::Int,
        modules: true,
    },
    Row {
        name: "lsm",
        sections: &["lsm", "lsm.s"],
        naming: generated("btf_lsm_"),
        prototypes: Prototypes::Lsm,
        returned: Returned::Value,
        modules: false,
    },
    Row {
        name: "lsm_cgroup",
        sections: &["lsm_cgroup"],
        naming: generated("btf_lsm_cgroup_"),
        prototypes: Prototypes::Lsm,
        returned: Returned::Value,
        modules: false,
    },
    Row {
        name: "iter",
        sections: &["iter", "iter.s"],
        naming: Naming {
            prefix: "bpf_iter__",
            suffix: "",
        },
        prototypes: Prototypes::Iterator,
        returned: Returned::No,
        modules: false,
    },
];

/// A kind of hook: the part of a SEC name before the slash, with variants such as `.s` folded.
#[derive(Clone, Copy)]
pub struct Family(&'static Row);

impl Family {
    /// All families, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(Self)
    }

    /// The family of this name: `fentry`, not `fentry.s`.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::all().find(|family| family.0.name == name)
    }

    /// The family of this section prefix, and the table's own copy of it: `fentry.s` gives
    /// `fentry`.
    pub(crate) fn by_section(section: &str) -> Option<(Self, &'static str)> {
        Self::all().find_map(|family| {
            let own = family.0.sections.iter().find(|own| **own == section)?;
            Some((family, *own))
        })
    }

    /// Its name, which is also the canonical section prefix of its hooks.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// libbpf's section prefixes for it.
    pub fn sections(self) -> &'static [&'static str] {
        self.0.sections
    }

    /// Where the prototypes of its hooks come from.
    pub fn prototypes(self) -> Prototypes {
        self.0.prototypes
    }

    /// When the returned value can be read.
    pub fn returned(self) -> Returned {
        self.0.returned
    }

    /// Whether its hooks may name a module.
    pub(crate) fn names_modules(self) -> bool {
        self.0.modules
    }

    pub(crate) fn naming(self) -> Naming {
        self.0.naming
    }
}

impl PartialEq for Family {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Family {}

impl std::hash::Hash for Family {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl PartialOrd for Family {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Family {
    /// In the order of the table.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let place = |family: &Self| ROWS.iter().position(|row| std::ptr::eq(row, family.0));
        place(self).cmp(&place(other))
    }
}

impl fmt::Debug for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Family").field(&self.0.name).finish()
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.name)
    }
}
