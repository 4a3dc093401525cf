//! `runqslower`'s options and lines, for its programs in C and for those in Rust.

use std::io;
use std::io::Write as _;
use std::io::stdout;

use clap::Args;
use serde::Serialize;

use crate::Error;
use crate::Limits;
use crate::Process;
use crate::Style;
use crate::text;
use crate::time_of_day;
use crate::visible;
use crate::wall_clock_ns;
use crate::write_json;

/// Which waits are shown, and how.
#[derive(Args, Clone, Copy, Debug)]
pub struct WaitArgs {
    /// Show waits of at least this many microseconds; 0 shows all
    #[arg(long, value_name = "MICROSECONDS", default_value_t = 10_000)]
    threshold_us: u64,

    /// Whose are shown.
    #[command(flatten)]
    pub process: Process,

    /// What ends it.
    #[command(flatten)]
    pub limits: Limits,

    /// How they are written.
    #[command(flatten)]
    pub style: Style,
}

/// A wait for a CPU, as a program sends it.
#[derive(Clone, Copy, Debug)]
pub struct WaitEvent<'a> {
    /// When it ended, in nanoseconds of `CLOCK_MONOTONIC`.
    pub time_ns: u64,
    /// How long it was, in nanoseconds.
    pub wait_ns: u64,
    /// The process of the task that waited.
    pub pid: u32,
    /// The task itself.
    pub tid: u32,
    /// The task that had the CPU before.
    pub prev_tid: u32,
    /// That task's state.
    pub prev_state: u32,
    /// The name of the task that waited.
    pub comm: &'a [u8],
    /// The name of the other.
    pub prev_comm: &'a [u8],
}

/// One wait, as `--json` writes it.
#[derive(Serialize)]
struct Wait {
    /// When it ended, in nanoseconds since 1970.
    time_ns: u64,
    comm: String,
    pid: u32,
    tid: u32,
    wait_ns: u64,
    prev_comm: String,
    prev_tid: u32,
    prev_state: u32,
}

impl WaitArgs {
    /// The shortest wait that is shown, in nanoseconds.
    pub fn min_wait_ns(&self) -> u64 {
        self.threshold_us.saturating_mul(1_000)
    }

    /// Says that programs are attached, and what the columns are.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn begin(&self) -> Result<(), Error> {
        eprintln!(
            "runqslower: watching for waits of {} us and more",
            self.threshold_us
        );
        if self.style.json {
            return Ok(());
        }
        writeln!(
            stdout(),
            "{:<12}  {:<15}  {:>7}  {:>7}  {:>10}  {:<15}  {:>8}",
            "TIME",
            "COMM",
            "PID",
            "TID",
            "WAIT(us)",
            "RAN BEFORE",
            "PREV TID"
        )
        .map_err(Error::Output)
    }

    /// Writes a line.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn show(&self, event: &WaitEvent<'_>) -> io::Result<()> {
        let time_ns = wall_clock_ns(event.time_ns);
        if self.style.json {
            return write_json(&Wait {
                time_ns,
                comm: text(event.comm),
                pid: event.pid,
                tid: event.tid,
                wait_ns: event.wait_ns,
                prev_comm: text(event.prev_comm),
                prev_tid: event.prev_tid,
                prev_state: event.prev_state,
            });
        }
        writeln!(
            stdout(),
            "{}  {:<15}  {:>7}  {:>7}  {:>10}  {:<15}  {:>8}",
            time_of_day(time_ns),
            visible(event.comm),
            event.pid,
            event.tid,
            event.wait_ns / 1_000,
            visible(event.prev_comm),
            event.prev_tid
        )
    }
}
