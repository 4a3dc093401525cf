//! `mprotect-guard` on the running kernel, if that allows it.

use std::fs;
use std::process;
use std::process::Command;

use crate::sample::Watch;
use crate::sample::may_load;
use crate::sample::skip;
use crate::workload::make_writable_and_executable;

const MPROTECT_GUARD: &str = env!("CARGO_BIN_EXE_mprotect-guard");

#[test]
fn a_request_is_denied_or_the_refusal_is_clear() {
    if !may_load("mprotect-guard") {
        return;
    }
    let pid = process::id().to_string();
    let watch = Watch::start(
        MPROTECT_GUARD,
        &["--deny", "--pid", &pid, "--count=1", "--duration=600"],
    );
    let watch = match watch {
        Ok(watch) => watch,
        Err(refusal) => {
            assert!(
                refusal.contains("the program `mprotect_guard` (lsm/file_mprotect): E"),
                "{refusal}"
            );
            return skip("mprotect-guard", refusal.trim());
        }
    };
    let modules = fs::read_to_string("/sys/kernel/security/lsm").unwrap_or_default();
    if !modules.trim().split(',').any(|module| module == "bpf") {
        assert!(watch.interrupt().success());
        return skip("mprotect-guard", "BPF is no active security module");
    }
    let result = make_writable_and_executable();
    assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::EPERM));

    let requests = watch.objects();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0]["pid"], process::id());
    assert_eq!(requests[0]["before"], "rw-");
    assert_eq!(requests[0]["asked"], "rwx");
    assert_eq!(requests[0]["denied"], true);
    assert!(make_writable_and_executable().is_ok());
}

#[test]
fn nobody_denies_everybody() {
    let output = Command::new(MPROTECT_GUARD).arg("--deny").output().unwrap();
    assert!(!output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("--pid"), "{stderr}");
}
