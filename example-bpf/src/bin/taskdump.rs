//! Lists the tasks of the system.

use std::io::Read as _;
use std::io::Write as _;
use std::io::stdout;
use std::mem::MaybeUninit;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use example_bpf::Error;
use example_bpf::Record;
use example_bpf::Style;
use example_bpf::Table;
use example_bpf::Tasks;
use example_bpf::attach;
use example_bpf::global;
use example_bpf::load;
use example_bpf::loader;
use example_bpf::now_ns;
use example_bpf::open;
use example_bpf::read_record;
use example_bpf::start;
use example_bpf::text;
use example_bpf::visible;
use example_bpf::write_json;
use libbpf_rs::Iter;
use serde::Serialize;

mod taskdump {
    ctxgen::include_bpf!("taskdump");
}

use taskdump::TaskdumpSkelBuilder;
use taskdump::types::task_record;

/// List the tasks of the system, as ps does, but without /proc.
#[derive(Debug, Parser)]
#[command(name = "taskdump", version)]
struct Args {
    /// Also show threads
    #[arg(long)]
    threads: bool,

    #[command(flatten)]
    tasks: Tasks,

    #[command(flatten)]
    style: Style,
}

/// One task, as `--json` writes it.
#[derive(Serialize)]
struct Task {
    pid: u32,
    tid: u32,
    ppid: u32,
    uid: u32,
    /// The letter that ps has for it.
    state: &'static str,
    nice: i32,
    kernel_thread: bool,
    vsz_kib: u64,
    start_boottime_ns: u64,
    elapsed_ns: u64,
    comm: String,
}

// SAFETY: It consists of integers only.
unsafe impl Record for task_record {}

fn main() -> ExitCode {
    start(run)
}

fn run(args: &Args) -> Result<(), Error> {
    let verbose = args.style.verbose;
    let loader = loader(taskdump::OBJECT)?;
    let mut object = MaybeUninit::uninit();
    let mut skeleton = open(
        &loader,
        TaskdumpSkelBuilder::default(),
        &mut object,
        verbose,
    )?;
    let settings = global(skeleton.maps.rodata_data.as_mut())?;
    settings.threads = args.threads;
    settings.only_pid = args.tasks.pid();
    settings.only_comm = args.tasks.comm();
    let mut skeleton = load(&loader, skeleton, verbose)?;
    attach(&mut skeleton, verbose)?;

    let mut bytes = Vec::new();
    if let Some(link) = &skeleton.links.dump_task {
        Iter::new(link)
            .map_err(|source| Error::Bpf {
                what: "start the iterator",
                source,
            })?
            .read_to_end(&mut bytes)
            .map_err(Error::Iterator)?;
    }
    let tasks = bytes
        .chunks(size_of::<task_record>())
        .map(|bytes| read_record(bytes).ok_or(Error::Torn(bytes.len())))
        .collect::<Result<Vec<task_record>, _>>()?;
    if args.style.json {
        write_objects(&tasks)
    } else {
        write_table(&tasks)
    }
}

fn write_objects(tasks: &[task_record]) -> Result<(), Error> {
    let now = now_ns(libc::CLOCK_BOOTTIME);
    for task in tasks {
        write_json(&Task {
            pid: task.pid,
            tid: task.tid,
            ppid: task.parent_pid,
            uid: task.uid,
            state: state(task),
            nice: nice(task),
            kernel_thread: task.kernel_thread != 0,
            vsz_kib: virtual_kib(task),
            start_boottime_ns: task.start_boottime_ns,
            elapsed_ns: now.saturating_sub(task.start_boottime_ns),
            comm: text(&task.comm),
        })
        .map_err(Error::Output)?;
    }
    Ok(())
}

fn write_table(tasks: &[task_record]) -> Result<(), Error> {
    let now = now_ns(libc::CLOCK_BOOTTIME);
    let mut table = Table::new(&[
        "UID", "PID", "TID", "PPID", "S", "NI", "VSZ(KiB)", "ELAPSED", "COMM",
    ]);
    for task in tasks {
        let age = Duration::from_nanos(now.saturating_sub(task.start_boottime_ns));
        let comm = visible(&task.comm);
        table.row([
            task.uid.to_string(),
            task.pid.to_string(),
            task.tid.to_string(),
            task.parent_pid.to_string(),
            state(task).to_string(),
            nice(task).to_string(),
            virtual_kib(task).to_string(),
            elapsed(age),
            if task.kernel_thread == 0 {
                comm
            } else {
                format!("[{comm}]")
            },
        ]);
    }
    write!(stdout().lock(), "{table}").map_err(Error::Output)
}

/// The letter that ps and /proc have for what a task is doing.
fn state(task: &task_record) -> &'static str {
    const EXIT_DEAD: u32 = 0x10;
    const EXIT_ZOMBIE: u32 = 0x20;
    const INTERRUPTIBLE: u32 = 0x1;
    const UNINTERRUPTIBLE: u32 = 0x2;
    const STOPPED: u32 = 0x4;
    const TRACED: u32 = 0x8;
    const PARKED: u32 = 0x40;
    const NOLOAD: u32 = 0x400;
    const RTLOCK_WAIT: u32 = 0x1000;

    let is = |bits| task.state & bits == bits;
    match task.exit_state {
        exit if exit & EXIT_ZOMBIE != 0 => "Z",
        exit if exit & EXIT_DEAD != 0 => "X",
        _ if is(PARKED) => "P",
        _ if is(TRACED) => "t",
        _ if is(STOPPED) => "T",
        _ if is(UNINTERRUPTIBLE | NOLOAD) => "I",
        _ if is(UNINTERRUPTIBLE) || is(RTLOCK_WAIT) => "D",
        _ if is(INTERRUPTIBLE) => "S",
        _ => "R",
    }
}

fn nice(task: &task_record) -> i32 {
    task.static_prio - 120
}

fn virtual_kib(task: &task_record) -> u64 {
    // SAFETY: `sysconf` has no preconditions.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    task.total_vm_pages * u64::try_from(page).unwrap_or(4096) / 1024
}

fn elapsed(age: Duration) -> String {
    let seconds = age.as_secs();
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    if days > 0 {
        format!("{days}-{hours:02}:{minutes:02}:{seconds:02}")
    } else {
        format!("{hours:02}:{minutes:02}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doing(state: u32, exit_state: u32) -> task_record {
        task_record {
            state,
            exit_state,
            ..task_record::default()
        }
    }

    #[test]
    fn states_have_the_letters_of_ps() {
        assert_eq!(state(&doing(0, 0)), "R");
        assert_eq!(state(&doing(0x2001, 0)), "S");
        assert_eq!(state(&doing(0x102, 0)), "D");
        assert_eq!(state(&doing(0x402, 0)), "I");
        assert_eq!(state(&doing(0x104, 0)), "T");
        assert_eq!(state(&doing(0x80, 0x20)), "Z");
    }

    #[test]
    fn elapsed_time_is_that_of_ps() {
        assert_eq!(elapsed(Duration::from_secs(3_723)), "01:02:03");
        assert_eq!(elapsed(Duration::from_secs(90_061)), "1-01:01:01");
    }
}
