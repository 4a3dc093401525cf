//! `opensnoop` on the running kernel, if that allows it.

use std::env;
use std::fs::File;
use std::process;

use crate::sample::Watch;
use crate::sample::may_load;
use crate::sample::skip;

#[test]
fn an_open_is_seen_or_the_refusal_is_clear() {
    if !may_load("opensnoop") {
        return;
    }
    let pid = process::id();
    let watch = Watch::start(
        env!("CARGO_BIN_EXE_opensnoop"),
        &["--pid", &pid.to_string(), "--failed", "--duration=3"],
    );
    let watch = match watch {
        Ok(watch) => watch,
        Err(refusal) => return skip("opensnoop", refusal.trim()),
    };
    let path = env::temp_dir().join(format!("opensnoop \"{pid}\""));
    assert!(File::open(&path).is_err());

    let opens = watch.objects();
    // Other tests of this process may open files too.
    let own: Vec<_> = opens
        .iter()
        .filter(|open| open["path"] == path.to_string_lossy().as_ref())
        .collect();
    assert_eq!(own.len(), 1, "{opens:?}");
    assert_eq!(own[0]["pid"], pid);
    assert_eq!(own[0]["ret"], -libc::ENOENT);
    assert_eq!(own[0]["flags"], libc::O_CLOEXEC);
}
