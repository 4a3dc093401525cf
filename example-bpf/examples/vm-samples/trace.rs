//! `trace`: hooks of all its families around one unlink, and a thread that gets a name.

use std::ffi::CString;
use std::fs;
use std::io;
use std::process;

use serde_json::Value;
use serde_json::json;

use crate::checks::Checks;
use crate::sample::Samples;
use crate::task::in_thread;

const PATH: &str = "/tmp/traced \"file\"";
const NAME: &str = "a \"named\" one";

/// Those that every kernel has.
const ENTER: &str = "kprobe/vfs_unlink";
const EXIT: &str = "kretprobe/vfs_unlink";
const CALL: &str = "tp/syscalls/sys_enter_unlinkat";
const RENAMES: [&str; 2] = ["tp_btf/task_rename", "raw_tp/task_rename"];
/// Those that take a trampoline, which Debian's kernels for s390x cannot make.
const TRAMPOLINES: [&str; 2] = ["fentry/vfs_unlink", "fexit/vfs_unlink"];

pub(crate) fn check(samples: &Samples, checks: &mut Checks) -> Result<(), String> {
    let mut hooks = vec![ENTER, EXIT, CALL];
    hooks.extend(RENAMES);
    let has_trampolines = !cfg!(target_arch = "s390x");
    if has_trampolines {
        hooks.extend(TRAMPOLINES);
    }
    let (pid, count) = (process::id().to_string(), hooks.len().to_string());
    let mut arguments = hooks.clone();
    arguments.extend(["--pid", &pid, "--duration=30", "--count", &count]);
    fs::write(PATH, "").map_err(|error| format!("{PATH}: {error}"))?;
    let running = samples.watch("trace", &arguments)?;
    unlink().map_err(|error| format!("cannot unlink {PATH}: {error}"))?;
    in_thread(NAME, || ())?;
    let calls = running.objects()?;

    let mut seen: Vec<&str> = calls
        .iter()
        .filter_map(|call| call["hook"].as_str())
        .collect();
    seen.sort_unstable();
    hooks.sort_unstable();
    checks.equal("each hook is called once", hooks, seen);
    let of = |hook: &str| {
        let call = calls.iter().find(|call| call["hook"] == hook);
        call.ok_or_else(|| format!("there is no call of {hook}"))
    };
    let enter = &of(ENTER)?["arguments"];
    let dentry = argument(enter, "dentry");
    let address = dentry["value"].as_str().unwrap_or_default();
    checks.that(
        "an argument in a register is a pointer of its type",
        dentry["type"] == "struct dentry *" && address.len() > "0x".len(),
        dentry,
    );
    let returned = json!({"name": "ret", "type": "int", "value": 0});
    checks.equal("a function returns 0", &returned, &of(EXIT)?["ret"]);
    let of_call = &of(CALL)?["arguments"];
    checks.equal(
        "a path of a program",
        &json!(PATH),
        &argument(of_call, "pathname")["value"],
    );
    checks.equal(
        "a negative number",
        &json!(libc::AT_FDCWD),
        &argument(of_call, "dfd")["value"],
    );
    for hook in RENAMES {
        let comm = argument(&of(hook)?["arguments"], "comm");
        checks.equal(
            &format!("a text of the kernel, {hook}"),
            &json!(NAME),
            &comm["value"],
        );
    }
    if has_trampolines {
        let [enter_slots, exit_slots] = TRAMPOLINES;
        let slots = &of(enter_slots)?["arguments"];
        checks.equal("slots have what registers have", enter, slots);
        let exit = of(exit_slots)?;
        checks.equal("slots are the same at the end", slots, &exit["arguments"]);
        checks.equal("a slot has what is returned", &returned, &exit["ret"]);
    }
    Ok(())
}

/// An argument among others; `null` where there is none of that name.
fn argument<'a>(arguments: &'a Value, name: &str) -> &'a Value {
    let named = |argument: &&Value| argument["name"] == name;
    let found = arguments.as_array().and_then(|all| all.iter().find(named));
    found.unwrap_or(&Value::Null)
}

/// By the system call that every architecture has, whatever the C library would call.
fn unlink() -> io::Result<()> {
    let path = CString::new(PATH).map_err(io::Error::other)?;
    // SAFETY: a path that ends in NUL, and numbers.
    let result = unsafe { libc::syscall(libc::SYS_unlinkat, libc::AT_FDCWD, path.as_ptr(), 0) };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
