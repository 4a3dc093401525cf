//! One virtual machine, from power-on to the judge's last line.

use std::fmt;
use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::vm::wire;
use ctxgen_judge::Answer;

/// How long a machine may go without an answer. What else is on its console is no progress.
///
/// There is no limit to the whole run: how long that takes depends on what else the host does.
pub(crate) const SILENCE: Duration = Duration::from_secs(10 * 60);

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With the last line, and with as many answers as that says.
    Complete,
    /// With the last line, but answers got lost on the way.
    Incomplete { sent: u64, received: u64 },
    /// By itself, without the last line.
    Died { status: ExitStatus, received: u64 },
    /// By us, since no answer came any more.
    Silent { limit: Duration, received: u64 },
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("it came to its end"),
            Self::Incomplete { sent, received } => {
                write!(f, "of the {sent} lines it sent, {received} arrived whole")
            }
            Self::Died { status, received } => write!(
                f,
                "QEMU ended ({status}) after {received} lines, before the last one"
            ),
            Self::Silent { limit, received } => write!(
                f,
                "it answered nothing for {} s after {received} lines",
                limit.as_secs()
            ),
        }
    }
}

/// A process that does not outlive its handle.
#[derive(Debug)]
struct Machine(Child);

impl Drop for Machine {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Run `command`, give each answer to `on_answer`, and write to `console` whatever else it says.
///
/// The machine is ended when its last line has come: not every kernel can power off.
pub(crate) fn boot(
    mut command: Command,
    silence: Duration,
    mut console: File,
    mut on_answer: impl FnMut(&str) -> io::Result<()>,
) -> io::Result<End> {
    command.stdout(Stdio::piped()).stderr(console.try_clone()?);
    let mut machine = Machine(command.spawn()?);
    let lines = lines_of(machine.0.stdout.take());
    let mut heard = Instant::now();
    let mut received = 0;
    loop {
        // The limit is looked at whenever a line comes, and no later than this.
        let wait = silence.min(Duration::from_secs(1));
        match lines.recv_timeout(wait) {
            Ok(line) => match wire::decode(&line) {
                None => console.write_all(&line)?,
                Some(answer) => match Answer::parse(answer) {
                    Some(Answer::Last { count }) if count == received => {
                        return Ok(End::Complete);
                    }
                    Some(Answer::Last { count: sent }) => {
                        return Ok(End::Incomplete { sent, received });
                    }
                    _ => {
                        heard = Instant::now();
                        received += 1;
                        on_answer(answer)?;
                    }
                },
            },
            Err(RecvTimeoutError::Disconnected) => {
                let status = machine.0.wait()?;
                return Ok(End::Died { status, received });
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if heard.elapsed() >= silence {
            let limit = silence;
            return Ok(End::Silent { limit, received });
        }
    }
}

/// The lines of a stream, as they come; a thread of its own waits for them.
fn lines_of(stream: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    /// A machine gone wild may send no end of bytes without a newline.
    const LONGEST: u64 = 1 << 20;
    // Bounded, so that a machine faster than us waits instead of filling our memory.
    let (to, lines) = mpsc::sync_channel(4096);
    if let Some(stream) = stream {
        thread::spawn(move || {
            let mut stream = BufReader::with_capacity(1 << 16, stream);
            loop {
                let mut line = Vec::new();
                let read = stream.by_ref().take(LONGEST).read_until(b'\n', &mut line);
                if !matches!(read, Ok(1..)) || to.send(line).is_err() {
                    break;
                }
            }
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::fs;

    use super::*;

    /// What `boot` makes of a shell script in a machine's place: end, answers, console.
    fn boot_script(name: &str, script: &str, silence: Duration) -> (End, Vec<String>, String) {
        let path = env::temp_dir().join(format!("boot-{name}-{}.log", std::process::id()));
        let console = File::create(&path).unwrap();
        let mut command = Command::new("sh");
        command.arg("-c").arg(script);
        let mut answers = Vec::new();
        let end = boot(command, silence, console, |answer| {
            answers.push(answer.to_owned());
            Ok(())
        });
        let console = fs::read_to_string(&path).unwrap();
        fs::remove_file(&path).unwrap();
        (end.unwrap(), answers, console)
    }

    const VALUE: &str = r"printf '@v\ts32\tok\t\tffffffff80000000\t84ba\n';";

    const BRIEF: Duration = Duration::from_millis(400);

    #[test]
    fn the_last_line_ends_a_machine_that_goes_on() {
        let last = r"printf '@.\t1\tcdb1\n';";
        let script = format!("echo starting; {VALUE} {last} exec sleep 100");
        let (end, answers, console) = boot_script("last", &script, SILENCE);
        assert_eq!(end, End::Complete);
        assert_eq!(answers, ["v\ts32\tok\t\tffffffff80000000"]);
        assert_eq!(console, "starting\n");
    }

    #[test]
    fn lost_answers_are_noticed() {
        let script = format!(r"{VALUE} printf '@.\t19\t1e9b\n'");
        let (end, ..) = boot_script("lost", &script, SILENCE);
        let (sent, received) = (19, 1);
        assert_eq!(end, End::Incomplete { sent, received });
    }

    #[test]
    fn a_machine_that_dies_leaves_what_it_said() {
        let script = format!("{VALUE} echo 'Kernel panic' ; echo 'no memory' >&2; exit 3");
        let (end, answers, console) = boot_script("dies", &script, SILENCE);
        let End::Died { status, received } = end else {
            panic!("{end}");
        };
        assert_eq!((status.code(), received), (Some(3), 1));
        assert_eq!(answers.len(), 1);
        assert!(console.contains("Kernel panic"), "{console}");
        assert!(console.contains("no memory"), "{console}");
    }

    #[test]
    fn silence_has_a_limit() {
        let script = format!("{VALUE} exec sleep 100");
        let (end, ..) = boot_script("silent", &script, BRIEF);
        let (limit, received) = (BRIEF, 1);
        assert_eq!(end, End::Silent { limit, received });
    }

    #[test]
    fn chatter_is_no_answer() {
        let script = format!("{VALUE} while :; do echo still here; sleep 0.1; done");
        let (end, ..) = boot_script("chatter", &script, BRIEF);
        let (limit, received) = (BRIEF, 1);
        assert_eq!(end, End::Silent { limit, received });
    }

    #[test]
    fn a_run_may_be_longer_than_any_silence() {
        let last = r"printf '@.\t1\tcdb1\n';";
        let answers = r"printf '@v\ts32\tok\t\tffffffff80000000\t84ba\n'; sleep 0.5;".repeat(8);
        // Shorter than the run, and far longer than the waits in it, on a busy machine too.
        let limit = Duration::from_secs(3);
        let (end, given, _) = boot_script("long", &format!("{answers} {last}"), limit);
        // The last line counts one, and so many came.
        let (sent, received) = (1, 8);
        assert_eq!(end, End::Incomplete { sent, received });
        assert_eq!(given.len(), 8);
    }
}
