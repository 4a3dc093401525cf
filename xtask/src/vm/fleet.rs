//! Many virtual machines, some at a time.

use std::fs;
use std::fs::File;
use std::io;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::vm::Accel;
use crate::vm::Arch;
use crate::vm::Error;
use crate::vm::boot;
use crate::vm::boot::End;
use crate::vm::boot::SILENCE;
use crate::vm::cpio::Archive;
use crate::vm::judge;
use crate::vm::progress::Progress;
use crate::vm::qemu;
use ctxgen_judge::Answer;

/// A kernel, and what it is to judge.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// What to call it; a folder of this name is made.
    pub(crate) name: String,
    /// The bootable image.
    pub(crate) kernel: PathBuf,
    /// What it was made for.
    pub(crate) arch: Arch,
    /// The plan.
    pub(crate) plan: PathBuf,
    /// What else the initramfs has: where it is there, and where it is here. All are executable.
    pub(crate) files: Vec<(String, PathBuf)>,
}

/// How to run jobs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// What runs the guests.
    pub(crate) accel: Accel,
    /// How many machines may run at once.
    pub(crate) at_once: usize,
    /// How long each may go without an answer.
    pub(crate) silence: Duration,
    /// Where the judge's sources are.
    pub(crate) judge: PathBuf,
    /// Where everything is written to.
    pub(crate) folder: PathBuf,
}

impl Settings {
    /// As many machines as there are processors, emulated, of the workspace's judge.
    pub(crate) fn new(root: &Path, folder: PathBuf) -> Self {
        Self {
            accel: Accel::default(),
            at_once: thread::available_parallelism().map_or(1, Into::into),
            silence: SILENCE,
            judge: root.join("tests/judge"),
            folder,
        }
    }
}

/// What became of a job.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The job's.
    pub(crate) name: String,
    /// The answers of the last attempt, a line each, as `tests/judge/judge.h` has them.
    pub(crate) answers: PathBuf,
    /// How each attempt ended, with the file that keeps what else was on its console.
    pub(crate) attempts: Vec<(End, PathBuf)>,
    /// How long the last attempt took to give its first answer.
    pub(crate) booted: Duration,
    /// How long it took altogether.
    pub(crate) took: Duration,
}

impl Outcome {
    /// Whether all answers are there.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.attempts.last(), Some((End::Complete, _)))
    }
}

/// A machine that did not come to its end gets another chance: emulation is known to hang at times.
const ATTEMPTS: usize = 2;

enum Event {
    Advance { job: usize, done: u64 },
    Note { job: usize, note: String },
    End { job: usize, note: String },
}

