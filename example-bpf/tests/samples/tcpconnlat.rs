//! `tcpconnlat` on the running kernel, if that allows it.

use std::net::TcpListener;
use std::net::TcpStream;
use std::process;
use std::process::Command;

use crate::sample::Watch;
use crate::sample::may_load;
use crate::sample::said;
use crate::sample::skip;

#[test]
fn a_connection_is_seen_or_the_refusal_is_clear() {
    if !may_load("tcpconnlat") {
        return;
    }
    let pid = process::id();
    let watch = Watch::start(
        env!("CARGO_BIN_EXE_tcpconnlat"),
        &["--pid", &pid.to_string(), "--count=1", "--duration=600"],
    );
    let watch = match watch {
        Ok(watch) => watch,
        Err(refusal) => {
            // Kernels without events for kprobes take the programs, and have nothing to attach them to.
            assert!(refusal.contains("kprobe/tcp_"), "{refusal}");
            return skip("tcpconnlat", refusal.trim());
        }
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let stream = TcpStream::connect(address).unwrap();

    let connections = watch.objects();
    assert_eq!(connections.len(), 1);
    assert_eq!(connections[0]["pid"], pid);
    assert_eq!(connections[0]["error"], 0);
    assert_eq!(connections[0]["remote"], "127.0.0.1");
    assert_eq!(connections[0]["remote_port"], address.port());
    assert_eq!(
        connections[0]["local_port"],
        stream.local_addr().unwrap().port()
    );

    let mut ss = Command::new("ss");
    let port = format!(":{}", address.port());
    ss.args(["-Htn", "state", "established", "dport", "=", &port]);
    if let Some(said) = said("tcpconnlat", &mut ss) {
        let ends: Vec<&str> = said.split_whitespace().skip(2).collect();
        let end = |ip: &str, port: &str| {
            let (ip, port) = (&connections[0][ip], &connections[0][port]);
            format!("{}:{port}", ip.as_str().unwrap())
        };
        assert_eq!(
            ends,
            [end("local", "local_port"), end("remote", "remote_port")]
        );
    }
}
