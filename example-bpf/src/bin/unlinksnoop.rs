//! Shows files that are unlinked.

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
use example_bpf::errno_name;
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

mod unlinksnoop {
    ctxgen::include_bpf!("unlinksnoop");
}

use unlinksnoop::UnlinksnoopSkelBuilder;
use unlinksnoop::types::unlink_event;

/// Show files that are unlinked: by whom, with which result, and how long it took.
#[derive(Debug, Parser)]
#[command(name = "unlinksnoop", version)]
struct Args {
    #[command(flatten)]
    process: Process,

    /// Only what fails
    #[arg(long)]
    failed: bool,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    style: Style,
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

// SAFETY: It consists of integers only.
unsafe impl Record for unlink_event {}

fn main() -> ExitCode {
    start(run)
}

fn run(args: &Args) -> Result<(), Error> {
    let verbose = args.style.verbose;
    let stop = Stop::on_signal()?;
    let loader = loader(unlinksnoop::OBJECT)?;
    let mut object = MaybeUninit::uninit();
    let mut skeleton = open(
        &loader,
        UnlinksnoopSkelBuilder::default(),
        &mut object,
        verbose,
    )?;
    let settings = global(skeleton.maps.rodata_data.as_mut())?;
    settings.only_pid = args.process.pid();
    settings.only_failed = args.failed;
    let mut skeleton = load(&loader, skeleton, verbose)?;
    attach(&mut skeleton, verbose)?;
    eprintln!("unlinksnoop: watching");

    if !args.style.json {
        writeln!(
            stdout(),
            "{:<12}  {:<15}  {:>7}  {:>8}  {:<9}  NAME",
            "TIME",
            "COMM",
            "PID",
            "TOOK(us)",
            "RESULT"
        )
        .map_err(Error::Output)?;
    }
    follow(
        &skeleton.maps.events,
        &args.limits,
        &stop,
        |event: &unlink_event| {
            let time_ns = wall_clock_ns(event.time_ns);
            if args.style.json {
                return write_json(&Unlink {
                    time_ns,
                    comm: text(&event.comm),
                    pid: event.pid,
                    tid: event.tid,
                    duration_ns: event.duration_ns,
                    ret: event.ret,
                    name: text(&event.name),
                });
            }
            writeln!(
                stdout(),
                "{}  {:<15}  {:>7}  {:>8}  {:<9}  {}",
                time_of_day(time_ns),
                visible(&event.comm),
                event.pid,
                event.duration_ns / 1_000,
                result(event.ret),
                visible(&event.name)
            )
        },
    )?;

    let globals = global(skeleton.maps.bss_data.as_deref())?;
    report_lost("unlinksnoop", &globals.lost);
    Ok(())
}

fn result(ret: i32) -> String {
    match ret.checked_neg() {
        Some(errno) if errno > 0 => errno_name(errno).into_owned(),
        _ => "ok".to_string(),
    }
}
