//! Shows files that are opened.

use std::io::Write as _;
use std::io::stdout;
use std::mem::MaybeUninit;
use std::process::ExitCode;

use clap::Parser;
use example_bpf::Error;
use example_bpf::JsonObject;
use example_bpf::Limits;
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
use example_bpf::visible;

mod opensnoop {
    ctxgen::include_bpf!("opensnoop");
}

use opensnoop::OpensnoopSkelBuilder;
use opensnoop::types::open_event;

/// Show files that are opened: by whom, how, and with which result.
#[derive(Debug, Parser)]
#[command(name = "opensnoop", version)]
struct Args {
    /// Only what this process opens
    #[arg(long)]
    pid: Option<u32>,

    /// Only what fails
    #[arg(long)]
    failed: bool,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    style: Style,
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
    settings.only_pid = args.pid.unwrap_or(0);
    settings.only_failed = args.failed;
    let mut skeleton = load(&loader, skeleton, verbose)?;
    attach(&mut skeleton, verbose)?;
    eprintln!("opensnoop: watching");

    if !args.style.json {
        writeln!(
            stdout(),
            "{:<15}  {:>7}  {:<9}  {:>8}  PATH",
            "COMM",
            "PID",
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
            if args.style.json {
                let object = JsonObject::new()
                    .string("comm", &text(&event.comm))
                    .number("pid", event.pid)
                    .number("tid", event.tid)
                    .number("ret", event.ret)
                    .number("flags", event.flags)
                    .string("path", &text(&event.path));
                return writeln!(stdout(), "{object}");
            }
            writeln!(
                stdout(),
                "{:<15}  {:>7}  {:<9}  {:>8o}  {}",
                visible(&event.comm),
                event.pid,
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
