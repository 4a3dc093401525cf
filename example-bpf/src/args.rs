//! Options that several samples share.

use std::num::NonZeroU64;
use std::time::Duration;

use clap::Args;
use clap::value_parser;

use crate::comm::Comm;

/// What ends a sample that watches, besides Ctrl-C.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Stop after this many seconds (fractions allowed) [default: run until Ctrl-C]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub duration: Option<Duration>,

    /// Stop after this many events
    #[arg(long, value_name = "NUMBER")]
    pub count: Option<NonZeroU64>,
}

/// Whose events a sample shows, where names of tasks do not count.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Process {
    /// Only the process with this ID, with all its threads
    #[arg(long, value_parser = value_parser!(u32).range(1..))]
    pid: Option<u32>,
}

impl Process {
    /// The ID, as the programs have it: 0 for every process.
    pub fn pid(self) -> u32 {
        self.pid.unwrap_or(0)
    }
}

/// Whose events a sample shows.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Tasks {
    #[command(flatten)]
    process: Process,

    /// Only tasks with this name, as in /proc/PID/comm
    #[arg(long, value_name = "NAME")]
    comm: Option<Comm>,
}

impl Tasks {
    /// The process's ID, as the programs have it: 0 for every process.
    pub fn pid(self) -> u32 {
        self.process.pid()
    }

    /// The name, as the programs have it: without a first byte for every name.
    pub fn comm(self) -> [u8; Comm::LEN] {
        self.comm.unwrap_or_default().bytes()
    }
}

/// How a sample writes.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Style {
    /// Write one JSON object per line
    #[arg(long)]
    pub json: bool,

    /// Print all messages of libbpf
    #[arg(long)]
    pub verbose: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().map_err(|error| error.to_string())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Sample {
        #[command(flatten)]
        tasks: Tasks,
    }

    #[test]
    fn tasks_are_all_or_those_that_are_named() {
        Sample::command().debug_assert();
        let tasks = |args: &[&str]| {
            let args = ["sample"].iter().chain(args);
            Sample::try_parse_from(args).map(|sample| sample.tasks)
        };
        let all = tasks(&[]).unwrap();
        assert_eq!((all.pid(), all.comm()), (0, [0; 16]));
        let some = tasks(&["--pid", "7", "--comm", "cat"]).unwrap();
        assert_eq!((some.pid(), &some.comm()[..4]), (7, &b"cat\0"[..]));
        // To the programs, it would be every process.
        assert!(tasks(&["--pid", "0"]).is_err());
    }

    #[test]
    fn seconds_may_have_fractions_but_no_sign() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert!(seconds("-1").is_err());
        assert!(seconds("soon").is_err());
    }
}
