//! Where kernel BTF may be if nobody has named it.

use std::path::Path;
use std::path::PathBuf;

use ctxgen::Arch;
use ctxgen::ByteOrder;
use ctxgen::RUNNING_BTF;

/// Where the release of the running kernel stands.
const RELEASE: &str = "/proc/sys/kernel/osrelease";

/// What stands for the release in [`FILES`].
const MARK: &str = "RELEASE";

/// Files of the running kernel, best first: those with nothing but BTF to read before images that
/// have to be decompressed. The ones that libbpf knows (`btf__load_vmlinux_btf` in `btf.c`), and the
/// kernel images of the usual distributions.
const FILES: [&str; 10] = [
    "/boot/vmlinux-RELEASE",
    "/usr/lib/debug/boot/vmlinux-RELEASE",
    "/usr/lib/debug/boot/vmlinux-RELEASE.debug",
    "/usr/lib/debug/lib/modules/RELEASE/vmlinux",
    "/lib/modules/RELEASE/vmlinux",
    "/lib/modules/RELEASE/vmlinux-RELEASE",
    "/lib/modules/RELEASE/build/vmlinux",
    "/usr/lib/modules/RELEASE/kernel/vmlinux",
    "/lib/modules/RELEASE/vmlinuz",
    "/boot/vmlinuz-RELEASE",
];

/// The file in a package that is the target's pinned BTF, where there is one.
pub(super) fn pinned(package: &Path, target: &str) -> PathBuf {
    package
        .join("btf")
        .join(format!("{}.btf", file_stem(target)))
}

/// What the pinned BTF of a target is called by: the architecture, and where that has two byte orders
/// the name that tells which.
fn file_stem(target: &str) -> &str {
    match Arch::from_target(target) {
        Some(arch) if one_order(arch) => arch.rust_name(),
        _ => machine(target),
    }
}

/// The running kernel's BTF below a root folder, `/` but in tests.
pub(super) fn running(root: &Path) -> PathBuf {
    below(root, RUNNING_BTF)
}

/// The files that may have the running kernel's BTF, and where its release is read.
pub(super) fn files(root: &Path) -> Result<Vec<PathBuf>, (PathBuf, std::io::Error)> {
    let place = below(root, RELEASE);
    let release = std::fs::read_to_string(&place).map_err(|error| (place, error))?;
    let release = release.trim();
    Ok(FILES
        .iter()
        .map(|file| below(root, &file.replace(MARK, release)))
        .collect())
}

fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

/// Whether kernels of two targets have the same types, as far as an architecture decides it.
pub(super) fn same_machine(target: &str, host: &str) -> bool {
    match (Arch::from_target(target), Arch::from_target(host)) {
        (Some(target), Some(host)) if target == host && one_order(host) => true,
        // The names tell the byte orders of an architecture from each other, and those from each
        // other that ctxgen does not know.
        _ => machine(target) == machine(host),
    }
}

fn one_order(arch: Arch) -> bool {
    [ByteOrder::Little, ByteOrder::Big]
        .into_iter()
        .filter(|&order| arch.has_byte_order(order))
        .count()
        == 1
}

fn machine(triple: &str) -> &str {
    triple.split('-').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines() {
        for (target, host, same) in [
            (
                "x86_64-unknown-linux-musl",
                "x86_64-unknown-linux-gnu",
                true,
            ),
            ("x86_64-unknown-linux-gnu", "x86_64", true),
            ("i686-unknown-linux-gnu", "x86_64-unknown-linux-gnu", true),
            (
                "aarch64-unknown-linux-gnu",
                "x86_64-unknown-linux-gnu",
                false,
            ),
            (
                "powerpc64-unknown-linux-gnu",
                "powerpc64le-unknown-linux-gnu",
                false,
            ),
            (
                "powerpc64le-unknown-linux-musl",
                "powerpc64le-unknown-linux-gnu",
                true,
            ),
            (
                "sparc64-unknown-linux-gnu",
                "sparc64-unknown-linux-gnu",
                true,
            ),
            ("wasm32-unknown-unknown", "sparc64-unknown-linux-gnu", false),
        ] {
            assert_eq!(same_machine(target, host), same, "{target}, {host}");
        }
    }

    #[test]
    fn pinned_files() {
        for (target, file) in [
            ("x86_64-unknown-linux-gnu", "x86_64.btf"),
            ("i686-unknown-linux-gnu", "x86_64.btf"),
            ("aarch64-unknown-linux-musl", "aarch64.btf"),
            ("s390x-unknown-linux-gnu", "s390x.btf"),
            ("riscv64gc-unknown-linux-gnu", "riscv64.btf"),
            ("powerpc64le-unknown-linux-gnu", "powerpc64le.btf"),
            ("powerpc64-unknown-linux-gnu", "powerpc64.btf"),
            ("sparc64-unknown-linux-gnu", "sparc64.btf"),
        ] {
            let expected = Path::new("/package/btf").join(file);
            assert_eq!(pinned(Path::new("/package"), target), expected);
        }
    }
}