/// Run all jobs, and return what became of each, in the same order.
///
/// They are started in that order too: give the longest first, or it is left to run alone.
///
/// A machine that hangs, dies or loses answers is an [`Outcome`]; an error is only what keeps a
/// machine from being started.
pub(crate) fn run_all(jobs: &[Job], settings: &Settings) -> Result<Vec<Outcome>, Error> {
    let mut prepared = Vec::new();
    for job in jobs {
        prepared.push(Prepared::new(job, settings)?);
    }
    let next = AtomicUsize::new(0);
    let (events, received) = mpsc::channel();
    let mut outcomes = thread::scope(|scope| {
        let workers = (0..settings.at_once.max(1))
            .map(|_| {
                let events = events.clone();
                let (next, prepared) = (&next, &prepared);
                scope.spawn(move || {
                    let mut outcomes = Vec::new();
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let Some(job) = prepared.get(number) else {
                            return Ok::<_, Error>(outcomes);
                        };
                        outcomes.push((number, job.run(number, settings, &events)?));
                    }
                })
            })
            .collect::<Vec<_>>();
        drop(events);
        let machines = prepared.iter().map(|it| (it.job.name.clone(), it.entries));
        let mut progress = Progress::new(machines);
        loop {
            match received.recv_timeout(Duration::from_secs(1)) {
                Ok(Event::Advance { job, done }) => progress.advance(job, done),
                Ok(Event::Note { job, note }) => progress.note(job, &note),
                Ok(Event::End { job, note }) => progress.end(job, &note),
                Err(RecvTimeoutError::Timeout) => progress.refresh(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let mut outcomes = Vec::new();
        for worker in workers {
            match worker.join() {
                Ok(done) => outcomes.extend(done?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok::<_, Error>(outcomes)
    })?;
    outcomes.sort_by_key(|(job, _)| *job);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

/// A job whose initramfs is made.
struct Prepared<'a> {
    job: &'a Job,
    folder: PathBuf,
    initramfs: PathBuf,
    entries: u64,
}

impl<'a> Prepared<'a> {
    fn new(job: &'a Job, settings: &Settings) -> Result<Self, Error> {
        let judge = judge::build(job.arch, &settings.judge, &settings.folder)?;
        let folder = settings.folder.join(&job.name);
        fs::create_dir_all(&folder).map_err(unwritable(&folder))?;
        let initramfs = folder.join("initramfs.cpio");
        let plan = read(&job.plan)?;
        let mut files = vec![("/init", read(&judge)?)];
        for (there, here) in &job.files {
            files.push((there, read(here)?));
        }
        write_initramfs(&initramfs, &plan, &files).map_err(unwritable(&initramfs))?;
        let entries = plan.split(|byte| *byte == b'\n');
        let entries = entries.filter(|line| !matches!(line.first(), None | Some(b'#' | b' ')));
        Ok(Self {
            job,
            folder,
            initramfs,
            entries: entries.count() as u64,
        })
    }

    fn run(
        &self,
        number: usize,
        settings: &Settings,
        events: &Sender<Event>,
    ) -> Result<Outcome, Error> {
        let mut outcome = Outcome {
            name: self.job.name.clone(),
            answers: self.folder.join("answers"),
            attempts: Vec::new(),
            booted: Duration::ZERO,
            took: Duration::ZERO,
        };
        let tell = |event| {
            // Nobody listens once another machine could not be started, and then nobody needs to.
            let _ = events.send(event);
        };
        while outcome.attempts.len() < ATTEMPTS && !outcome.is_complete() {
            if let Some((end, console)) = outcome.attempts.last() {
                let note = format!("{end}; see {}; trying again", console.display());
                tell(Event::Note { job: number, note });
            }
            self.attempt(&mut outcome, settings, &|done| {
                tell(Event::Advance { job: number, done });
            })?;
        }
        let note = match outcome.attempts.last() {
            Some((End::Complete, _)) | None => format!(
                "{} entries in {:.1} s, {:.1} s of them to boot",
                self.entries,
                outcome.took.as_secs_f32(),
                outcome.booted.as_secs_f32()
            ),
            Some((end, console)) => format!("{end}; see {}", console.display()),
        };
        tell(Event::End { job: number, note });
        Ok(outcome)
    }

    fn attempt(
        &self,
        outcome: &mut Outcome,
        settings: &Settings,
        advance: &dyn Fn(u64),
    ) -> Result<(), Error> {
        let number = outcome.attempts.len() + 1;
        let console_path = self.folder.join(format!("console.{number}.log"));
        let console = create_appending(&console_path).map_err(unwritable(&console_path))?;
        let mut answers = File::create(&outcome.answers)
            .map(BufWriter::new)
            .map_err(unwritable(&outcome.answers))?;
        let arch = self.job.arch;
        let command = qemu::command(arch, settings.accel, &self.job.kernel, &self.initramfs);
        let start = Instant::now();
        outcome.booted = Duration::ZERO;
        let mut done = 0;
        let mut told = start;
        advance(done);
        let end = boot::boot(command, settings.silence, console, |line| {
            if outcome.booted.is_zero() {
                outcome.booted = start.elapsed();
            }
            if Answer::parse(line).is_some_and(|answer| answer.concludes_entry()) {
                done += 1;
            }
            if told.elapsed() >= Duration::from_millis(200) {
                told = Instant::now();
                advance(done);
            }
            writeln!(answers, "{line}")
        })
        .and_then(|end| answers.flush().map(|()| end))
        .map_err(|source| Error::Program {
            program: arch.facts().qemu.to_owned(),
            purpose: format!("runs the {arch} machine"),
            packages: arch.facts().qemu_package,
            source,
        })?;
        outcome.took = start.elapsed();
        outcome.attempts.push((end, console_path));
        Ok(())
    }
}

fn write_initramfs(path: &Path, plan: &[u8], files: &[(&str, Vec<u8>)]) -> io::Result<()> {
    let mut archive = Archive::new(BufWriter::new(File::create(path)?));
    archive.file("/plan", 0o644, plan)?;
    for (there, content) in files {
        archive.file(there, 0o755, content)?;
    }
    archive.finish()?;
    Ok(())
}

/// QEMU and we write to the same file, each to its end.
fn create_appending(path: &Path) -> io::Result<File> {
    File::create(path)?;
    File::options().append(true).open(path)
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(Error::file("read", path))
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
    Error::file("write", path)
}
