//! Shows tasks that waited too long for a CPU.

use std::io::Write as _;
use std::io::stdout;
use std::mem::MaybeUninit;
use std::process::ExitCode;

use clap::Parser;
use example_bpf::Error;
use example_bpf::Limits;
use example_bpf::Process;
use example_bpf::Record;
use example_bpf::Stop;
use example_bpf::Style;
use example_bpf::attach;
use example_bpf::follow;
use example_bpf::global;
use example_bpf::load;
use example_bpf::loader;
use example_bpf::open;
use example_bpf::report_lost;
use example_bpf::start;
use example_bpf::text;
use example_bpf::time_of_day;
use example_bpf::visible;
use example_bpf::wall_clock_ns;
use example_bpf::write_json;
use serde::Serialize;

mod runqslower {
    ctxgen::include_bpf!("runqslower");
}

use runqslower::RunqslowerSkelBuilder;
use runqslower::types::wait_event;

/// Show tasks that waited too long for a CPU: from being woken, or preempted, until they ran.
#[derive(Debug, Parser)]
#[command(name = "runqslower", version)]
struct Args {
    /// Show waits of at least this many microseconds; 0 shows all
    #[arg(long, value_name = "MICROSECONDS", default_value_t = 10_000)]
    threshold_us: u64,

    #[command(flatten)]
    process: Process,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    style: Style,
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

// SAFETY: It consists of integers only.
unsafe impl Record for wait_event {}

fn main() -> ExitCode {
    start(run)
}

fn run(args: &Args) -> Result<(), Error> {
    let verbose = args.style.verbose;
    let stop = Stop::on_signal()?;
    let loader = loader(runqslower::OBJECT)?;
    let mut object = MaybeUninit::uninit();
    let mut skeleton = open(
        &loader,
        RunqslowerSkelBuilder::default(),
        &mut object,
        verbose,
    )?;
    let settings = global(skeleton.maps.rodata_data.as_mut())?;
    settings.min_wait_ns = args.threshold_us.saturating_mul(1_000);
    settings.only_pid = args.process.pid();
    let mut skeleton = load(&loader, skeleton, verbose)?;
    attach(&mut skeleton, verbose)?;
    eprintln!(
        "runqslower: watching for waits of {} us and more",
        args.threshold_us
    );

    if !args.style.json {
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
        .map_err(Error::Output)?;
    }
    follow(
        &skeleton.maps.events,
        &args.limits,
        &stop,
        |event: &wait_event| {
            let time_ns = wall_clock_ns(event.time_ns);
            if args.style.json {
                return write_json(&Wait {
                    time_ns,
                    comm: text(&event.comm),
                    pid: event.pid,
                    tid: event.tid,
                    wait_ns: event.wait_ns,
                    prev_comm: text(&event.prev_comm),
                    prev_tid: event.prev_tid,
                    prev_state: event.prev_state,
                });
            }
            writeln!(
                stdout(),
                "{}  {:<15}  {:>7}  {:>7}  {:>10}  {:<15}  {:>8}",
                time_of_day(time_ns),
                visible(&event.comm),
                event.pid,
                event.tid,
                event.wait_ns / 1_000,
                visible(&event.prev_comm),
                event.prev_tid
            )
        },
    )?;

    let globals = global(skeleton.maps.bss_data.as_deref())?;
    report_lost("runqslower", &globals.lost);
    Ok(())
}
