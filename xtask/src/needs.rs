//! What the workspace needs besides cargo, and whether this machine has it.
//!
//! What counts is what the build will really look for, not what a package manager has written down:
//! a clang built by hand serves as well as Debian's.

use crate::libclang;
use crate::machine::Machine;
use crate::process;
use crate::vm;
use crate::vm::Arch;
use crate::workspace;

/// One thing that is needed.
#[derive(Debug)]
pub(crate) struct Need {
    /// What people call it.
    pub(crate) name: &'static str,
    /// What it is needed for, to follow "it".
    pub(crate) purpose: &'static str,
    /// Where it can be had.
    pub(crate) source: Source,
    /// Says what was looked for in vain.
    probe: fn(&Machine) -> Result<(), String>,
}

/// Where a thing can be had.
#[derive(Debug)]
pub(crate) enum Source {
    /// Packages of Debian's.
    Packages(&'static [&'static str]),
    /// A component of a Rust toolchain.
    Component(&'static str),
}

/// A need that this machine does not meet.
#[derive(Debug)]
pub(crate) struct Missing {
    /// What is missing.
    pub(crate) need: &'static Need,
    /// What was looked for in vain.
    pub(crate) sought: String,
}

/// What building the sample programs takes.
pub(crate) static BUILD: [Need; 7] = [
    Need {
        name: "a C compiler",
        purpose: "it builds libbpf",
        // Whoever leaves out recommended packages gets a gcc without C's own headers.
        source: Source::Packages(&["gcc", "libc6-dev"]),
        probe: |machine| machine.has_program(&machine.cc),
    },
    Need {
        name: "make",
        purpose: "it builds libbpf",
        source: Source::Packages(&["make"]),
        probe: |machine| machine.has_program("make".as_ref()),
    },
    Need {
        name: "pkg-config",
        purpose: "it tells libbpf's build where libelf and zlib are",
        source: Source::Packages(&["pkg-config"]),
        probe: |machine| machine.has_program(&machine.pkg_config),
    },
    Need {
        name: "libelf",
        purpose: "libbpf reads object files with it",
        source: Source::Packages(&["libelf-dev"]),
        probe: |machine| machine.has_library("libelf", "libelf.h"),
    },
    Need {
        name: "zlib",
        purpose: "libbpf reads compressed kernel configurations with it",
        source: Source::Packages(&["zlib1g-dev"]),
        probe: |machine| machine.has_library("zlib", "zlib.h"),
    },
    Need {
        name: "clang",
        purpose: "it compiles the BPF programs",
        source: Source::Packages(&["clang"]),
        probe: Machine::has_bpf_clang,
    },
    Need {
        name: "libclang",
        purpose: "bindgen reads C headers with it",
        source: Source::Packages(&["libclang1"]),
        probe: |_| libclang::find(),
    },
];

/// What testing takes on top of building.
pub(crate) static TEST: [Need; 3] = [
    Need {
        name: "bpftool",
        purpose: "tests hold what we write against what it reads",
        source: Source::Packages(&["bpftool"]),
        probe: |machine| machine.has_program_for_root("bpftool"),
    },
    Need {
        name: "rustfmt",
        purpose: "it checks the source code's format",
        source: Source::Component("rustfmt"),
        probe: |_| has_cargo_command("fmt"),
    },
    Need {
        name: "clippy",
        purpose: "it checks the source code for common mistakes",
        source: Source::Component("clippy"),
        probe: |_| has_cargo_command("clippy"),
    },
];

/// What testing can do without: compilers that tests run with beside `clang`. Distributions have one or the
/// other, Debian 12 both.
pub(crate) static CLANGS: [Need; 2] = [
    Need {
        name: "clang 14",
        purpose: "programs are compiled with it too",
        source: Source::Packages(&["clang-14"]),
        probe: |machine| machine.has_clang(14),
    },
    Need {
        name: "clang 19",
        purpose: "programs are compiled with it too",
        source: Source::Packages(&["clang-19"]),
        probe: |machine| machine.has_clang(19),
    },
];

/// What a kernel of each architecture takes to be booted and asked.
static VM: [(Arch, [Need; 2]); 3] = [
    (
        Arch::X86_64,
        [
            Need {
                name: "QEMU for x86-64",
                purpose: "it runs x86-64 kernels",
                source: Source::Packages(&["qemu-system-x86"]),
                probe: |machine| machine.has_program("qemu-system-x86_64".as_ref()),
            },
            Need {
                name: "a C compiler for x86-64",
                purpose: "it compiles what asks those kernels",
                source: Source::Packages(if cfg!(target_arch = "x86_64") {
                    &["gcc", "libc6-dev"]
                } else {
                    &["gcc-x86-64-linux-gnu", "libc6-dev-amd64-cross"]
                }),
                probe: |_| vm::can_build(Arch::X86_64),
            },
        ],
    ),
    (
        Arch::Arm64,
        [
            Need {
                name: "QEMU for arm64",
                purpose: "it runs arm64 kernels",
                source: Source::Packages(&["qemu-system-arm"]),
                probe: |machine| machine.has_program("qemu-system-aarch64".as_ref()),
            },
            Need {
                name: "a C compiler for arm64",
                purpose: "it compiles what asks those kernels",
                source: Source::Packages(if cfg!(target_arch = "aarch64") {
                    &["gcc", "libc6-dev"]
                } else {
                    &["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"]
                }),
                probe: |_| vm::can_build(Arch::Arm64),
            },
        ],
    ),
    (
        Arch::S390x,
        [
            Need {
                name: "QEMU for s390x",
                purpose: "it runs s390x kernels",
                source: Source::Packages(&["qemu-system-misc"]),
                probe: |machine| machine.has_program("qemu-system-s390x".as_ref()),
            },
            Need {
                name: "a C compiler for s390x",
                purpose: "it compiles what asks those kernels",
                source: Source::Packages(if cfg!(target_arch = "s390x") {
                    &["gcc", "libc6-dev"]
                } else {
                    &["gcc-s390x-linux-gnu", "libc6-dev-s390x-cross"]
                }),
                probe: |_| vm::can_build(Arch::S390x),
            },
        ],
    ),
];

/// What it takes to boot kernels of these architectures.
pub(crate) fn vm(archs: &[Arch]) -> Vec<&'static Need> {
    VM.iter()
        .filter(|(arch, _)| archs.contains(arch))
        .flat_map(|(_, needs)| needs)
        .collect()
}

/// Those of `needs` that this machine does not meet.
pub(crate) fn missing(needs: &[&'static Need]) -> Vec<Missing> {
    let machine = Machine::this();
    needs
        .iter()
        .filter_map(|need| {
            let sought = (need.probe)(&machine).err()?;
            Some(Missing { need, sought })
        })
        .collect()
}

fn has_cargo_command(name: &str) -> Result<(), String> {
    if process::succeeds(workspace::cargo().args([name, "--version"])) {
        Ok(())
    } else {
        Err(format!("`cargo {name}` does not run"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_need_says_where_it_can_be_had() {
        for need in BUILD
            .iter()
            .chain(&TEST)
            .chain(&CLANGS)
            .chain(vm(&Arch::ALL))
        {
            assert!(!need.name.is_empty() && !need.purpose.is_empty());
            match need.source {
                Source::Packages(packages) => assert!(!packages.is_empty(), "{}", need.name),
                Source::Component(component) => assert!(!component.is_empty(), "{}", need.name),
            }
        }
    }
}
