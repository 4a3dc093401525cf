//! Shows tasks that waited too long for a CPU.

use std::io::Write as _;
use std::io::stdout;
use std::mem::MaybeUninit;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use example_bpf::Error;
use example_bpf::JsonObject;
use example_bpf::Limits;
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
use example_bpf::visible;

mod runqslower {
    ctxgen::include_bpf!("runqslower");
}

use runqslower::RunqslowerSkelBuilder;
use runqslower::types::wait_event;

/// Show tasks that waited too long for a CPU: from being woken, or preempted, until they ran.
#[derive(Debug, Parser)]
#[command(name = "runqslower", version)]
struct Args {
    /// Show waits of at least so many microseconds; 0 shows every one
    #[arg(long, value_name = "MICROSECONDS", default_value_t = 10_000)]
    threshold_us: u64,

    /// Only tasks of this process
    #[arg(long)]
    pid: Option<u32>,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    style: Style,
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
    settings.only_pid = args.pid.unwrap_or(0);
    let mut skeleton = load(&loader, skeleton, verbose)?;
    attach(&mut skeleton, verbose)?;
    eprintln!(
        "runqslower: watching for waits of {} us and more",
        args.threshold_us
    );

    let began = Instant::now();
    if !args.style.json {
        writeln!(
            stdout(),
            "{:>10}  {:<15}  {:>7}  {:>7}  {:>10}  {:<15}  {:>8}",
            "TIME(s)",
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
            if args.style.json {
                let object = JsonObject::new()
                    .string("comm", &text(&event.comm))
                    .number("pid", event.pid)
                    .number("tid", event.tid)
                    .number("wait_ns", event.wait_ns)
                    .string("prev_comm", &text(&event.prev_comm))
                    .number("prev_tid", event.prev_tid)
                    .number("prev_state", event.prev_state);
                return writeln!(stdout(), "{object}");
            }
            writeln!(
                stdout(),
                "{:>10.3}  {:<15}  {:>7}  {:>7}  {:>10}  {:<15}  {:>8}",
                began.elapsed().as_secs_f64(),
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
