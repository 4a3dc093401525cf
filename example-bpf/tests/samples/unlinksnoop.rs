//! `unlinksnoop` on the running kernel, if that allows it.

use std::env;
use std::fs;
use std::process;

use crate::sample::Watch;
use crate::sample::may_load;
use crate::sample::skip;

#[test]
fn an_unlink_is_seen_or_the_refusal_is_clear() {
    if !may_load("unlinksnoop") {
        return;
    }
    let pid = process::id();
    let watch = Watch::start(
        env!("CARGO_BIN_EXE_unlinksnoop"),
        &["--pid", &pid.to_string(), "--count=1", "--duration=30"],
    );
    let watch = match watch {
        Ok(watch) => watch,
        Err(refusal) => {
            assert!(
                refusal.contains("the program `unlink_enter` (fentry/vfs_unlink): E"),
                "{refusal}"
            );
            return skip("unlinksnoop", refusal.trim());
        }
    };
    let name = format!("unlinksnoop \"{pid}\"");
    let path = env::temp_dir().join(&name);
    fs::write(&path, "").unwrap();
    fs::remove_file(&path).unwrap();

    let unlinks = watch.objects();
    assert_eq!(unlinks.len(), 1);
    assert_eq!(unlinks[0]["pid"], pid);
    assert_eq!(unlinks[0]["ret"], 0);
    assert_eq!(unlinks[0]["name"], name);
}
