//! What the workspace needs besides cargo, and whether this machine has it.
//!
//! What counts is what the build will really look for, not what a package manager has written down:
//! a clang built by hand serves as well as Debian's.

use crate::machine::Machine;
use crate::process;
use crate::vm::Arch;
use crate::vm::rust_samples;
use crate::workspace;

/// One thing that is needed.
#[derive(Debug)]
pub(crate) struct Need {
    /// What takes it.
    pub(crate) user: User,
    /// What people call it.
    pub(crate) name: &'static str,
    /// What it is needed for, to follow "it".
    pub(crate) purpose: &'static str,
    /// Where it can be had.
    pub(crate) source: Source,
    /// The error names what was not found.
    probe: fn(&Machine) -> Result<(), String>,
}

/// What takes a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// Building the sample programs.
    Build,
    /// Testing, which builds too.
    Test,
    /// Tests that are skipped without it: compilers beside `clang`. Distributions have one or the
    /// other, Debian 12 both.
    Clangs,
    /// Tests of the page of `ctxgen matrix`, which are skipped without it.
    Browser,
    /// Tests of projects without Cargo, and of what is installed with the command, which are skipped without
    /// it.
    Projects,
    /// BPF programs in Rust, whose tests and samples are skipped without it.
    RustPrograms,
    /// Booting a kernel of that architecture, and asking it.
    Vm(Arch),
}

/// Where a thing can be had.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// Packages of Debian's.
    Packages(&'static [&'static str]),
    /// Those that have the compiler of an architecture, which are others on that itself.
    Compiler(Arch),
    /// A component of a Rust toolchain.
    Component(&'static str),
    /// A program that cargo compiles and installs.
    Crate(&'static Installed),
}

/// How cargo installs a program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Installed {
    /// A variable that its build reads.
    pub(crate) variable: (&'static str, &'static str),
    /// The arguments of `cargo install`.
    pub(crate) arguments: &'static [&'static str],
}

/// The linker of BPF programs in Rust, with the LLVM that the compiler has: of bitcode, only that or a newer one reads
/// all.
const BPF_LINKER: Installed = Installed {
    variable: ("LLVM_PREFIX", "/usr/lib/llvm-22"),
    arguments: &[
        "bpf-linker@0.13.0",
        // What takes time is LLVM's, and compiled already.
        "--debug",
        "--no-default-features",
        "--features=llvm-22",
        "--locked",
    ],
};

/// A need that this machine does not meet.
#[derive(Debug)]
pub(crate) struct Missing {
    /// What is missing.
    pub(crate) need: &'static Need,
    /// What was not found.
    pub(crate) sought: String,
}

