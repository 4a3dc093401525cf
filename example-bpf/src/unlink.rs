//! `unlinksnoop`'s options and lines, for its programs in C and for those in Rust.

use std::io;
use std::io::Write as _;
use std::io::stdout;

use clap::Args;
use serde::Serialize;

use crate::Error;
use crate::Limits;
use crate::Process;
use crate::Style;
use crate::errno_name;
use crate::text;
use crate::time_of_day;
use crate::visible;
use crate::wall_clock_ns;
use crate::write_json;

/// Which unlinks are shown, and how.
#[derive(Args, Clone, Copy, Debug)]
pub struct UnlinkArgs {
    /// Whose are shown.
    #[command(flatten)]
    pub process: Process,

    /// Only what fails
    #[arg(long)]
    pub failed: bool,

    /// What ends it.
    #[command(flatten)]
    pub limits: Limits,

    /// How they are written.
    #[command(flatten)]
    pub style: Style,
}

/// A call of `vfs_unlink()`, as a program sends it.
#[derive(Clone, Copy, Debug)]
pub struct UnlinkEvent<'a> {
    /// When it returned, in nanoseconds of `CLOCK_MONOTONIC`.
    pub time_ns: u64,
    /// How long it took, in nanoseconds.
    pub duration_ns: u64,
    /// The process that called.
    pub pid: u32,
    /// The task that called.
    pub tid: u32,
    /// 0, or a negative errno.
    pub ret: i32,
    /// The task's name.
    pub comm: &'a [u8],
    /// The file's name.
    pub name: &'a [u8],
}

/// One unlink, as `--json` writes it.
#[derive(Serialize)]
struct Unlink {
    /// Nanoseconds since 1970.
    time_ns: u64,
    comm: String,
    pid: u32,
    tid: u32,
    duration_ns: u64,
    /// 0, or a negative errno.
    ret: i32,
    name: String,
}

impl UnlinkArgs {
    /// Says that programs are attached, and what the columns are.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn begin(&self) -> Result<(), Error> {
        eprintln!("unlinksnoop: watching");
        if self.style.json {
            return Ok(());
        }
        writeln!(
            stdout(),
            "{:<12}  {:<15}  {:>7}  {:>8}  {:<9}  NAME",
            "TIME",
            "COMM",
            "PID",
            "TOOK(us)",
            "RESULT"
        )
        .map_err(Error::Output)
    }

    /// Writes a line.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn show(&self, event: &UnlinkEvent<'_>) -> io::Result<()> {
        let time_ns = wall_clock_ns(event.time_ns);
        if self.style.json {
            return write_json(&Unlink {
                time_ns,
                comm: text(event.comm),
                pid: event.pid,
                tid: event.tid,
                duration_ns: event.duration_ns,
                ret: event.ret,
                name: text(event.name),
            });
        }
        writeln!(
            stdout(),
            "{}  {:<15}  {:>7}  {:>8}  {:<9}  {}",
            time_of_day(time_ns),
            visible(event.comm),
            event.pid,
            event.duration_ns / 1_000,
            result(event.ret),
            visible(event.name)
        )
    }
}

fn result(ret: i32) -> String {
    match ret.checked_neg() {
        Some(errno) if errno > 0 => errno_name(errno).into_owned(),
        _ => "ok".to_string(),
    }
}
