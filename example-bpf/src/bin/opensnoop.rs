//! Shows files that are opened.

use std::io::Write as _;
use std::io::stdout;
use std::mem::MaybeUninit;
use std::process::ExitCode;

use clap::Parser;
use example_bpf::Error;
use example_bpf::Limits;
use example_bpf::Record;
use example_bpf::Stop;
use example_bpf::Style;
use example_bpf::Tasks;
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

mod opensnoop {
    ctxgen::include_bpf!("opensnoop");
}

use opensnoop::OpensnoopSkelBuilder;
use opensnoop::types::open_event;

/// Show files that are opened: by whom, how, and with which result.
#[derive(Debug, Parser)]
#[command(name = "opensnoop", version)]
struct Args {
    #[command(flatten)]
    tasks: Tasks,

    /// Only what fails
    #[arg(long)]
    failed: bool,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    style: Style,
}

/// One open, as `--json` writes it.
#[derive(Serialize)]
struct Open {
    /// Nanoseconds since 1970.
    time_ns: u64,
    comm: String,
    pid: u32,
    tid: u32,
    uid: u32,
    /// The file's number, or a negative errno.
    ret: i32,
    /// `O_*`.
    flags: i32,
    path: String,
}

// SAFETY: It consists of integers only.
unsafe impl Record for open_event {}

fn main() -> ExitCode {
    start(run)
}

fn run(args: &Args) -> Result<(), Error> {
    let verbose = args.style.verbose;
    let stop = Stop::on_signal()?;
    let loader = loader(opensnoop::OBJECT)?;
    let mut object = MaybeUninit::uninit();
    let mut skeleton = open(
        &loader,
        OpensnoopSkelBuilder::default(),
        &mut object,
        verbose,
    )?;
    let settings = global(skeleton.maps.rodata_data.as_mut())?;
    settings.only_pid = args.tasks.pid();
    settings.only_comm = args.tasks.comm();
    settings.only_failed = args.failed;
    let mut skeleton = load(&loader, skeleton, verbose)?;
    attach(&mut skeleton, verbose)?;
    eprintln!("opensnoop: watching");

    if !args.style.json {
        writeln!(
            stdout(),
            "{:<12}  {:<15}  {:>7}  {:>6}  {:<9}  {:>8}  PATH",
            "TIME",
            "COMM",
            "PID",
            "UID",
            "RESULT",
            "FLAGS"
        )
        .map_err(Error::Output)?;
    }
    follow(
        &skeleton.maps.events,
        &args.limits,
        &stop,
        |event: &open_event| {
            let time_ns = wall_clock_ns(event.time_ns);
            if args.style.json {
                return write_json(&Open {
                    time_ns,
                    comm: text(&event.comm),
                    pid: event.pid,
                    tid: event.tid,
                    uid: event.uid,
                    ret: event.ret,
                    flags: event.flags,
                    path: text(&event.path),
                });
            }
            writeln!(
                stdout(),
                "{}  {:<15}  {:>7}  {:>6}  {:<9}  {:>8o}  {}",
                time_of_day(time_ns),
                visible(&event.comm),
                event.pid,
                event.uid,
                result(event.ret),
                event.flags,
                visible(&event.path)
            )
        },
    )?;

    let globals = global(skeleton.maps.bss_data.as_deref())?;
    report_lost("opensnoop", &globals.lost);
    Ok(())
}

/// The file's number, or why there is none.
fn result(ret: i32) -> String {
    match ret.checked_neg() {
        Some(errno) if errno > 0 => errno_name(errno).into_owned(),
        _ => ret.to_string(),
    }
}
