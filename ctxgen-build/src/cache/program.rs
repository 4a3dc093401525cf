//! The program that runs now, told from others that may have made something.

use std::env;
use std::fs;
use std::time::Duration;
use std::time::SystemTime;

/// Until then after 1970, a time of change is one that packers give all files, and tells none from another.
const NO_TIME: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// When the running program was linked. Products of this program are recorded in files with that time of
/// change, to the nanosecond: another ctxgen, libbpf or bindgen is another program, linked at another time,
/// and may make other products of the same. A copy of both that keeps the times keeps what was made; one that
/// does not has all made again.
///
/// `None` where that is not known: nothing is reused then.
pub(crate) fn linked() -> Option<SystemTime> {
    let program = env::current_exe().and_then(fs::metadata).ok()?;
    let linked = program.modified().ok()?;
    (linked > SystemTime::UNIX_EPOCH + NO_TIME).then_some(linked)
}
