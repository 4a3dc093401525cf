//! `tinycc` on the running kernel, if that allows it.

use serde_json::json;

use crate::sample::Watch;
use crate::sample::may_load;
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
        &["--count=1", "--duration=30"],
    );
    let watch = match watch {
        Ok(watch) => watch,
        Err(refusal) => return skip("tinycc", refusal.trim()),
    };
    let sent = transfer("tinycc", BYTES).unwrap();
    let connections = watch.objects();
    assert_eq!(sent.congestion, "tinycc");
    assert_eq!(sent.received, BYTES as u64);
    assert_eq!(connections.len(), 1);
    let connection = &connections[0];
    for (name, value) in [
        ("remote", json!("127.0.0.1")),
        ("remote_port", json!(sent.remote_port)),
        ("local_port", json!(sent.local_port)),
        ("bytes_acked", json!(sent.bytes_acked)),
        ("cwnd", json!(sent.cwnd)),
    ] {
        assert_eq!(connection[name], value, "{name}, {sent:?}");
    }
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
