//! `opensnoop`: opens that succeed and that fail, by either system call.

use std::ffi::CString;
use std::fs::File;
use std::fs::OpenOptions;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process;

use serde_json::Value;
use serde_json::json;

use crate::checks::Checks;
use crate::sample::Samples;
use crate::task;

const PATH: &str = "/tmp/an \"open\" \\ with\ta tab";
const MISSING: &str = "/tmp/missing";
const AGAIN: &str = "/proc/self/status";

/// `struct open_how` of `linux/openat2.h`.
#[repr(C)]
#[derive(Debug)]
struct OpenHow {
    flags: u64,
    mode: u64,
    resolve: u64,
}

pub(crate) fn check(samples: &Samples, checks: &mut Checks) -> Result<(), String> {
    let pid = process::id();
    let running = samples.watch(
        "opensnoop",
        &["--pid", &pid.to_string(), "--count=3", "--duration=30"],
    )?;
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .custom_flags(libc::O_NOFOLLOW)
        .open(PATH)
        .map_err(|error| format!("{PATH}: {error}"))?;
    let missing = File::open(MISSING);
    let again = openat2(AGAIN, libc::O_RDONLY | libc::O_NOATIME);
    let opens = running.objects()?;

    checks.that("what is missing cannot be opened", missing.is_err(), "");
    let comm = task::status(pid, "Name");
    let flags = libc::O_CLOEXEC;
    let of = |path: &str, ret: i64, flags: i32| -> Value {
        json!({
            "comm": comm, "pid": pid, "tid": pid, "ret": ret, "flags": flags, "path": path,
        })
    };
    let [of_file, of_missing, of_again] = &opens[..] else {
        return Err(format!("expected three opens, and {opens:?} came"));
    };
    let created = flags | libc::O_WRONLY | libc::O_CREAT | libc::O_NOFOLLOW;
    checks.members(
        "opening a file is reported with",
        &of(PATH, file.as_raw_fd().into(), created),
        of_file,
    );
    checks.members(
        "opening what is missing is reported with",
        &of(MISSING, (-libc::ENOENT).into(), flags),
        of_missing,
    );
    checks.members(
        "openat2 is reported with",
        &of(AGAIN, again, libc::O_RDONLY | libc::O_NOATIME),
        of_again,
    );
    Ok(())
}

/// The file's number, or a negative errno.
fn openat2(path: &str, flags: i32) -> i64 {
    let path = CString::new(path).unwrap_or_default();
    let how = OpenHow {
        flags: u64::from(flags.unsigned_abs()),
        mode: 0,
        resolve: 0,
    };
    // SAFETY: a path that ends in NUL, and a struct of the size that is said.
    let result = unsafe {
        libc::syscall(
            libc::SYS_openat2,
            libc::AT_FDCWD,
            path.as_ptr(),
            &raw const how,
            size_of::<OpenHow>(),
        )
    };
    match result {
        -1 => -i64::from(std::io::Error::last_os_error().raw_os_error().unwrap_or(0)),
        fd => fd,
    }
}
