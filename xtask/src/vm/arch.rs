//! The architectures that we can boot: what each takes, and how to know a kernel image of theirs.

use std::env;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use crate::vm::Error;

/// An architecture whose kernels we can boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Arch {
    /// x86-64, from a bzImage.
    X86_64,
    /// 64-bit Arm, from an uncompressed Image.
    Arm64,
    /// s390x, the big-endian one.
    S390x,
}

/// What is known of an architecture.
#[derive(Debug)]
pub(crate) struct Facts {
    /// What `uname -m` says.
    pub(crate) name: &'static str,
    /// Debian's name.
    pub(crate) debian: &'static str,
    /// Where in an image its mark is, and what that is.
    mark: (usize, &'static [u8]),
    /// The C compiler on machines of another architecture.
    cross_compiler: &'static str,
    /// The Debian packages that have it and its libc, without what they merely recommend.
    cross_packages: &'static [&'static str],
    /// The QEMU that emulates it.
    pub(crate) qemu: &'static str,
    /// The Debian package that has it.
    pub(crate) qemu_package: &'static [&'static str],
    /// QEMU's arguments for the machine.
    pub(crate) machine: &'static [&'static str],
    /// The processor to emulate.
    pub(crate) cpu: &'static str,
    /// The device of the console.
    pub(crate) console: &'static str,
}

static X86_64: Facts = Facts {
    name: "x86_64",
    debian: "amd64",
    // The header of the boot protocol.
    mark: (0x202, b"HdrS"),
    cross_compiler: "x86_64-linux-gnu-gcc",
    cross_packages: &["gcc-x86-64-linux-gnu", "libc6-dev-amd64-cross"],
    qemu: "qemu-system-x86_64",
    qemu_package: &["qemu-system-x86"],
    machine: &[],
    // QEMU 7.2 emulates cmpxchg16b in a way that crashed or hung every fifth boot.
    cpu: "max,-cx16",
    console: "ttyS0",
};

static ARM64: Facts = Facts {
    name: "aarch64",
    debian: "arm64",
    mark: (56, b"ARMd"),
    cross_compiler: "aarch64-linux-gnu-gcc",
    cross_packages: &["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
    qemu: "qemu-system-aarch64",
    qemu_package: &["qemu-system-arm"],
    machine: &["-M", "virt"],
    // `max` has pointer authentication, whose emulation triples the time to boot.
    cpu: "cortex-a57",
    console: "ttyAMA0",
};

static S390X: Facts = Facts {
    name: "s390x",
    debian: "s390x",
    // The entry point of the boot loader for channel-attached devices.
    mark: (0x10008, b"S390EP"),
    cross_compiler: "s390x-linux-gnu-gcc",
    cross_packages: &["gcc-s390x-linux-gnu", "libc6-dev-s390x-cross"],
    qemu: "qemu-system-s390x",
    qemu_package: &["qemu-system-misc"],
    machine: &["-M", "s390-ccw-virtio"],
    cpu: "max",
    console: "ttysclp0",
};

/// All marks lie within so many bytes from the start.
const HEAD: usize = 0x10010;

impl Arch {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::X86_64, Self::Arm64, Self::S390x];

    /// What is known of it.
    pub(crate) const fn facts(self) -> &'static Facts {
        match self {
            Self::X86_64 => &X86_64,
            Self::Arm64 => &ARM64,
            Self::S390x => &S390X,
        }
    }

    /// Whether this machine is one.
    fn is_ours(self) -> bool {
        self.facts().name == env::consts::ARCH
    }

    /// The C compiler for it.
    pub(crate) fn compiler(self) -> &'static str {
        match self.is_ours() {
            true => "cc",
            false => self.facts().cross_compiler,
        }
    }

    /// The Debian packages that have the compiler and its libc.
    pub(crate) fn compiler_packages(self) -> &'static [&'static str] {
        match self.is_ours() {
            true => &["gcc", "libc6-dev"],
            false => self.facts().cross_packages,
        }
    }

    /// Whether static programs can be compiled for it; what was looked for in vain is the error.
    pub(crate) fn can_compile(self) -> Result<(), String> {
        // A cross compiler is there without its libc when recommended packages are left out. Of a
        // library that it does not find, a compiler prints the bare name.
        let compiler = self.compiler();
        let output = Command::new(compiler)
            .arg("-print-file-name=libc.a")
            .output()
            .map_err(|error| format!("cannot run {compiler}: {error}"))?;
        match output.stdout.contains(&b'/') {
            true => Ok(()),
            false => Err(format!("{compiler} finds no libc.a")),
        }
    }

    /// The architecture of a kernel image, by what is in it.
    pub(crate) fn of_image(path: &Path) -> Result<Self, Error> {
        let unreadable = |source| Error::Image {
            path: path.to_owned(),
            source,
        };
        let mut head = Vec::with_capacity(HEAD);
        File::open(path)
            .and_then(|file| file.take(HEAD as u64).read_to_end(&mut head))
            .map_err(unreadable)?;
        Self::of_head(&head).ok_or_else(|| Error::NoImage {
            path: path.to_owned(),
        })
    }

    fn of_head(head: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|arch| {
            let (at, mark) = arch.facts().mark;
            head.get(at..at + mark.len()) == Some(mark)
        })
    }

    /// The architecture of that name, as `uname -m` or Debian have it.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let has = |arch: &Self| [arch.facts().name, arch.facts().debian].contains(&name);
        Self::ALL.into_iter().find(has)
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.facts().name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_is_known_by_its_mark() {
        for arch in Arch::ALL {
            let (at, mark) = arch.facts().mark;
            let mut head = vec![0; HEAD];
            head[at..at + mark.len()].copy_from_slice(mark);
            assert_eq!(Arch::of_head(&head), Some(arch));
            // As short as can be.
            assert_eq!(Arch::of_head(&head[..at + mark.len()]), Some(arch));
            assert_eq!(Arch::of_head(&head[..at + mark.len() - 1]), None);
        }
    }

    #[test]
    fn anything_else_is_no_image() {
        assert_eq!(Arch::of_head(b""), None);
        assert_eq!(Arch::of_head(&[0; HEAD]), None);
        assert_eq!(Arch::of_head(b"\x7fELF\x02\x01\x01"), None);
    }

    #[test]
    fn a_file_that_is_no_image_is_said_to_be_none() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let error = Arch::of_image(&path).unwrap_err().to_string();
        assert!(error.contains("Cargo.toml"), "{error}");
        assert!(error.contains("is no kernel image"), "{error}");
    }

    #[test]
    fn names_are_understood_again() {
        for arch in Arch::ALL {
            assert_eq!(Arch::from_name(arch.facts().name), Some(arch));
        }
        assert_eq!(Arch::from_name("amd64"), Some(Arch::X86_64));
        assert_eq!(Arch::from_name("riscv64"), None);
    }

    #[test]
    fn this_machine_needs_no_cross_compiler() {
        if let Some(arch) = Arch::from_name(env::consts::ARCH) {
            assert_eq!(arch.compiler(), "cc");
        }
    }
}
