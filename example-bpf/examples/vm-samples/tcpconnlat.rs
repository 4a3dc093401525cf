//! `tcpconnlat`: connections over the loopback device that are answered, refused, and that have no way.

use std::io;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::process;
use std::time::Duration;
use std::time::Instant;

use serde_json::json;

use crate::checks::Checks;
use crate::sample::Samples;
use crate::task;
use crate::task::in_thread;

pub(crate) fn check(samples: &Samples, checks: &mut Checks) -> Result<(), String> {
    let failed = |what: &str, error: io::Error| format!("cannot {what}: {error}");
    task::bring_up_loopback().map_err(|error| failed("bring up the loopback device", error))?;
    let pid = process::id();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let listener = listener.map_err(|error| failed("listen", error))?;
    let address = listener
        .local_addr()
        .map_err(|error| failed("listen", error))?;
    // Not every kernel has IPv6.
    let listener6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).ok();
    let address6 = listener6
        .as_ref()
        .and_then(|listener| listener.local_addr().ok());
    // A port that nobody listens at any more.
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(|error| failed("listen", error))?;
    // Reserved for documentation, and no route leads there.
    let nowhere = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 7));

    // An emulated machine may lose that answer, whoever watches.
    let is_refused = |result: &io::Result<TcpStream>| errno(result) == Some(libc::ECONNREFUSED);
    let refuses = is_refused(&connect(closed));
    if !refuses {
        println!("tcpconnlat: this machine's kernel never refuses a connection");
    }

    let count = 2 + usize::from(refuses) + usize::from(address6.is_some());
    let running = samples.watch(
        "tcpconnlat",
        &[
            "--pid",
            &pid.to_string(),
            &format!("--count={count}"),
            "--duration=30",
        ],
    )?;
    let start = Instant::now();
    let stream = connect(address).map_err(|error| failed("connect", error))?;
    let (refused, tid) = match refuses {
        true => in_thread("refused", move || Some(connect(closed)))?,
        false => (None, 0),
    };
    let unreachable = connect(nowhere);
    let stream6 = address6.map(connect).transpose();
    let stream6 = stream6.map_err(|error| failed("connect to ::1", error))?;
    let took = start.elapsed().as_nanos();
    let connections = running.objects()?;

    if let Some(refused) = &refused {
        checks.that(
            "a closed port refuses",
            is_refused(refused),
            format!("{refused:?}"),
        );
    }
    checks.equal(
        "no route leads there",
        Some(libc::ENETUNREACH),
        errno(&unreachable),
    );
    checks.equal("each connection is there", count, connections.len());
    let comm = task::status(pid, "Name");
    let port = |stream: &TcpStream| stream.local_addr().ok().map(|address| address.port());
    let mut expected = vec![json!({
        "comm": comm, "pid": pid, "tid": pid, "error": 0, "local": "127.0.0.1",
        "local_port": port(&stream), "remote": "127.0.0.1", "remote_port": address.port(),
    })];
    expected.extend(refused.map(|_| {
        json!({
            "comm": "refused", "pid": pid, "tid": tid, "error": -libc::ECONNREFUSED,
            "local": "127.0.0.1", "remote": "127.0.0.1", "remote_port": closed.port(),
        })
    }));
    expected.push(json!({"comm": comm, "pid": pid, "tid": pid, "error": -libc::ENETUNREACH}));
    expected.extend(stream6.iter().zip(address6).map(|(stream, address)| {
        json!({
            "comm": comm, "pid": pid, "error": 0, "local": IpAddr::from(Ipv6Addr::LOCALHOST),
            "local_port": port(stream), "remote": "::1", "remote_port": address.port(),
        })
    }));
    for (expected, connection) in expected.iter().zip(&connections) {
        checks.members("a connection is reported with", expected, connection);
        let ns = connection["latency_ns"].as_u64().map(u128::from);
        checks.that(
            "it took no longer than all",
            // A machine's clock may be so coarse that no time goes by.
            ns.is_some_and(|ns| ns <= took),
            format!("{ns:?} ns came, of {took} in all"),
        );
    }
    Ok(())
}

fn errno(result: &io::Result<TcpStream>) -> Option<i32> {
    result.as_ref().err().and_then(io::Error::raw_os_error)
}

/// Connects, or gives up where a packet is lost.
fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    TcpStream::connect_timeout(&address, Duration::from_secs(10))
}
