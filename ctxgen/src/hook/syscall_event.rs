//! The names of system calls' trace events.

/// The category of system calls' trace events.
pub(crate) const CATEGORY: &str = "syscalls";
/// What the events' names start with (`include/linux/syscalls.h`).
pub(crate) const ENTER: &str = "sys_enter_";
pub(crate) const EXIT: &str = "sys_exit_";

/// The system call that a trace event is of.
pub(crate) fn of_event<'n>(category: &str, event: &'n str) -> Option<&'n str> {
    let name = event
        .strip_prefix(ENTER)
        .or_else(|| event.strip_prefix(EXIT));
    name.filter(|_| category == CATEGORY)
}
