//! The folders of a system's own headers, such as `<linux/bpf.h>` and what of `<asm/…>` it includes.
//!
//! For the target `bpf`, clang searches `/usr/include` and no folder of an architecture. It knows
//! those of others, on any distribution.

use std::path::Path;
use std::path::PathBuf;

use crate::btf::ByteOrder;
use crate::kernel::Arch;

const START: &str = "#include <...> search starts here:";
const END: &str = "End of search list.";

/// The arguments with which clang writes to standard error in which folders it searches headers of
/// that architecture.
pub fn system_folders_args(order: ByteOrder, arch: Arch) -> Vec<String> {
    let target = format!("--target={}", triple(order, arch));
    let rest = ["-E", "-v", "-x", "c", "/dev/null"].map(str::to_owned);
    [target].into_iter().chain(rest).collect()
}

/// The folders that clang has answered with: without those of clang itself, and with the one in which
/// distributions have the headers of other architectures. `exists` is asked for that.
pub fn system_folders(
    said: &str,
    order: ByteOrder,
    arch: Arch,
    exists: impl Fn(&Path) -> bool,
) -> Vec<PathBuf> {
    let lines = said.lines().skip_while(|line| line.trim() != START).skip(1);
    let mut folders: Vec<PathBuf> = lines
        .map(str::trim)
        .take_while(|line| *line != END)
        .filter(|line| !line.ends_with("(framework directory)"))
        .map(PathBuf::from)
        .filter(|folder| !is_of_compiler(folder))
        .collect();
    let cross = Path::new("/usr").join(triple(order, arch)).join("include");
    if !folders.contains(&cross) && exists(&cross) {
        folders.insert(0, cross);
    }
    folders
}

/// `lib/clang/19/include` and the like.
fn is_of_compiler(folder: &Path) -> bool {
    let mut parts = folder.iter().rev();
    parts.next().is_some_and(|last| last == "include")
        && parts.nth(1).is_some_and(|third| third == "clang")
}

/// The architecture as GNU systems call it.
fn triple(order: ByteOrder, arch: Arch) -> String {
    match (arch, order) {
        (Arch::Arm, _) => "arm-linux-gnueabihf".to_owned(),
        (Arch::Mips, ByteOrder::Little) => "mips64el-linux-gnuabi64".to_owned(),
        (Arch::Mips, ByteOrder::Big) => "mips64-linux-gnuabi64".to_owned(),
        (Arch::PowerPc, ByteOrder::Big) => "powerpc64-linux-gnu".to_owned(),
        (arch, _) => format!("{}-linux-gnu", arch.rust_name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(said: &str, there: &[&str]) -> Vec<PathBuf> {
        let exists = |path: &Path| there.iter().any(|folder| Path::new(folder) == path);
        system_folders(said, ByteOrder::Little, Arch::Arm64, exists)
    }

    #[test]
    fn arguments() {
        for (arch, order, expected) in [
            (Arch::X86, ByteOrder::Little, "--target=x86_64-linux-gnu"),
            (Arch::Arm64, ByteOrder::Little, "--target=aarch64-linux-gnu"),
            (
                Arch::PowerPc,
                ByteOrder::Little,
                "--target=powerpc64le-linux-gnu",
            ),
            (
                Arch::PowerPc,
                ByteOrder::Big,
                "--target=powerpc64-linux-gnu",
            ),
            (Arch::Riscv, ByteOrder::Little, "--target=riscv64-linux-gnu"),
            (Arch::S390, ByteOrder::Big, "--target=s390x-linux-gnu"),
        ] {
            assert_eq!(system_folders_args(order, arch)[0], expected);
        }
    }

    #[test]
    fn answers() {
        let said = "clang version 19\n#include \"...\" search starts here:\n\
                    #include <...> search starts here:\n /usr/lib/llvm-19/lib/clang/19/include\n \
                    /usr/local/include\n /usr/include/a b\n /usr/include\n /x (framework directory)\n\
                    End of search list.\n /after\n";
        let expected = ["/usr/local/include", "/usr/include/a b", "/usr/include"];
        assert_eq!(folders(said, &[]), expected.map(PathBuf::from));
        let cross = "/usr/aarch64-linux-gnu/include";
        assert_eq!(folders(said, &[cross])[0], Path::new(cross));
        assert!(folders("error", &[]).is_empty());
    }
}
