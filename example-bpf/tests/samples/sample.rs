//! Running a sample from a test.

use std::fs;
use std::io;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Write as _;
use std::process::Child;
use std::process::ChildStderr;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;

use example_bpf::now_ns;
use serde_json::Value;

const CAP_SYS_ADMIN: u32 = 21;
const CAP_PERFMON: u32 = 38;
const CAP_BPF: u32 = 39;

/// Whether this process may load programs; if not, says that `test` is skipped.
pub(crate) fn may_load(test: &str) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let effective = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap();
    let has = |capability: u32| effective >> capability & 1 == 1;
    let may = has(CAP_SYS_ADMIN) || has(CAP_BPF) && has(CAP_PERFMON);
    if !may {
        skip(test, "it takes root, or CAP_BPF and CAP_PERFMON");
    }
    may
}

/// Says that a test is skipped, past the capture of what tests print.
pub(crate) fn skip(test: &str, why: &str) {
    let line = format!("skipped: {test}: {why}\n");
    io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Runs a sample to its end and returns the objects that it wrote.
pub(crate) fn objects(executable: &str, arguments: &[&str]) -> Vec<Value> {
    let output = Command::new(executable)
        .args(arguments)
        .arg("--json")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    parse(&String::from_utf8(output.stdout).unwrap())
}

/// What a command says, or `None` where it cannot be run; `test` is said to be skipped then.
pub(crate) fn said(test: &str, command: &mut Command) -> Option<String> {
    match command.output() {
        Ok(output) => Some(String::from_utf8(output.stdout).unwrap()),
        Err(error) => {
            skip(
                test,
                &format!("{}: {error}", command.get_program().display()),
            );
            None
        }
    }
}

/// A sample that watches.
pub(crate) struct Watch {
    child: Child,
    /// When it was started, in nanoseconds since 1970.
    began_ns: u64,
    // Kept open: what the sample still has to say there must find a reader.
    _stderr: BufReader<ChildStderr>,
}

impl Watch {
    /// Starts a sample and waits until it watches; the error is how it was refused.
    pub(crate) fn start(executable: &str, arguments: &[&str]) -> Result<Self, String> {
        let began_ns = now_ns(libc::CLOCK_REALTIME);
        let mut child = Command::new(executable)
            .args(arguments)
            .arg("--json")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while stderr.read_line(&mut said).unwrap() > 0 {
            let last = said.lines().last().unwrap_or_default();
            if last.contains(": watching") || last.contains(": denying") {
                return Ok(Self {
                    child,
                    began_ns,
                    _stderr: stderr,
                });
            }
        }
        assert_eq!(child.wait().unwrap().code(), Some(1), "{said}");
        Err(said)
    }

    /// Sends what Ctrl-C sends.
    fn send_interrupt(&self) {
        let pid = self.child.id().try_into().unwrap();
        // SAFETY: The process is our child and not waited for yet, so that it is still this one.
        assert_eq!(unsafe { libc::kill(pid, libc::SIGINT) }, 0);
    }

    /// Interrupts the sample, and returns how it ended.
    pub(crate) fn interrupt(mut self) -> ExitStatus {
        self.send_interrupt();
        self.child.wait().unwrap()
    }

    /// Interrupts the sample, and returns the objects that it wrote.
    pub(crate) fn interrupted(self) -> Vec<Value> {
        self.send_interrupt();
        self.objects()
    }

    /// Waits for the end of the sample, and returns the objects that it wrote: events since its start.
    pub(crate) fn objects(self) -> Vec<Value> {
        let output = self.child.wait_with_output().unwrap();
        assert!(output.status.success());
        let events = parse(&String::from_utf8(output.stdout).unwrap());
        let times = self.began_ns..=now_ns(libc::CLOCK_REALTIME);
        for event in &events {
            let is_in_time = |time_ns| times.contains(&time_ns);
            assert!(
                event["time_ns"].as_u64().is_some_and(is_in_time),
                "{times:?}: {event}"
            );
        }
        events
    }
}

fn parse(lines: &str) -> Vec<Value> {
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
