//! Registers a TCP congestion control, and shows the connections that used it.

use std::io::Write as _;
use std::io::stdout;
use std::mem::MaybeUninit;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::process::ExitCode;

use clap::Parser;
use example_bpf::Error;
use example_bpf::Limits;
use example_bpf::Record;
use example_bpf::Stop;
use example_bpf::Style;
use example_bpf::adapt_struct_ops;
use example_bpf::attach;
use example_bpf::follow;
use example_bpf::global;
use example_bpf::load;
use example_bpf::loader;
use example_bpf::open;
use example_bpf::register;
use example_bpf::report_lost;
use example_bpf::start;
use example_bpf::time_of_day;
use example_bpf::wall_clock_ns;
use example_bpf::write_json;
use libbpf_rs::skel::OpenSkel as _;
use serde::Serialize;

mod tinycc {
    ctxgen::include_bpf!("tinycc");
}

use tinycc::TinyccSkelBuilder;
use tinycc::types::tinycc_event;

/// Offer the TCP congestion control `tinycc` for as long as this runs, and show each connection that
/// used it when it ends.
///
/// A program asks for it by the socket option `TCP_CONGESTION`; all that ask for nothing else get it after `sysctl net.ipv4.tcp_congestion_control=tinycc`.
#[derive(Debug, Parser)]
#[command(name = "tinycc", version)]
struct Args {
    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    style: Style,
}

/// One connection that has ended, as `--json` writes it.
#[derive(Serialize)]
struct Connection {
    /// When it ended, in nanoseconds since 1970.
    time_ns: u64,
    remote: IpAddr,
    remote_port: u16,
    local_port: u16,
    duration_ns: u64,
    /// Bytes of data.
    bytes_acked: u64,
    acks: u64,
    /// In packets.
    acked: u64,
    losses: u32,
    undone: u32,
    cwnd: u32,
    max_cwnd: u32,
}

// SAFETY: It consists of integers only.
unsafe impl Record for tinycc_event {}

fn main() -> ExitCode {
    start(run)
}

fn run(args: &Args) -> Result<(), Error> {
    let verbose = args.style.verbose;
    let stop = Stop::on_signal()?;
    let loader = loader(tinycc::OBJECT)?;
    let mut object = MaybeUninit::uninit();
    let mut skeleton = open(&loader, TinyccSkelBuilder::default(), &mut object, verbose)?;
    adapt_struct_ops(skeleton.open_object_mut())?;
    let mut skeleton = load(&loader, skeleton, verbose)?;
    attach(&mut skeleton, verbose)?;
    // Unregisters when it goes.
    let _registered = register(&mut skeleton.maps.tinycc, verbose)?;
    eprintln!("tinycc: watching; the congestion control can be used");

    if !args.style.json {
        writeln!(
            stdout(),
            "{:<12}  {:<39}  {:>6}  {:>6}  {:>8}  {:>10}  {:>6}  {:>6}  {:>6}  {:>6}",
            "TIME",
            "REMOTE",
            "PORT",
            "LOCAL",
            "TOOK(ms)",
            "BYTES",
            "ACKED",
            "LOSSES",
            "UNDONE",
            "CWND"
        )
        .map_err(Error::Output)?;
    }
    follow(
        &skeleton.maps.events,
        &args.limits,
        &stop,
        |event: &tinycc_event| {
            let time_ns = wall_clock_ns(event.time_ns);
            let remote = remote(event);
            if args.style.json {
                return write_json(&Connection {
                    time_ns,
                    remote,
                    remote_port: event.remote_port,
                    local_port: event.local_port,
                    duration_ns: event.duration_ns,
                    bytes_acked: event.bytes_acked,
                    acks: event.acks,
                    acked: event.acked,
                    losses: event.losses,
                    undone: event.undone,
                    cwnd: event.cwnd,
                    max_cwnd: event.max_cwnd,
                });
            }
            writeln!(
                stdout(),
                "{}  {:<39}  {:>6}  {:>6}  {:>8}  {:>10}  {:>6}  {:>6}  {:>6}  {:>6}",
                time_of_day(time_ns),
                remote.to_string(),
                event.remote_port,
                event.local_port,
                event.duration_ns / 1_000_000,
                event.bytes_acked,
                event.acked,
                event.losses,
                event.undone,
                event.cwnd
            )
        },
    )?;

    let globals = global(skeleton.maps.bss_data.as_deref())?;
    report_lost("tinycc", &globals.lost);
    Ok(())
}

/// The address of the other side.
fn remote(event: &tinycc_event) -> IpAddr {
    match event.ipv6 {
        0 => {
            let [a, b, c, d, ..] = event.remote;
            Ipv4Addr::new(a, b, c, d).into()
        }
        _ => Ipv6Addr::from(event.remote).into(),
    }
}
