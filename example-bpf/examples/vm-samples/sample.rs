//! Running a sample, for no longer than it may take.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read;
use std::io::Seek as _;
use std::os::fd::FromRawFd as _;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::rc::Rc;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

/// How long a sample may take to be ready, and again to end. An emulated machine needs a few seconds
/// for what a real one does in a tenth of one.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a sample watches that is ended when another has ended.
const LONGER: &str = "--duration=300";

/// The samples' executables.
#[derive(Debug)]
pub(crate) struct Samples {
    folder: PathBuf,
    beside: Option<Beside>,
}

/// What runs at the same time as a sample, with the same arguments behind its own.
#[derive(Clone, Debug)]
pub(crate) struct Beside {
    /// The executable's name.
    pub(crate) name: String,
    /// Its own arguments.
    pub(crate) arguments: Vec<String>,
    /// What both wrote, for each run.
    pub(crate) written: Rc<RefCell<Vec<Written>>>,
}

/// What a sample and the other beside it wrote of the same events.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) sample: Vec<Value>,
    pub(crate) other: Vec<Value>,
    /// What they said of events that they lost.
    pub(crate) lost: Vec<String>,
}

impl Samples {
    /// In this folder.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            beside: None,
        }
    }

    /// The same, with another beside the sample: what [`Running::objects`] returns is the other's.
    pub(crate) fn with(&self, beside: Beside) -> Self {
        Self {
            folder: self.folder.clone(),
            beside: Some(beside),
        }
    }

    pub(crate) fn command(&self, name: &str) -> Command {
        Command::new(self.folder.join(name))
    }

    /// Runs a sample to its end; the objects that it wrote.
    pub(crate) fn run(&self, name: &str, arguments: &[&str]) -> Result<Vec<Value>, String> {
        self.start(name, arguments)?.objects()
    }

    /// Starts a sample and waits until it watches.
    pub(crate) fn watch(&self, name: &str, arguments: &[&str]) -> Result<Running, String> {
        let Some(beside) = &self.beside else {
            let running = self.start(name, arguments)?;
            running.watches()?;
            return Ok(running);
        };
        // It is to watch for as long as the other does, which may take its time to load.
        let longer = arguments.iter().map(|argument| match argument {
            argument if argument.starts_with("--duration") => LONGER,
            argument => argument,
        });
        let mut running = self.start(name, &longer.collect::<Vec<_>>())?;
        running.watches()?;
        let own = beside.arguments.iter().map(String::as_str);
        let all: Vec<&str> = own.chain(arguments.iter().copied()).collect();
        let other = self.start(&beside.name, &all)?;
        other
            .watches()
            .map_err(|error| format!("{}: {error}", other.name))?;
        running.beside = Some(Other {
            running: Box::new(other),
            written: Rc::clone(&beside.written),
        });
        Ok(running)
    }

    fn start(&self, name: &str, arguments: &[&str]) -> Result<Running, String> {
        let failed = |error| format!("cannot start {}: {error}", self.folder.join(name).display());
        let stdout = memory().map_err(failed)?;
        let mut command = self.command(name);
        command
            .args(arguments)
            .arg("--json")
            .stdin(Stdio::null())
            .stdout(stdout.try_clone().map_err(failed)?)
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        Ok(Running {
            name: name.to_owned(),
            stdout,
            stderr: lines(child.stderr.take()),
            child,
            beside: None,
        })
    }
}

/// A sample that runs; it does not outlive this.
#[derive(Debug)]
pub(crate) struct Running {
    name: String,
    child: Child,
    // No pipe: whoever reads from that would be woken by each line, which is one more thing for a
    // sample to report.
    stdout: File,
    stderr: Receiver<String>,
    beside: Option<Other>,
}

/// What runs beside a sample.
#[derive(Debug)]
struct Other {
    running: Box<Running>,
    written: Rc<RefCell<Vec<Written>>>,
}

impl Running {
    fn watches(&self) -> Result<(), String> {
        let end = Instant::now() + PATIENCE;
        let mut said = String::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.stderr.recv_timeout(left) {
                Ok(line) if line.contains(": watching") || line.contains(": denying") => {
                    return Ok(());
                }
                Ok(line) => said = said + &line + "; ",
                Err(_) => return Err(format!("it never said that it watches, but: {said}")),
            }
        }
    }

    /// Waits for its end; the objects that it wrote, or those of what ran beside it.
    pub(crate) fn objects(mut self) -> Result<Vec<Value>, String> {
        let beside = self.beside.take();
        let Some(mut other) = beside else {
            return Ok(self.own_objects()?.0);
        };
        let (objects, mut lost) = other.running.own_objects()?;
        self.interrupt();
        let (sample, its_lost) = self.own_objects()?;
        lost.extend(its_lost);
        other.written.borrow_mut().push(Written {
            sample,
            other: objects.clone(),
            lost,
        });
        Ok(objects)
    }

    /// Has it end, as Ctrl-C does.
    fn interrupt(&self) {
        let pid = self.child.id().cast_signed();
        // SAFETY: the process is our child and not waited for yet, so that it is still this one.
        unsafe { libc::kill(pid, libc::SIGINT) };
    }

    /// The objects, and what was said of events that were lost.
    fn own_objects(&mut self) -> Result<(Vec<Value>, Vec<String>), String> {
        let name = self.name.clone();
        self.read().map_err(|error| format!("{name}: {error}"))
    }

    fn read(&mut self) -> Result<(Vec<Value>, Vec<String>), String> {
        let end = Instant::now() + PATIENCE;
        let stderr = until(&self.stderr, end)?;
        // It has closed that, and so has nothing left to do.
        let status = self.child.wait().map_err(|error| error.to_string())?;
        if !status.success() {
            return Err(format!("it ended with {status}: {}", stderr.join("; ")));
        }
        let mut stdout = String::new();
        self.stdout
            .rewind()
            .and_then(|()| self.stdout.read_to_string(&mut stdout))
            .map_err(|error| format!("cannot read its output: {error}"))?;
        let objects = stdout.lines().map(|line| {
            serde_json::from_str(line).map_err(|error| format!("{error} in its output {line}"))
        });
        let lost = stderr.into_iter().filter(|line| line.contains("were lost"));
        Ok((objects.collect::<Result<_, _>>()?, lost.collect()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file that is nowhere.
fn memory() -> io::Result<File> {
    // SAFETY: The name is a C string.
    let fd = unsafe { libc::memfd_create(c"stdout".as_ptr(), libc::MFD_CLOEXEC) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: The descriptor is new, and nobody else's.
    Ok(unsafe { File::from_raw_fd(fd) })
}

/// All lines up to the last.
fn until(lines: &Receiver<String>, end: Instant) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match lines.recv_timeout(left) {
            Ok(line) => all.push(line),
            Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(all),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                return Err(format!("it had not ended after {PATIENCE:?}"));
            }
        }
    }
}

/// The lines of a stream, as they come; a thread of its own waits for them.
fn lines(stream: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (to, lines) = mpsc::channel();
    if let Some(stream) = stream {
        thread::spawn(move || {
            let lines = BufReader::new(stream).lines().map_while(io::Result::ok);
            for line in lines {
                if to.send(line).is_err() {
                    break;
                }
            }
        });
    }
    lines
}
