//! Time and memory of a process.

use std::error::Error;
use std::io;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

/// What a process took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) time: Duration,
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
            let cost = cost(make())?;
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    Ok(costs.map(|mut costs| {
        costs.sort_by_key(|cost| cost.time);
        let peak_kib = costs.iter().map(|cost| cost.peak_kib).max().unwrap_or(0);
        let time = costs
            .get(costs.len() / 2)
            .map_or(Duration::ZERO, |c| c.time);
        Cost { time, peak_kib }
    }))
}

fn cost(mut command: Command) -> Result<Cost, Box<dyn Error>> {
    let start = Instant::now();
    let child = command.stdout(Stdio::null()).spawn()?;
    let (status, usage) = wait(child.id())?;
    let time = start.elapsed();
    if status != 0 {
        return Err(format!("{command:?} ended with status {status}").into());
    }
    Ok(Cost {
        time,
        peak_kib: u64::try_from(usage.ru_maxrss).unwrap_or(0),
    })
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
