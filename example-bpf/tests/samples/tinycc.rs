//! `tinycc` on the running kernel, if that allows it.

use std::process::Command;

use serde_json::json;

use crate::sample::Watch;
use crate::sample::may_load;
use crate::sample::said;
use crate::sample::skip;
use crate::transfer::is_offered;
use crate::transfer::transfer;

const BYTES: usize = 1 << 20;

#[test]
fn a_connection_is_seen_or_the_refusal_is_clear() {
    if !may_load("tinycc") {
        return;
    }
    let watch = Watch::start(
        env!("CARGO_BIN_EXE_tinycc"),
        &["--count=1", "--duration=600"],
    );
    let watch = match watch {
        Ok(watch) => watch,
        Err(refusal) => return skip("tinycc", refusal.trim()),
    };
    let sent = transfer("tinycc", BYTES, |port| {
        let mut ss = Command::new("ss");
        ss.args(["-Htin", "sport", "=", &format!(":{port}")]);
        if let Some(said) = said("tinycc", &mut ss) {
            assert!(
                said.split_whitespace().any(|word| word == "tinycc"),
                "{said}"
            );
        }
    })
    .unwrap();
    let connections = watch.objects();
    assert_eq!(sent.congestion, "tinycc");
    assert_eq!(sent.received, BYTES as u64);
    assert_eq!(connections.len(), 1);
    let connection = &connections[0];
    for (name, value) in [
        ("remote", json!("127.0.0.1")),
        ("remote_port", json!(sent.remote_port)),
        ("local_port", json!(sent.local_port)),
        ("bytes_acked", json!(BYTES)),
        ("cwnd", json!(sent.cwnd)),
    ] {
        assert_eq!(connection[name], value, "{name}, {sent:?}");
    }
    // What `ss` shows too, where what begins and ends a connection counts as a byte each.
    assert_eq!(sent.bytes_acked, BYTES as u64 + 2);
    if sent.retransmitted == 0 {
        // The first packet was before the congestion control was asked.
        assert_eq!(connection["acked"], sent.delivered - 1, "{connection}");
    }
    assert!(!is_offered("tinycc").unwrap());

    // However it ends, nothing stays registered.
    let watch = Watch::start(env!("CARGO_BIN_EXE_tinycc"), &[]).unwrap();
    assert!(is_offered("tinycc").unwrap());
    assert!(watch.interrupt().success());
    assert!(!is_offered("tinycc").unwrap());
}
