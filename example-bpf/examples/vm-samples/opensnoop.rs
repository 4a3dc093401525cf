//! `opensnoop`: opens that succeed and that fail, by every system call.

use std::ffi::CString;
use std::fs::File;
use std::fs::OpenOptions;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process;

use serde_json::Value;
use serde_json::json;

use example_bpf::now_ns;

use crate::checks::Checks;
use crate::sample::Samples;
use crate::task;

const PATH: &str = "/tmp/an \"open\" \\ with\ta tab";
const MISSING: &str = "/tmp/missing";
const AGAIN: &str = "/proc/self/status";
const OLD: &str = "/tmp/opened as of old";
/// The opens below that every architecture has.
const OPENS: usize = 3;

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
    let comm = task::status(pid, "Name").unwrap_or_default();
    let begin = now_ns(libc::CLOCK_REALTIME);
    let running = samples.watch(
        "opensnoop",
        &[
            "--pid",
            &pid.to_string(),
            "--comm",
            &comm,
            "--count",
            &(OPENS + old_calls().len()).to_string(),
            "--duration=30",
        ],
    )?;
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .custom_flags(libc::O_NOFOLLOW)
        .open(PATH)
        .map_err(|error| format!("{PATH}: {error}"))?;
    let missing = File::open(MISSING);
    let again = openat2(AGAIN, libc::O_RDONLY | libc::O_NOATIME);
    let old = old_calls().map(|(number, _)| old_call(number, OLD));
    let opens = running.objects()?;
    let end = now_ns(libc::CLOCK_REALTIME);

    checks.that("what is missing cannot be opened", missing.is_err(), "");
    let flags = libc::O_CLOEXEC;
    let of = |path: &str, ret: i64, flags: i32| -> Value {
        json!({
            "comm": comm, "pid": pid, "tid": pid, "uid": 0, "ret": ret, "flags": flags, "path": path,
        })
    };
    let [of_file, of_missing, of_again, of_old @ ..] = &opens[..] else {
        return Err(format!(
            "expected {OPENS} opens and more, and {opens:?} came"
        ));
    };
    checks.equal("and those of calls of old", old.len(), of_old.len());
    for ((fd, (_, flags)), came) in old.into_iter().zip(old_calls()).zip(of_old) {
        checks.members("a call of old is reported with", &of(OLD, fd, flags), came);
    }
    for open in &opens {
        let time = open["time_ns"].as_u64();
        checks.that(
            &format!("opening {} has the time it was opened", open["path"]),
            time.is_some_and(|time| (begin..=end).contains(&time)),
            format!("{time:?} came, of {begin} to {end}"),
        );
    }
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

/// The calls that only old architectures have, and the flags that a file is opened with by `old_call`.
#[cfg(any(target_arch = "x86_64", target_arch = "s390x"))]
fn old_calls() -> [(libc::c_long, i32); 2] {
    let creates = libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC;
    [(libc::SYS_creat, creates), (libc::SYS_open, libc::O_RDONLY)]
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "s390x")))]
fn old_calls() -> [(libc::c_long, i32); 0] {
    []
}

/// The file's number, or a negative errno. The second argument is the mode to one call, and flags to the other: 0
/// will do for both.
fn old_call(number: libc::c_long, path: &str) -> i64 {
    let path = CString::new(path).unwrap_or_default();
    // SAFETY: a path that ends in NUL, and numbers.
    result(unsafe { libc::syscall(number, path.as_ptr(), 0, 0) })
}

/// What a system call returned: a number that is not negative, or a negative errno.
fn result(result: libc::c_long) -> i64 {
    match result {
        -1 => -i64::from(std::io::Error::last_os_error().raw_os_error().unwrap_or(0)),
        fd => fd,
    }
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
    result(unsafe {
        libc::syscall(
            libc::SYS_openat2,
            libc::AT_FDCWD,
            path.as_ptr(),
            &raw const how,
            size_of::<OpenHow>(),
        )
    })
}
