//! Time and memory of a process.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

/// The first argument of a process that measures another one.
///
/// A process counts as its own the most memory that whoever started it had until then, and what
/// prepares the measurements has had a lot.
pub(crate) const STARTER: &str = "--measure";

/// What a process took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) time: Duration,
    /// Of all processors together.
    pub(crate) cpu: Duration,
    /// The most memory that it, or one of its children, had.
    pub(crate) peak_kib: u64,
}

/// The medians of so many runs of each, which take turns. One more of each comes first, for caches to
/// be warm.
pub(crate) fn side_by_side<const N: usize>(
    runs: usize,
    make: [&dyn Fn() -> Command; N],
) -> Result<[Cost; N], Box<dyn Error>> {
    let mut costs: [Vec<Cost>; N] = std::array::from_fn(|_| Vec::new());
    for round in 0..=runs {
        for (make, costs) in make.iter().zip(&mut costs) {
            let cost = cost(&make())?;
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    Ok(costs.map(|mut costs| {
        costs.sort_by_key(|cost| cost.time);
        let peak_kib = costs.iter().map(|cost| cost.peak_kib).max().unwrap_or(0);
        let median = costs.get(costs.len() / 2);
        Cost {
            time: median.map_or(Duration::ZERO, |cost| cost.time),
            cpu: median.map_or(Duration::ZERO, |cost| cost.cpu),
            peak_kib,
        }
    }))
}

/// What a program with its arguments takes.
fn cost(command: &Command) -> Result<Cost, Box<dyn Error>> {
    let mut starter = Command::new(env::current_exe()?);
    starter.arg(STARTER).arg(command.get_program());
    let output = starter
        .args(command.get_args())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{command:?} cannot be measured").into());
    }
    let said = String::from_utf8(output.stdout)?;
    let numbers: Vec<u64> = said.split_whitespace().flat_map(str::parse).collect();
    let [nanoseconds, of_cpu, peak_kib] = numbers[..] else {
        return Err(format!("{command:?} was measured to take {said:?}").into());
    };
    Ok(Cost {
        time: Duration::from_nanos(nanoseconds),
        cpu: Duration::from_nanos(of_cpu),
        peak_kib,
    })
}

/// Starts a program, and prints the nanoseconds that it took, those of processors, and the most KiB that it
/// had.
pub(crate) fn start(program: &[OsString]) -> Result<(), Box<dyn Error>> {
    let [program, args @ ..] = program else {
        return Err("a program, and its arguments".into());
    };
    let mut command = Command::new(program);
    command.args(args).stdout(Stdio::null());
    let start = Instant::now();
    let child = command.spawn()?;
    let (status, usage) = wait(child.id())?;
    let time = start.elapsed();
    if status != 0 {
        return Err(format!("{command:?} ended with status {status}").into());
    }
    let of = |time: libc::timeval| {
        let [seconds, micros] =
            [time.tv_sec, time.tv_usec].map(|of| u64::try_from(of).unwrap_or(0));
        Duration::from_secs(seconds) + Duration::from_micros(micros)
    };
    let cpu = of(usage.ru_utime) + of(usage.ru_stime);
    println!("{} {} {}", time.as_nanos(), cpu.as_nanos(), usage.ru_maxrss);
    Ok(())
}

/// As [`std::process::Child::wait`], which does not tell what the child used.
fn wait(pid: u32) -> io::Result<(i32, libc::rusage)> {
    let mut status = 0;
    // SAFETY: all zeroes is a valid value of a struct of integers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    // SAFETY: both are ours to write to, and `pid` is a child that nobody else waits for.
    match unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok((status, usage)),
    }
}
