//! Names of structs that several steps have to know.

/// What the struct of registers is called on most architectures.
pub(crate) const PT_REGS: &str = "pt_regs";

/// What the struct of a system call's arguments is called.
pub(crate) fn arguments_struct(call: &str) -> String {
    format!("btf_syscall_{call}_args")
}

/// Whether a struct is of a system call's arguments, which are in the kernel's registers.
pub(crate) fn is_arguments_struct(name: &str) -> bool {
    let call = name.strip_prefix("btf_syscall_");
    call.is_some_and(|call| call.ends_with("_args"))
}