/// All that is needed.
pub(crate) static NEEDS: [Need; 29] = [
    Need {
        user: User::Build,
        name: "a C compiler",
        purpose: "it builds libbpf",
        // Without recommended packages, gcc comes without C's own headers.
        source: Source::Packages(&["gcc", "libc6-dev"]),
        probe: |machine| machine.has_program(&machine.cc),
    },
    Need {
        user: User::Build,
        name: "make",
        purpose: "it builds libbpf",
        source: Source::Packages(&["make"]),
        probe: |machine| machine.has_program("make".as_ref()),
    },
    Need {
        user: User::Build,
        name: "pkg-config",
        purpose: "it tells libbpf's build where libelf and zlib are",
        source: Source::Packages(&["pkg-config"]),
        probe: |machine| machine.has_program(&machine.pkg_config),
    },
    Need {
        user: User::Build,
        name: "libelf",
        purpose: "libbpf reads object files with it",
        source: Source::Packages(&["libelf-dev"]),
        probe: |machine| machine.has_library("libelf", "libelf.h"),
    },
    Need {
        user: User::Build,
        name: "zlib",
        purpose: "libbpf reads compressed kernel configurations with it",
        source: Source::Packages(&["zlib1g-dev"]),
        probe: |machine| machine.has_library("zlib", "zlib.h"),
    },
    Need {
        user: User::Build,
        name: "clang",
        purpose: "it compiles the BPF programs",
        source: Source::Packages(&["clang"]),
        probe: Machine::has_bpf_clang,
    },
    Need {
        user: User::Build,
        name: "libclang",
        purpose: "bindgen reads C headers with it",
        source: Source::Packages(&["libclang1"]),
        // As bindgen does.
        probe: |_| clang_sys::load(),
    },
    Need {
        user: User::Test,
        name: "bpftool",
        purpose: "tests hold what we write against what it reads",
        source: Source::Packages(&["bpftool"]),
        probe: |machine| machine.has_program_for_root("bpftool"),
    },
    Need {
        user: User::Test,
        name: "rustfmt",
        purpose: "it checks the source code's format",
        source: Source::Component("rustfmt"),
        probe: |_| has_cargo_command("fmt"),
    },
    Need {
        user: User::Test,
        name: "clippy",
        purpose: "it checks the source code for common mistakes",
        source: Source::Component("clippy"),
        probe: |_| has_cargo_command("clippy"),
    },
    Need {
        user: User::Clangs,
        name: "clang 14",
        purpose: "programs are compiled with it too",
        source: Source::Packages(&["clang-14"]),
        probe: |machine| machine.has_clang(14),
    },
    Need {
        user: User::Clangs,
        name: "clang 19",
        purpose: "programs are compiled with it too",
        source: Source::Packages(&["clang-19"]),
        probe: |machine| machine.has_clang(19),
    },
    Need {
        user: User::Browser,
        name: "Chromium",
        purpose: "it shows the page of `ctxgen matrix`",
        source: Source::Packages(&["chromium"]),
        probe: |machine| machine.has_program("chromium".as_ref()),
    },
    Need {
        user: User::Browser,
        name: "Chromium's driver",
        purpose: "tests use Chromium through it",
        source: Source::Packages(&["chromium-driver"]),
        probe: |machine| machine.has_program("chromedriver".as_ref()),
    },
    project("CMake", &["cmake"], |machine| {
        machine.has_program("cmake".as_ref())
    }),
    project("Meson", &["meson"], |machine| {
        machine.has_program("meson".as_ref())
    }),
    project("Ninja", &["ninja-build"], |machine| {
        machine.has_program("ninja".as_ref())
    }),
    project("libbpf for C programs", &["libbpf-dev"], |machine| {
        machine.has_library("libbpf", "bpf/libbpf.h")
    }),
    project("zsh", &["zsh"], |machine| {
        machine.has_program("zsh".as_ref())
    }),
    project("fish", &["fish"], |machine| {
        machine.has_program("fish".as_ref())
    }),
    Need {
        user: User::RustPrograms,
        name: "Rust's own sources",
        purpose: "`core` is compiled for BPF",
        source: Source::Component("rust-src"),
        probe: |_| rust_samples::has_source(),
    },
    Need {
        user: User::RustPrograms,
        name: "LLVM 22",
        purpose: "bpf-linker is built with it",
        source: Source::Packages(&[
            "llvm-22-dev",
            "libpolly-22-dev",
            "clang-22",
            "libzstd-dev",
            "zlib1g-dev",
            "libxml2-dev",
        ]),
        // What is built is linked with it, or needs it no more.
        probe: |machine| {
            rust_samples::has_linker().or_else(|_| machine.has_program("llvm-config-22".as_ref()))
        },
    },
    Need {
        user: User::RustPrograms,
        name: "bpf-linker",
        purpose: "it links BPF programs in Rust",
        source: Source::Crate(&BPF_LINKER),
        probe: |_| rust_samples::has_linker(),
    },
    qemu(
        Arch::X86_64,
        "QEMU for x86-64",
        "it runs x86-64 kernels",
        |machine| machine.has_qemu(Arch::X86_64),
    ),
    qemu(
        Arch::Arm64,
        "QEMU for arm64",
        "it runs arm64 kernels",
        |machine| machine.has_qemu(Arch::Arm64),
    ),
    qemu(
        Arch::S390x,
        "QEMU for s390x",
        "it runs s390x kernels",
        |machine| machine.has_qemu(Arch::S390x),
    ),
    compiler(Arch::X86_64, "a C compiler for x86-64", |_| {
        Arch::X86_64.can_compile()
    }),
    compiler(Arch::Arm64, "a C compiler for arm64", |_| {
        Arch::Arm64.can_compile()
    }),
    compiler(Arch::S390x, "a C compiler for s390x", |_| {
        Arch::S390x.can_compile()
    }),
];

const fn project(
    name: &'static str,
    packages: &'static [&'static str],
    probe: fn(&Machine) -> Result<(), String>,
) -> Need {
    Need {
        user: User::Projects,
        name,
        purpose: "tests of the command in other projects take it",
        source: Source::Packages(packages),
        probe,
    }
}

const fn qemu(
    arch: Arch,
    name: &'static str,
    purpose: &'static str,
    probe: fn(&Machine) -> Result<(), String>,
) -> Need {
    Need {
        user: User::Vm(arch),
        name,
        purpose,
        source: Source::Packages(arch.facts().qemu_package),
        probe,
    }
}

const fn compiler(
    arch: Arch,
    name: &'static str,
    probe: fn(&Machine) -> Result<(), String>,
) -> Need {
    Need {
        user: User::Vm(arch),
        name,
        purpose: "it compiles what asks those kernels",
        source: Source::Compiler(arch),
        probe,
    }
}

impl Source {
    /// Debian's packages of it.
    pub(crate) fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Packages(packages) => packages,
            Self::Compiler(arch) => arch.compiler_packages(),
            Self::Component(_) | Self::Crate(_) => &[],
        }
    }

    /// The component of a Rust toolchain that it is.
    pub(crate) fn component(self) -> Option<&'static str> {
        match self {
            Self::Component(name) => Some(name),
            _ => None,
        }
    }

    /// How cargo installs it, if it does.
    pub(crate) fn installed(self) -> Option<&'static Installed> {
        match self {
            Self::Crate(installed) => Some(installed),
            _ => None,
        }
    }
}

/// What these take.
pub(crate) fn of(users: &[User]) -> Vec<&'static Need> {
    NEEDS
        .iter()
        .filter(|need| users.contains(&need.user))
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

/// Whether cargo has a subcommand.
pub(crate) fn has_cargo_command(name: &str) -> Result<(), String> {
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
        for need in &NEEDS {
            assert!(!need.name.is_empty() && !need.purpose.is_empty());
            let packages = need.source.packages();
            assert!(
                (need.source.component().is_some() || need.source.installed().is_some())
                    == packages.is_empty(),
                "{}",
                need.name
            );
        }
    }

    #[test]
    fn every_architecture_can_be_booted() {
        for arch in Arch::ALL {
            assert_eq!(of(&[User::Vm(arch)]).len(), 2, "{arch}");
        }
    }
}
