//! What the programs send to user space, and what they are told by it: both sides have this file.

/// How long a task's name is.
pub const COMM_LEN: usize = 16;
/// How much of a file's name is sent.
pub const NAME_LEN: usize = 256;

/// A wait for a CPU that was too long.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Wait {
    /// When it ended, in nanoseconds of `CLOCK_MONOTONIC`.
    pub time_ns: u64,
    /// How long it was.
    pub wait_ns: u64,
    /// The process of the task that waited.
    pub pid: u32,
    /// The task itself.
    pub tid: u32,
    /// The task that had the CPU before.
    pub prev_tid: u32,
    /// That task's state, as the scheduler saw it.
    pub prev_state: u32,
    /// The name of the task that waited.
    pub comm: [u8; COMM_LEN],
    /// The name of the other.
    pub prev_comm: [u8; COMM_LEN],
}

/// Which waits are sent.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct WaitSettings {
    /// Those of at least so many nanoseconds.
    pub min_wait_ns: u64,
    /// Those of tasks of this process; all, where it is 0.
    pub only_pid: u32,
    /// The rest of eight bytes.
    pub rest: u32,
}

/// A call of `vfs_unlink()`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Unlink {
    /// When it returned, in nanoseconds of `CLOCK_MONOTONIC`.
    pub time_ns: u64,
    /// How long it took.
    pub duration_ns: u64,
    /// The process that called.
    pub pid: u32,
    /// The task that called.
    pub tid: u32,
    /// 0, or a negative errno.
    pub ret: i32,
    /// The task's name.
    pub comm: [u8; COMM_LEN],
    /// The file's name, without its folders.
    pub name: [u8; NAME_LEN],
}

/// Which calls are sent.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct UnlinkSettings {
    /// Those of this process; all, where it is 0.
    pub only_pid: u32,
    /// Only those that fail, where it is not 0.
    pub only_failed: u32,
}
