//! `rawtp` on the running kernel.

use crate::sample::may_load;
use crate::sample::objects;

#[test]
fn arguments_arrive_as_they_were_sent() {
    if !may_load("rawtp") {
        return;
    }
    let exchanges = objects(env!("CARGO_BIN_EXE_rawtp"), &[]);
    assert_eq!(exchanges.len(), 4 * (7 + 5));
    for exchange in &exchanges {
        assert_eq!(exchange["ok"], true, "{exchange}");
        assert_eq!(exchange["sent"], exchange["received"], "{exchange}");
    }
    assert!(
        exchanges
            .iter()
            .any(|exchange| exchange["argument"] == "off" && exchange["received"] == -42)
    );
}
