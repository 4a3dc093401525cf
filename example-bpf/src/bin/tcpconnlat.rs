//! Shows how long TCP connections take to be established.

use std::io::Write as _;
use std::io::stdout;
use std::mem::MaybeUninit;
use std::net::IpAddr;
use std::net::SocketAddr;
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

mod tcpconnlat {
    ctxgen::include_bpf!("tcpconnlat");
}

use tcpconnlat::TcpconnlatSkelBuilder;
use tcpconnlat::types::connection;

/// The family of IPv4.
const AF_INET: u16 = 2;

/// Show how long TCP connections take, from when a program connects to the peer's answer.
#[derive(Debug, Parser)]
#[command(name = "tcpconnlat", version)]
struct Args {
    /// Show connections that took at least this many microseconds; 0 shows all
    #[arg(long, value_name = "MICROSECONDS", default_value_t = 0)]
    threshold_us: u64,

    #[command(flatten)]
    process: Process,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    style: Style,
}

/// One connection, as `--json` writes it.
#[derive(Serialize)]
struct Connection {
    /// When it was answered, in nanoseconds since 1970.
    time_ns: u64,
    comm: String,
    pid: u32,
    tid: u32,
    latency_ns: u64,
    /// 0, or a negative errno.
    error: i32,
    local: IpAddr,
    local_port: u16,
    remote: IpAddr,
    remote_port: u16,
}

// SAFETY: It consists of integers only.
unsafe impl Record for connection {}

fn main() -> ExitCode {
    start(run)
}

fn run(args: &Args) -> Result<(), Error> {
    let verbose = args.style.verbose;
    let stop = Stop::on_signal()?;
    let loader = loader(tcpconnlat::OBJECT)?;
    let mut object = MaybeUninit::uninit();
    let mut skeleton = open(
        &loader,
        TcpconnlatSkelBuilder::default(),
        &mut object,
        verbose,
    )?;
    let settings = global(skeleton.maps.rodata_data.as_mut())?;
    settings.min_latency_ns = args.threshold_us.saturating_mul(1_000);
    settings.only_pid = args.process.pid();
    let mut skeleton = load(&loader, skeleton, verbose)?;
    attach(&mut skeleton, verbose)?;
    eprintln!(
        "tcpconnlat: watching for connections of {} us and more",
        args.threshold_us
    );

    if !args.style.json {
        writeln!(
            stdout(),
            "{:<12}  {:<15}  {:>7}  {:>10}  {:<12}  {:<21}  REMOTE",
            "TIME",
            "COMM",
            "PID",
            "TOOK(us)",
            "RESULT",
            "LOCAL"
        )
        .map_err(Error::Output)?;
    }
    follow(
        &skeleton.maps.events,
        &args.limits,
        &stop,
        |event: &connection| {
            let time_ns = wall_clock_ns(event.time_ns);
            let local = address(event.family, event.local, event.local_port);
            let remote = address(event.family, event.remote, event.remote_port);
            if args.style.json {
                return write_json(&Connection {
                    time_ns,
                    comm: text(&event.comm),
                    pid: event.pid,
                    tid: event.tid,
                    latency_ns: event.latency_ns,
                    error: event.error,
                    local: local.ip(),
                    local_port: local.port(),
                    remote: remote.ip(),
                    remote_port: remote.port(),
                });
            }
            writeln!(
                stdout(),
                "{}  {:<15}  {:>7}  {:>10}  {:<12}  {:<21}  {remote}",
                time_of_day(time_ns),
                visible(&event.comm),
                event.pid,
                event.latency_ns / 1_000,
                result(event.error),
                local.to_string()
            )
        },
    )?;

    let globals = global(skeleton.maps.bss_data.as_deref())?;
    report_lost("tcpconnlat", &globals.lost);
    Ok(())
}

/// The address and port of one end; IPv4 has the first four bytes.
fn address(family: u16, bytes: [u8; 16], port: u16) -> SocketAddr {
    let ip = match (family, bytes) {
        (AF_INET, [a, b, c, d, ..]) => IpAddr::from([a, b, c, d]),
        _ => IpAddr::from(bytes),
    };
    SocketAddr::new(ip, port)
}

fn result(error: i32) -> String {
    match error.checked_neg() {
        Some(errno) if errno > 0 => errno_name(errno).into_owned(),
        _ => "ok".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_are_written_as_usual() {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&[127, 0, 0, 1]);
        assert_eq!(address(AF_INET, bytes, 80).to_string(), "127.0.0.1:80");
        bytes = [0; 16];
        bytes[15] = 1;
        assert_eq!(address(10, bytes, 80).to_string(), "[::1]:80");
    }
}
