//! `unlinksnoop`: unlinks that succeed, and those that fail within `vfs_unlink`.

use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process;
use std::time::Instant;

use serde_json::json;

use crate::checks::Checks;
use crate::sample::Samples;
use crate::task;
use crate::task::in_thread;

const NAME: &str = "a \"name\" \\ with\ta tab";

pub(crate) fn check(samples: &Samples, checks: &mut Checks) -> Result<(), String> {
    let pid = process::id();
    let folder = Folder::new().map_err(|error| format!("cannot prepare files: {error}"))?;
    let path = |name: &str| folder.0.join(name);

    let running = samples.watch(
        "unlinksnoop",
        &["--pid", &pid.to_string(), "--count=3", "--duration=30"],
    )?;
    let start = Instant::now();
    // Nothing of that name is there, so that the kernel does not come to vfs_unlink.
    let missing = fs::remove_file(path("missing"));
    let of_folder = fs::remove_file(path("folder"));
    let kept = path("kept");
    let (of_stranger, stranger) = in_thread("stranger", move || {
        task::become_user(1234)?;
        fs::remove_file(kept)
    })?;
    let of_file = fs::remove_file(path(NAME));
    let took = start.elapsed().as_nanos();
    let unlinks = running.objects()?;

    for (what, result, errno) in [
        ("what is missing", missing, Some(libc::ENOENT)),
        ("a folder", of_folder, Some(libc::EISDIR)),
        ("another's file", of_stranger, Some(libc::EACCES)),
        ("a file", of_file, None),
    ] {
        checks.equal(&format!("unlinking {what}"), errno, errno_of(&result));
    }
    let [of_folder, of_stranger, of_file] = &unlinks[..] else {
        return Err(format!("expected three unlinks, and {unlinks:?} came"));
    };
    let comm = task::status(pid, "Name");
    checks.members(
        "unlinking a folder is reported with",
        &json!({
            "comm": comm, "pid": pid, "tid": pid, "ret": -libc::EISDIR, "name": "folder",
        }),
        of_folder,
    );
    checks.members(
        "unlinking another's file is reported with",
        &json!({
            "comm": "stranger", "pid": pid, "tid": stranger, "ret": -libc::EACCES, "name": "kept",
        }),
        of_stranger,
    );
    checks.members(
        "unlinking a file is reported with",
        &json!({"comm": comm, "pid": pid, "tid": pid, "ret": 0, "name": NAME}),
        of_file,
    );
    for unlink in &unlinks {
        let ns = unlink["duration_ns"].as_u64().map(u128::from);
        checks.that(
            &format!("unlinking {} took no longer than all", unlink["name"]),
            // A machine's clock may be so coarse that no time goes by.
            ns.is_some_and(|ns| ns <= took),
            format!("{ns:?} ns came, of {took} in all"),
        );
    }
    Ok(())
}

fn errno_of(result: &io::Result<()>) -> Option<i32> {
    result.as_ref().err().and_then(io::Error::raw_os_error)
}

/// A folder with something to unlink, gone when this is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        let folder = Self(env::temp_dir().join(format!("vm-samples-{}", process::id())));
        let Self(path): &Self = &folder;
        fs::create_dir(path)?;
        fs::create_dir(path.join("folder"))?;
        for name in ["kept", NAME] {
            fs::write(Path::join(path, name), "")?;
        }
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Left behind, it is in nobody's way.
        let _ = fs::remove_dir_all(&self.0);
    }
}
