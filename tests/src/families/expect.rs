//! Why a kernel may refuse a program of `tests/families`.

use std::ffi::CString;
use std::fmt;

use ctxgen::SecName;
use libbpf_rs::libbpf_sys;

use super::load::Outcome;
use crate::program::version;

/// The kernel's own number, which the C library has no name for (`include/linux/errno.h`).
const ENOTSUPP: i32 = 524;

/// What programs are loaded into.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Major and minor.
    release: (u32, u32),
    /// As Rust has it.
    arch: String,
    /// Whether this is a virtual machine of `cargo xtask vm`, whose kernel and settings are known.
    is_known: bool,
    /// Whether the kernel may be configured with less than distributions do.
    may_lack: bool,
}

/// What came of a program, and whether that is as it has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expected {
    /// It is loaded.
    Loaded,
    /// It is not, for this reason.
    Refused(&'static str),
    /// It is not, and nothing explains that.
    Wrong,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loaded => "loaded",
            Self::Refused(why) => why,
            Self::Wrong => "wrong",
        })
    }
}

impl Machine {
    /// A virtual machine with a kernel whose name starts with its release.
    pub fn known(name: &str, arch: &str) -> Self {
        Self {
            release: version(name),
            arch: arch.to_owned(),
            is_known: true,
            // Of those that are known, the one that was built for these tests, with little in it.
            may_lack: name.ends_with("-clang"),
        }
    }

    /// The machine that this runs on.
    pub fn this(release: &str) -> Self {
        Self {
            is_known: false,
            may_lack: true,
            ..Self::known(release, std::env::consts::ARCH)
        }
    }

    /// Judges what came of a program.
    pub fn judge(&self, outcome: &Outcome) -> Expected {
        let Some(refused) = &outcome.refused else {
            return Expected::Loaded;
        };
        let Ok(sec) = SecName::parse(&outcome.section) else {
            return Expected::Wrong;
        };
        let reason = match (refused.errno, sec.hook.family().name()) {
            (libc::EINVAL, _) if is_unknown_to_libbpf(&outcome.section) => {
                Some("this libbpf does not know the section")
            }
            (libc::EPERM, family) if !self.is_known && makes_trampolines(family) => {
                Some("this machine allows no such program")
            }
            (_, family) if self.arch == "s390x" && makes_trampolines(family) => {
                Some("no JIT on this kernel")
            }
            (libc::EINVAL, "lirc_mode2") => {
                Some("the kernel is configured without infrared receivers")
            }
            (libc::EINVAL, "netfilter") if self.may_lack => {
                Some("the kernel is configured without programs of netfilter's")
            }
            (ENOTSUPP, "struct_ops") if self.may_lack => {
                Some("the kernel is configured without BPF's operations of TCP")
            }
            (libc::EINVAL, family)
                if (self.may_lack || self.release < (7, 0))
                    && makes_trampolines(family)
                    && refused.said.ends_with(" is not sleepable") =>
            {
                Some("no errors can be injected into this kernel's system calls")
            }
            (libc::EINVAL, _) => self.too_old(sec.section),
            _ => None,
        };
        reason.map_or(Expected::Wrong, Expected::Refused)
    }

    /// What a kernel is too old for, though it has all that the program is compiled against.
    fn too_old(&self, section: &str) -> Option<&'static str> {
        let sleeps = section.ends_with(".s");
        let (since, why) = match section.split(['.', '/']).next()? {
            "xdp" if section.contains(".frags") => ((5, 18), "older than packets in fragments"),
            "uprobe" | "uretprobe" | "usdt" if sleeps => ((6, 0), "older than uprobes that sleep"),
            _ => return None,
        };
        (self.release < since).then_some(why)
    }
}

/// Whether the libbpf that is linked to this program has no such section, as 1.7 has none of 1.8's.
fn is_unknown_to_libbpf(section: &str) -> bool {
    let Ok(section) = CString::new(section) else {
        return true;
    };
    let (mut prog_type, mut attach_type) = (0, 0);
    // SAFETY: the name ends with a NUL byte, and both results are written within this call.
    let found = unsafe {
        libbpf_sys::libbpf_prog_type_by_name(
            section.as_ptr(),
            &raw mut prog_type,
            &raw mut attach_type,
        )
    };
    found < 0
}

/// Whether the kernel compiles code for each attachment of a family's programs.
fn makes_trampolines(family: &str) -> bool {
    let families = [
        "fentry",
        "fexit",
        "fmod_ret",
        "fsession",
        "lsm",
        "lsm_cgroup",
        "freplace",
    ];
    families.contains(&family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_is_explained() {
        for (name, arch, line, expected) in [
            (
                "5.10.223-amd64-cloud",
                "x86_64",
                "f xdp.frags 22 no",
                "older than packets in fragments",
            ),
            (
                "6.1.192-amd64-cloud",
                "x86_64",
                "f xdp.frags 22 no",
                "wrong",
            ),
            (
                "5.10.223-amd64-cloud",
                "x86_64",
                "f kprobe/f 22 no",
                "wrong",
            ),
            (
                "6.12.107-s390x",
                "s390x",
                "f fentry/f 12 no",
                "no JIT on this kernel",
            ),
            ("6.12.107-s390x", "s390x", "f kprobe/f 12 no", "wrong"),
            (
                "7.2.13-amd64-cloud",
                "x86_64",
                "f fentry.s/f 22 f is not sleepable",
                "wrong",
            ),
            ("7.2.13-amd64-cloud", "x86_64", "f fentry/f 1 no", "wrong"),
            ("7.2.13-amd64-cloud", "x86_64", "f fentry/f ok", "loaded"),
            (
                "7.2.13-amd64-cloud",
                "x86_64",
                "f fentry.of_no_libbpf/f 22 no",
                "wrong",
            ),
        ] {
            let outcome = Outcome::parse(line).unwrap();
            let judged = Machine::known(name, arch).judge(&outcome);
            assert_eq!(judged.to_string(), expected, "{name}: {line}");
        }
        let outcome = Outcome::parse("f fentry/f 1 no").unwrap();
        let judged = Machine::this("6.18").judge(&outcome);
        assert_eq!(judged.to_string(), "this machine allows no such program");
    }
}
