//! What the columns of the table of families have in them.

/// Where the prototypes of a family's hooks come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// The member of an ops struct that the kernel lets programs implement.
    StructOps,
    /// `struct trace_event_raw_<class>`, for the class that the event is of.
    Event,
    /// The architecture's wrapper of a system call.
    SystemCall,
    /// A function of a program in user space, whose BTF the user has to give.
    User,
    /// None: whatever it attaches to, a program gets the same struct of the kernel's own, or what is
    /// no struct at all.
    None,
}

/// What a program of the family gets its arguments in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// An array of 64-bit slots.
    Slots,
    /// The registers that the function was called with, or returned with.
    Registers,
    /// A struct of the kernel's own, or one that is laid out as such.
    Memory,
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
    /// Where the function returns anything, and nothing else can be read: the arguments are gone.
    Only,
}

/// What programs of a family get that say nothing of what they attach to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generic {
    /// Nothing that is known without a target.
    Unknown,
    /// This struct of the kernel's own.
    Struct(&'static str),
    /// The registers, in the struct that the kernel's `bpf_user_pt_regs_t` is of its architecture.
    Registers,
    /// What is no struct of the kernel's: the type that a program's argument points to, and what it is.
    Other(&'static str, &'static str),
}

/// How context structs of a family are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Naming {
    pub(crate) prefix: &'static str,
    pub(crate) suffix: &'static str,
}
