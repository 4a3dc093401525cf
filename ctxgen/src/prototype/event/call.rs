//! System calls' trace events.

use crate::prototype::syscall;

/// A system call's trace event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call<'n> {
    Enter(&'n str),
    Exit(&'n str),
}

impl<'n> Call<'n> {
    pub(super) fn of(category: &str, event: &'n str) -> Option<Self> {
        syscall::of_event(category, event)?;
        let enter = event.strip_prefix(syscall::ENTER).map(Self::Enter);
        enter.or_else(|| event.strip_prefix(syscall::EXIT).map(Self::Exit))
    }

    pub(super) fn name(self) -> &'n str {
        match self {
            Self::Enter(name) | Self::Exit(name) => name,
        }
    }
}
