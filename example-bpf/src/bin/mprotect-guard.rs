//! Reports, and on demand denies, memory that becomes writable and executable at once.

use std::fs;
use std::io::Write as _;
use std::io::stdout;
use std::mem::MaybeUninit;
use std::process::ExitCode;

use clap::ArgGroup;
use clap::Parser;
use example_bpf::Error;
use example_bpf::Limits;
use example_bpf::Record;
use example_bpf::Stop;
use example_bpf::Style;
use example_bpf::Tasks;
use example_bpf::access;
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

mod mprotect_guard {
    ctxgen::include_bpf!("mprotect_guard");
}

use mprotect_guard::MprotectGuardSkelBuilder;
use mprotect_guard::types::mprotect_event;

/// The security modules in force, on systems that have securityfs mounted.
const ACTIVE_MODULES: &str = "/sys/kernel/security/lsm";

/// Report memory that is made writable and executable at once (mprotect), or deny it.
#[derive(Debug, Parser)]
#[command(
    name = "mprotect-guard",
    version,
    group(ArgGroup::new("whom").args(["pid", "comm"]).multiple(true))
)]
struct Args {
    /// Deny the calls with EPERM. Requires --pid or --comm: if denied to everybody, some
    /// interpreters and desktops would not start
    #[arg(long, requires = "whom")]
    deny: bool,

    #[command(flatten)]
    tasks: Tasks,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    style: Style,
}

/// One request, as `--json` writes it.
#[derive(Serialize)]
struct Request {
    /// Nanoseconds since 1970.
    time_ns: u64,
    comm: String,
    pid: u32,
    tid: u32,
    uid: u32,
    start: u64,
    end: u64,
    /// As `rwx`.
    before: String,
    asked: String,
    denied: bool,
}

// SAFETY: It consists of integers only.
unsafe impl Record for mprotect_event {}

fn main() -> ExitCode {
    start(run)
}

fn run(args: &Args) -> Result<(), Error> {
    let verbose = args.style.verbose;
    let stop = Stop::on_signal()?;
    let loader = loader(mprotect_guard::OBJECT)?;
    let mut object = MaybeUninit::uninit();
    let mut skeleton = open(
        &loader,
        MprotectGuardSkelBuilder::default(),
        &mut object,
        verbose,
    )?;
    let settings = global(skeleton.maps.rodata_data.as_mut())?;
    settings.verdict = if args.deny { -libc::EPERM } else { 0 };
    settings.only_pid = args.tasks.pid();
    settings.only_comm = args.tasks.comm();
    let mut skeleton = load(&loader, skeleton, verbose)?;
    attach(&mut skeleton, verbose)?;
    warn_if_inactive();
    eprintln!(
        "mprotect-guard: {}",
        if args.deny { "denying" } else { "watching" }
    );

    if !args.style.json {
        writeln!(
            stdout(),
            "{:<12}  {:<15}  {:>7}  {:>6}  {:<35}  {:<6}  {:<5}  VERDICT",
            "TIME",
            "COMM",
            "PID",
            "UID",
            "MAPPING",
            "BEFORE",
            "ASKED"
        )
        .map_err(Error::Output)?;
    }
    follow(
        &skeleton.maps.events,
        &args.limits,
        &stop,
        |event: &mprotect_event| {
            let time_ns = wall_clock_ns(event.time_ns);
            let denied = event.denied != 0;
            let before = access(event.vm_flags);
            let asked = access(event.prot.into());
            if args.style.json {
                return write_json(&Request {
                    time_ns,
                    comm: text(&event.comm),
                    pid: event.pid,
                    tid: event.tid,
                    uid: event.uid,
                    start: event.start,
                    end: event.end,
                    before,
                    asked,
                    denied,
                });
            }
            writeln!(
                stdout(),
                "{}  {:<15}  {:>7}  {:>6}  {:<35}  {before:<6}  {asked:<5}  {}",
                time_of_day(time_ns),
                visible(&event.comm),
                event.pid,
                event.uid,
                format!("{:#x}-{:#x}", event.start, event.end),
                if denied { "denied" } else { "allowed" }
            )
        },
    )?;

    let globals = global(skeleton.maps.bss_data.as_deref())?;
    report_lost("mprotect-guard", &globals.lost);
    Ok(())
}

/// An LSM program attaches where BPF is no active security module, but is never called.
fn warn_if_inactive() {
    let Ok(modules) = fs::read_to_string(ACTIVE_MODULES) else {
        return;
    };
    if modules.trim().split(',').all(|module| module != "bpf") {
        eprintln!(
            "mprotect-guard: `bpf` is not among the active security modules ({}), so that the \
             program will never run; boot with it added to lsm=",
            modules.trim()
        );
    }
}
