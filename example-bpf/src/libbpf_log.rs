//! What libbpf has to say, kept for an error's message instead of strewn over the terminal.

use std::mem;
use std::sync::Mutex;
use std::sync::PoisonError;

use libbpf_rs::PrintLevel;
use libbpf_rs::set_print;

// libbpf has one callback for the whole process, and libbpf-rs takes no closure for it.
static SAID: Mutex<String> = Mutex::new(String::new());

fn keep(_: PrintLevel, message: String) {
    SAID.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push_str(&message);
}

fn keep_and_print(level: PrintLevel, message: String) {
    eprint!("{message}");
    keep(level, message);
}

/// Runs `action`, and returns with its result what libbpf said in the meantime.
///
/// Not for several threads at once: what libbpf says does not tell on whose behalf.
pub fn listen<T>(verbose: bool, action: impl FnOnce() -> T) -> (T, String) {
    let ours = if verbose {
        (PrintLevel::Debug, keep_and_print as fn(PrintLevel, String))
    } else {
        (PrintLevel::Info, keep as fn(PrintLevel, String))
    };
    let theirs = set_print(Some(ours));
    let result = action();
    set_print(theirs);
    let said = mem::take(&mut *SAID.lock().unwrap_or_else(PoisonError::into_inner));
    (result, said)
}
