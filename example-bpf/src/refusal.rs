//! Why the kernel did not take a program, and what to do about it.

use std::fmt;
use std::path::Path;

use crate::errno::ENOTSUPP;
use crate::errno_name;
use crate::errno_of;

/// How much of the verifier's log an error repeats: it ends with what it objects to.
const LOG_LINES: usize = 12;

/// What a kernel has to be built with for programs of some sections: how these begin, the files of which it has
/// one then, and the option.
const OPTIONS: [(&[&str], &[&str], &str); 2] = [
    (
        &["kprobe", "kretprobe", "ksyscall", "kretsyscall"],
        &[
            "/sys/bus/event_source/devices/kprobe/type",
            "/sys/kernel/tracing/kprobe_events",
            "/sys/kernel/debug/tracing/kprobe_events",
        ],
        "CONFIG_KPROBES and CONFIG_KPROBE_EVENTS",
    ),
    (
        &["uprobe", "uretprobe", "usdt"],
        &[
            "/sys/bus/event_source/devices/uprobe/type",
            "/sys/kernel/tracing/uprobe_events",
            "/sys/kernel/debug/tracing/uprobe_events",
        ],
        "CONFIG_UPROBES and CONFIG_UPROBE_EVENTS",
    ),
];

/// The option that the running kernel was built without and a hook needs. `is_there` tells of a file.
fn missing_option(hook: &str, is_there: impl Fn(&Path) -> bool) -> Option<&'static str> {
    let section = hook.trim_start_matches('?').split(['/', '.']).next()?;
    let (_, files, option) = OPTIONS
        .iter()
        .find(|(sections, ..)| sections.contains(&section))?;
    let mut files = files.iter();
    (!files.any(|file| is_there(Path::new(file)))).then_some(option)
}

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
    /// What the kernel was built without.
    option: Option<&'static str>,
}

impl Refusal {
    /// Finds out from what libbpf `said` which of `programs` (name and hook) the error is about.
    pub fn new(
        step: Step,
        error: &libbpf_rs::Error,
        said: &str,
        programs: &[(String, String)],
    ) -> Self {
        let program = blamed(said)
            .and_then(|name| programs.iter().find(|(program, _)| program == name))
            .cloned();
        // A program is loaded whether or not it can be attached.
        let option = match (step, &program) {
            (Step::Attach, Some((_, hook))) => missing_option(hook, Path::exists),
            _ => None,
        };
        Self {
            step,
            program,
            option,
            errno: errno_of(error),
            error: format!("{error:#}"),
            log: verifier_log(said),
            // SAFETY: `geteuid` has no preconditions and cannot fail.
            root: unsafe { libc::geteuid() } == 0,
        }
    }

    fn advice(&self) -> String {
        if let Some(option) = self.option {
            return format!(
                "this kernel is built without {option}, so that no program of this kind can be attached, whatever \
                 the function; use a kernel that has them"
            );
        }
        self.advice_on_errno().to_owned()
    }

    fn advice_on_errno(&self) -> &'static str {
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
    fn what_the_kernel_is_built_without() {
        let tracefs = Path::new("/sys/kernel/tracing/kprobe_events");
        for (hook, file, option) in [
            (
                "kprobe/tcp_connect",
                None,
                Some("CONFIG_KPROBES and CONFIG_KPROBE_EVENTS"),
            ),
            (
                "?kretprobe.multi/tcp_*",
                None,
                Some("CONFIG_KPROBES and CONFIG_KPROBE_EVENTS"),
            ),
            (
                "uprobe//bin/a:main",
                Some(tracefs),
                Some("CONFIG_UPROBES and CONFIG_UPROBE_EVENTS"),
            ),
            ("kprobe/tcp_connect", Some(tracefs), None),
            ("fentry/tcp_connect", None, None),
        ] {
            let found = missing_option(hook, |path| Some(path) == file);
            assert_eq!(found, option, "{hook}");
        }
        let refused = Refusal {
            option: Some("CONFIG_X"),
            ..refusal(libc::ENOENT, "libbpf: prog 'enter': failed\n")
        };
        let said = refused.to_string();
        assert!(
            said.contains("built without CONFIG_X") && !said.contains("renamed"),
            "{said}"
        );
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
