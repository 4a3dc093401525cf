//! Runs a compiler within bounds: one that hangs or writes without end is stopped.

use std::io;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::Child;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

/// How long clang may take for one source where nothing else is said.
pub const CLANG_TIMEOUT: Duration = Duration::from_secs(600);

/// The variable that says otherwise, in seconds.
pub const CLANG_TIMEOUT_VARIABLE: &str = "CTXGEN_CLANG_TIMEOUT";

/// How much is kept of what a command prints, in bytes: for either of its outputs. A preprocessed source
/// with all of a kernel's types has less than 10 MB.
const MAX_OUTPUT: usize = 64 << 20;

/// How often it is looked whether the command has ended.
const STEP: Duration = Duration::from_millis(1);

/// Why a command was stopped, or did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// It could not be started or waited for.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It did not end.
    #[error("it did not end within {} s", .0.as_secs_f32())]
    Timeout(Duration),
    /// It printed more than is kept.
    #[error("it printed more than {} MiB", .0 >> 20)]
    Output(usize),
}

/// The time that a command may take, from the value of [`CLANG_TIMEOUT_VARIABLE`]: [`CLANG_TIMEOUT`] where
/// that is no number of seconds above 0.
pub fn timeout_from(variable: Option<&str>) -> Duration {
    let seconds = variable.and_then(|value| value.trim().parse().ok());
    let seconds = seconds.filter(|seconds: &u32| *seconds > 0);
    seconds.map_or(CLANG_TIMEOUT, |seconds| Duration::from_secs(seconds.into()))
}

/// Runs a command to its end, in a process group of its own, and gives back what it printed. Its input is
/// empty.
///
/// # Errors
/// [`RunError`]; the command and all of its group have been killed then.
pub fn run_bounded(command: &mut Command, timeout: Duration) -> Result<Output, RunError> {
    run_within(command, timeout, MAX_OUTPUT)
}

fn run_within(command: &mut Command, timeout: Duration, most: usize) -> Result<Output, RunError> {
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    // SAFETY: between fork and exec there is one system call on numbers. In a group of its own, the command
    // would not be told when the build is interrupted.
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            Ok(())
        });
    }
    let mut child = command.process_group(0).spawn()?;
    let result = watch(&mut child, timeout, most);
    if result.is_err() {
        stop(&mut child);
    }
    result
}

/// A thread that reads one of the outputs.
type Reader = JoinHandle<io::Result<Vec<u8>>>;

fn watch(child: &mut Child, timeout: Duration, most: usize) -> Result<Output, RunError> {
    let start = Instant::now();
    let too_much = Arc::new(AtomicBool::new(false));
    let stdout = child
        .stdout
        .take()
        .map(|pipe| collect(pipe, most, &too_much));
    let stderr = child
        .stderr
        .take()
        .map(|pipe| collect(pipe, most, &too_much));
    let mut status = None;
    loop {
        if too_much.load(Ordering::Relaxed) {
            return Err(RunError::Output(most));
        }
        if status.is_none() {
            status = child.try_wait()?;
        }
        // What the command has started may hold its outputs for longer.
        let is_read = |reader: &Option<Reader>| reader.as_ref().is_none_or(Reader::is_finished);
        if let Some(status) = status
            && is_read(&stdout)
            && is_read(&stderr)
        {
            if too_much.load(Ordering::Relaxed) {
                return Err(RunError::Output(most));
            }
            return Ok(Output {
                status,
                stdout: text(stdout)?,
                stderr: text(stderr)?,
            });
        }
        if start.elapsed() > timeout {
            return Err(RunError::Timeout(timeout));
        }
        thread::sleep(STEP);
    }
}

fn text(reader: Option<Reader>) -> io::Result<Vec<u8>> {
    let text = reader.map(Reader::join);
    text.map_or(Ok(Vec::new()), |text| {
        text.unwrap_or_else(|_| Ok(Vec::new()))
    })
}

/// Reads one of the outputs to its end; where that is more than `most` bytes, so much, and says so.
fn collect(pipe: impl Read + Send + 'static, most: usize, too_much: &Arc<AtomicBool>) -> Reader {
    let too_much = Arc::clone(too_much);
    thread::spawn(move || {
        let mut text = Vec::new();
        pipe.take(most as u64 + 1).read_to_end(&mut text)?;
        if text.len() > most {
            too_much.store(true, Ordering::Relaxed);
        }
        Ok(text)
    })
}

/// Kills the command and all that it started.
fn stop(child: &mut Child) {
    if let Ok(group) = i32::try_from(child.id()) {
        // SAFETY: a system call on numbers. Where the child has been waited for, its group lives on in
        // what it started, or there is none of that number.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_ends_is_whole() {
        let output = run_bounded(&mut shell("cat; echo a; echo b >&2; exit 3"), CLANG_TIMEOUT);
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(
            (&output.stdout[..], &output.stderr[..]),
            (&b"a\n"[..], &b"b\n"[..])
        );
        let big = run_bounded(&mut shell("head -c 3000000 /dev/zero"), CLANG_TIMEOUT);
        assert_eq!(big.unwrap().stdout.len(), 3_000_000);
    }

    #[test]
    fn what_hangs_is_stopped_with_all_that_it_started() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let script = format!("sleep 1000 & echo $! > {}; wait", file.path().display());
        let start = Instant::now();
        let error = run_bounded(&mut shell(&script), Duration::from_secs(1)).unwrap_err();
        assert!(matches!(error, RunError::Timeout(_)), "{error}");
        assert!(
            error.to_string().contains("did not end within 1 s"),
            "{error}"
        );
        // Not when all of it has ended.
        assert!(start.elapsed() < Duration::from_secs(900));
        let pid = std::fs::read_to_string(file.path()).unwrap();
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        let is_gone = || state().map_or(true, |stat| stat.contains(") Z "));
        let gone = (0..100).any(|_| {
            thread::sleep(Duration::from_millis(20));
            is_gone()
        });
        assert!(gone, "{:?}", state());
    }

    #[test]
    fn what_writes_without_end_is_stopped() {
        for script in ["yes", "yes >&2", "trap '' PIPE; while :; do echo x; done"] {
            let error = run_within(&mut shell(script), Duration::from_secs(5), 1 << 16);
            assert!(error.is_err(), "{script}");
        }
        let error = run_within(&mut shell("yes"), CLANG_TIMEOUT, 1 << 20).unwrap_err();
        assert_eq!(error.to_string(), "it printed more than 1 MiB");
    }

    #[test]
    fn times() {
        for (value, seconds) in [
            (None, 600),
            (Some("7"), 7),
            (Some(" 7 "), 7),
            (Some("0"), 600),
            (Some("-1"), 600),
            (Some("soon"), 600),
        ] {
            assert_eq!(timeout_from(value).as_secs(), seconds, "{value:?}");
        }
    }
}
