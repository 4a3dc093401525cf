//! `tinycc`: a connection that uses it, and that it is there for as long as the sample runs.

use std::io;

use serde_json::json;

use crate::checks::Checks;
use crate::loopback;
use crate::sample::Samples;
use crate::transfer::is_offered;
use crate::transfer::transfer;

const NAME: &str = "tinycc";
const BYTES: u32 = 4 << 20;
/// What the kernel begins with (`TCP_INIT_CWND` of `include/net/tcp.h`).
const INITIAL_CWND: u64 = 10;

pub(crate) fn check(samples: &Samples, checks: &mut Checks) -> Result<(), String> {
    let failed = |what: &'static str| move |error: io::Error| format!("cannot {what}: {error}");
    loopback::bring_up().map_err(failed("bring up the network"))?;
    let offered = || is_offered(NAME).map_err(failed("ask for a congestion control"));
    checks.equal("it is not there before", false, offered()?);

    let running = samples.watch(NAME, &["--count=1", "--duration=30"])?;
    checks.equal("sockets can be given it", true, offered()?);
    let other = transfer("reno", 1000, |_| ()).map_err(failed("send with another"))?;
    checks.equal("another is another", "reno", &other.congestion);
    let sent = transfer(NAME, BYTES as usize, |_| ()).map_err(failed("send"))?;
    let connections = running.objects()?;
    checks.equal("it is gone afterwards", false, offered()?);

    checks.equal("the socket says that it uses it", NAME, &sent.congestion);
    checks.equal("all bytes arrive", u64::from(BYTES), sent.received);
    let [connection] = &connections[..] else {
        return Err(format!("expected one connection, and {connections:?} came"));
    };
    checks.members(
        "the connection is reported with",
        &json!({
            "remote": "127.0.0.1",
            "remote_port": sent.remote_port,
            "local_port": sent.local_port,
            "bytes_acked": BYTES,
            "cwnd": sent.cwnd,
            "undone": 0,
        }),
        connection,
    );
    checks.equal(
        "the kernel counts as many bytes, and one each for the beginning and the end",
        u64::from(BYTES) + 2,
        sent.bytes_acked,
    );
    let number = |name: &str| connection[name].as_u64().unwrap_or(u64::MAX);
    if sent.retransmitted == 0 {
        checks.equal("nothing was lost", 0, number("losses"));
        // The first packet was before the congestion control was asked.
        checks.equal(
            "the kernel counts as many packets",
            u64::from(sent.delivered),
            number("acked") + 1,
        );
    }
    checks.that(
        "the window is no smaller than in the beginning",
        number("losses") > 0 || (INITIAL_CWND..=number("max_cwnd")).contains(&number("cwnd")),
        connection,
    );
    let is_consistent = (1..=number("acked")).contains(&number("acks"));
    checks.that(
        "it was asked at each acknowledgement",
        is_consistent,
        connection,
    );
    Ok(())
}
