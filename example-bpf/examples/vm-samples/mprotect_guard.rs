//! `mprotect-guard`: calls that are denied, and others that are not.

use std::io;
use std::process;
use std::ptr;

use serde_json::json;

use crate::checks::Checks;
use crate::sample::Samples;
use crate::task;
use crate::task::in_thread;
use crate::workload::make_writable_and_executable;

/// `personality(2)`: whatever may be read may be executed.
const READ_IMPLIES_EXEC: libc::c_ulong = 0x0040_0000;

const READ: libc::c_int = libc::PROT_READ;
const WRITE: libc::c_int = libc::PROT_WRITE;
const EXEC: libc::c_int = libc::PROT_EXEC;

pub(crate) fn check(samples: &Samples, checks: &mut Checks) -> Result<(), String> {
    denied(samples, checks)?;
    watched(samples, checks)
}

/// Denied to one thread only, and only what is writable and executable at once.
fn denied(samples: &Samples, checks: &mut Checks) -> Result<(), String> {
    let pid = process::id();
    let arguments = [
        "--deny",
        "--comm=guarded",
        "--pid",
        &pid.to_string(),
        "--count=2",
        "--duration=30",
    ];
    let running = samples.watch("mprotect-guard", &arguments)?;
    let (others, _) = in_thread("unguarded", make_writable_and_executable)?;
    let (guarded, tid) = in_thread("guarded", || {
        let (first, second) = (Mapping::new()?, Mapping::new()?);
        let executable = Mapping::new()?.protect(READ | EXEC);
        let asked = first.protect(READ | WRITE | EXEC);
        let implied = implying_exec(|| second.protect(READ | WRITE))?;
        let extents = [first.extent(), second.extent()];
        io::Result::Ok((executable, asked, implied, extents))
    })?;
    let requests = running.objects()?;
    let (executable, asked, implied, extents) =
        guarded.map_err(|error| format!("cannot prepare memory: {error}"))?;

    for (what, result, errno) in [
        ("rwx, of a thread that is not guarded", others, None),
        ("r-x, of the guarded one", executable, None),
        ("rwx, of the guarded one", asked, Some(libc::EPERM)),
        ("rw-, where that implies x", implied, Some(libc::EPERM)),
    ] {
        let came = result.err().and_then(|error| error.raw_os_error());
        checks.equal(&format!("mprotect to {what}"), errno, came);
    }
    checks.equal("two requests are reported", 2, requests.len());
    for (request, (start, end)) in requests.iter().zip(extents) {
        checks.members(
            "a denied request is reported with",
            &json!({
                "comm": "guarded", "pid": pid, "tid": tid, "uid": 0, "start": start, "end": end,
                "before": "rw-", "asked": "rwx", "denied": true,
            }),
            request,
        );
    }
    Ok(())
}

/// Reported, and allowed.
fn watched(samples: &Samples, checks: &mut Checks) -> Result<(), String> {
    let pid = process::id();
    let arguments = ["--pid", &pid.to_string(), "--count=1", "--duration=30"];
    let running = samples.watch("mprotect-guard", &arguments)?;
    let mapping = Mapping::new().map_err(|error| format!("cannot prepare memory: {error}"))?;
    let result = mapping.protect(WRITE | EXEC);
    let requests = running.objects()?;

    let errno = result.err().and_then(|error| error.raw_os_error());
    checks.equal("mprotect to -wx, of anybody, without --deny", None, errno);
    let [request] = &requests[..] else {
        return Err(format!("expected one request, and {requests:?} came"));
    };
    let (start, end) = mapping.extent();
    checks.members(
        "an allowed request is reported with",
        &json!({
            "comm": task::status(pid, "Name"), "pid": pid, "tid": pid, "uid": 0, "start": start,
            "end": end, "before": "rw-", "asked": "-wx", "denied": false,
        }),
        request,
    );
    Ok(())
}

/// Does something with whatever may be read being executable too.
fn implying_exec<T>(work: impl FnOnce() -> T) -> io::Result<T> {
    // SAFETY: The call takes a number, which is the calling thread's alone.
    let before = unsafe { libc::personality(READ_IMPLIES_EXEC) };
    if before < 0 {
        return Err(io::Error::last_os_error());
    }
    let result = work();
    // SAFETY: As above.
    unsafe { libc::personality(libc::c_ulong::from(before.cast_unsigned())) };
    Ok(result)
}

/// Two writable pages between two that nobody can access, so that the kernel does not make one
/// mapping of them and their neighbours.
struct Mapping {
    start: *mut libc::c_void,
    page: usize,
}

impl Mapping {
    fn new() -> io::Result<Self> {
        // SAFETY: `sysconf` has no preconditions.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        let page = usize::try_from(page).map_err(io::Error::other)?;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: A new mapping disturbs no other.
        let start = unsafe { libc::mmap(ptr::null_mut(), 4 * page, 0, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let mapping = Self { start, page };
        mapping.set(2 * page, READ | WRITE)?;
        Ok(mapping)
    }

    /// Asks for other access to the first of the two pages.
    fn protect(&self, access: libc::c_int) -> io::Result<()> {
        self.set(self.page, access)
    }

    fn set(&self, len: usize, access: libc::c_int) -> io::Result<()> {
        // SAFETY: The pages are within the mapping, which is ours, and nothing is in it.
        let result = unsafe { libc::mprotect(self.start.byte_add(self.page), len, access) };
        match result {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// From where to where the two pages are.
    fn extent(&self) -> (usize, usize) {
        let start = self.start.addr() + self.page;
        (start, start + 2 * self.page)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: The mapping is ours and nothing is in it.
        unsafe { libc::munmap(self.start, 4 * self.page) };
    }
}
