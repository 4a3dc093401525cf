//! Why the kernel did not take a program, and what to do about it.

use std::fmt;

use crate::errno::ENOTSUPP;
use crate::errno_name;
use crate::errno_of;

/// How much of the verifier's log an error repeats: it ends with what it objects to.
const LOG_LINES: usize = 12;

/// On the way to what the refusal came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Loading, when the verifier checks a program.
    Load,
    /// Attaching to a hook.
    Attach,
}

/// A program that was not taken.
#[derive(Debug)]
pub struct Refusal {
    step: Step,
    /// Name and hook, where libbpf told which program it was.
    program: Option<(String, String)>,
    errno: Option<i32>,
    error: String,
    /// The end of the verifier's log, if it got that far.
    log: String,
    root: bool,
}

impl Refusal {
    /// Finds out from what libbpf `said` which of `programs` (name and hook) the error is about.
    pub fn new(
        step: Step,
        error: &libbpf_rs::Error,
        said: &str,
        programs: &[(String, String)],
    ) -> Self {
        Self {
            step,
            program: blamed(said)
                .and_then(|name| programs.iter().find(|(program, _)| program == name))
                .cloned(),
            errno: errno_of(error),
            error: format!("{error:#}"),
            log: verifier_log(said),
            // SAFETY: `geteuid` has no preconditions and cannot fail.
            root: unsafe { libc::geteuid() } == 0,
        }
    }

    fn advice(&self) -> &'static str {
        match self.errno {
            Some(libc::EPERM | libc::EACCES) if !self.root => {
                "run it as root, or with the capabilities CAP_BPF and CAP_PERFMON"
            }
            Some(libc::EPERM) => {
                "this kernel does not allow programs of this kind even to root: it is locked down, \
                 restricted by its vendor, or this is a container without CAP_BPF and CAP_PERFMON; \
                 run it on a kernel that allows them"
            }
            Some(libc::EACCES | libc::EINVAL) => {
                "the verifier objects, or the kernel is not the one that the program was built \
                 for: build it against this kernel's BTF (without CTXGEN_BTF), and use --verbose \
                 for everything that libbpf has to say"
            }
            Some(ENOTSUPP | libc::EOPNOTSUPP) => {
                "this kernel cannot attach programs of this kind on this architecture; use a newer \
                 one, or one that is configured with BPF trampolines and, for lsm, CONFIG_BPF_LSM"
            }
            Some(libc::ENOMEM) => {
                "either memory ran out, or the kernel has no BPF JIT for this architecture, without \
                 which fentry, fexit, fmod_ret and lsm programs cannot run"
            }
            Some(libc::ESRCH | libc::ENOENT) => {
                "this kernel does not have that hook: it was renamed, inlined or not configured; \
                 build against this kernel's BTF to see at build time which hooks there are"
            }
            Some(libc::EBUSY) => {
                "another program holds this hook exclusively; `bpftool link` shows which"
            }
            Some(libc::E2BIG) => "the program is too large or too complex for this kernel",
            _ => "use --verbose for everything that libbpf has to say",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match self.step {
            Step::Load => "load",
            Step::Attach => "attach",
        };
        match &self.program {
            Some((name, hook)) => write!(f, "cannot {step} the program `{name}` ({hook}): ")?,
            None => write!(f, "cannot {step} the programs: ")?,
        }
        if let Some(errno) = self.errno {
            write!(f, "{}, ", errno_name(errno))?;
        }
        write!(f, "{}\n  {}", self.error, self.advice())?;
        if !self.log.is_empty() {
            write!(f, "\n  the end of the verifier's log:\n{}", self.log)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// The program that libbpf's last complaint is about.
fn blamed(said: &str) -> Option<&str> {
    let (_, rest) = said.rsplit_once("prog '")?;
    Some(rest.split_once('\'')?.0)
}

fn verifier_log(said: &str) -> String {
    let log = said
        .split_once("-- BEGIN PROG LOAD LOG --")
        .and_then(|(_, rest)| rest.split_once("-- END PROG LOAD LOG --"))
        .map_or("", |(log, _)| log);
    let lines = log.trim().lines().collect::<Vec<_>>();
    lines[lines.len().saturating_sub(LOG_LINES)..]
        .iter()
        .map(|line| format!("    {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(errno: i32, said: &str) -> Refusal {
        let programs = [
            ("enter".to_string(), "fentry/vfs_unlink".to_string()),
            ("leave".to_string(), "fexit/vfs_unlink".to_string()),
        ];
        let error = libbpf_rs::Error::from_raw_os_error(errno);
        Refusal {
            root: true,
            ..Refusal::new(Step::Load, &error, said, &programs)
        }
    }

    #[test]
    fn program_and_hook_are_named() {
        let text = refusal(
            libc::EPERM,
            "libbpf: prog 'leave': BPF program load failed: -EPERM\n",
        )
        .to_string();
        assert!(
            text.starts_with("cannot load the program `leave` (fexit/vfs_unlink): EPERM, "),
            "{text}"
        );
        assert!(text.contains("does not allow"), "{text}");
    }

    #[test]
    fn others_are_advised_to_become_root() {
        let refusal = Refusal {
            root: false,
            ..refusal(libc::EPERM, "")
        };
        assert!(refusal.to_string().contains("run it as root"));
    }

    #[test]
    fn the_verifier_has_the_last_word() {
        let mut said = "libbpf: prog 'enter': -- BEGIN PROG LOAD LOG --\n".to_string();
        for line in 0..40 {
            said.push_str(&format!("line {line}\n"));
        }
        said.push_str("-- END PROG LOAD LOG --\nlibbpf: prog 'enter': failed to load: -13\n");
        let text = refusal(libc::EACCES, &said).to_string();
        assert!(text.contains("`enter`"), "{text}");
        assert!(text.ends_with("    line 39"), "{text}");
        assert!(!text.contains("line 27\n"), "{text}");
    }
}
