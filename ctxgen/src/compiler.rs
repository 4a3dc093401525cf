//! How BPF programs are compiled for a kernel.

mod bounded;
mod system;

pub use self::bounded::CLANG_TIMEOUT;
pub use self::bounded::CLANG_TIMEOUT_VARIABLE;
pub use self::bounded::RunError;
pub use self::bounded::run_bounded;
pub use self::bounded::timeout_from;
pub use self::system::system_folders;
pub use self::system::system_folders_args;

use crate::btf::ByteOrder;
use crate::kernel::Arch;

/// The arguments with which clang compiles BPF programs for a kernel of that byte order and
/// architecture, apart from those that name files.
pub fn clang_args(order: ByteOrder, arch: Option<Arch>) -> Vec<String> {
    let target = match order {
        ByteOrder::Little => "bpfel",
        ByteOrder::Big => "bpfeb",
    };
    let mut args = vec![
        "-g",
        "-O2",
        "-Wall",
        "-target",
        target,
        // The third version of the instruction set is that of kernel 5.1, older than kernel BTF.
        "-mcpu=v3",
        "-fno-stack-protector",
        // Kernels since 6.19 have structs that C compilers take only so; see `vmlinux.h`.
        "-fms-extensions",
        "-Wno-microsoft-anon-tag",
        // There is no C library: compilers' own headers must not look for it.
        "-U__STDC_HOSTED__",
        "-D__STDC_HOSTED__=0",
        "-Wno-builtin-macro-redefined",
        // A warning for old compilers: libbpf finds such a function in no kernel.
        "-Werror=implicit-function-declaration",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect::<Vec<_>>();
    args.extend(arch.map(|arch| format!("-D__TARGET_ARCH_{}", arch.libbpf_name())));
    args
}
