//! System calls that fail.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::Folder;

/// The calls that write a file, each with the lowest first argument from which it fails: messages on standard
/// error are still written.
const CALLS: [(&str, libc::c_long, u32); 6] = [
    ("write", libc::SYS_write, 3),
    ("rename", libc::SYS_rename, 0),
    ("renameat", libc::SYS_renameat, 0),
    ("renameat2", libc::SYS_renameat2, 0),
    ("fchmod", libc::SYS_fchmod, 0),
    ("fsync", libc::SYS_fsync, 0),
];

/// What they fail with.
const ERRORS: [i32; 3] = [libc::EIO, libc::ENOSPC, libc::EPERM];

/// Has a call fail in this process and in what it becomes.
fn refuse(call: libc::c_long, from: u32, error: i32) -> io::Result<()> {
    const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    const AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
    const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    // The number of the call, and the lower half of its first argument on a little-endian machine.
    const NUMBER: u32 = 0;
    const FIRST: u32 = 16;
    let instruction = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let mut filter = [
        instruction(LOAD, 0, 0, NUMBER),
        instruction(EQUAL, 0, 3, call as u32),
        instruction(LOAD, 0, 0, FIRST),
        instruction(AT_LEAST, 0, 1, from),
        instruction(RETURN, 0, 0, libc::SECCOMP_RET_ERRNO | error as u32),
        instruction(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog {
        len: filter.len() as u16,
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: takes numbers alone.
    if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mode = libc::SECCOMP_MODE_FILTER;
    // SAFETY: the program and its instructions live through the call, which copies them.
    if unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &program) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

#[test]
#[cfg(target_endian = "little")]
fn each_call_that_writes() {
    let folder = Folder::new();
    let whole = folder.whole();
    let mut refused = Vec::new();
    for (name, call, from) in CALLS {
        for error in ERRORS {
            let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
            folder.header(&mut command);
            // SAFETY: between fork and exec, only two system calls are made.
            unsafe { command.pre_exec(move || refuse(call, from, error)) };
            let output = command.output().unwrap();
            if !folder.is_done(&format!("{name}, {error}"), &output, &whole) {
                refused.push(name);
                let said = super::said(&output);
                let reason = io::Error::from_raw_os_error(error).to_string();
                assert!(said.contains(&reason), "{said}");
            }
        }
    }
    refused.dedup();
    println!("{refused:?}");
    assert!(
        refused.contains(&"write") && refused.len() > 1,
        "{refused:?}"
    );
}
