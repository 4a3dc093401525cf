//! What libbpf has to say about an error, for that error's text.

use std::cell::RefCell;
use std::sync::Mutex;
use std::sync::PoisonError;

use libbpf_rs::PrintCallback;
use libbpf_rs::PrintLevel;

thread_local! {
    /// libbpf calls back in the thread that called it: builds in several do not mix.
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// How many builds there are, and what libbpf printed with before the first of them.
static KEPT: Mutex<(usize, Option<(PrintLevel, PrintCallback)>)> = Mutex::new((0, None));

/// As long as there is one, what libbpf would print is kept instead, of all threads.
#[derive(Debug)]
pub(crate) struct Keep(());

impl Keep {
    pub(crate) fn new() -> Self {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 == 0 {
            let callback: PrintCallback = |_, message| {
                SAID.with_borrow_mut(|said| said.push_str(&message));
            };
            kept.1 = libbpf_rs::set_print(Some((PrintLevel::Warn, callback)));
        }
        kept.0 += 1;
        Self(())
    }
}

impl Drop for Keep {
    fn drop(&mut self) {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0 -= 1;
        if kept.0 == 0 {
            libbpf_rs::set_print(kept.1.take());
        }
    }
}

/// Runs an action, and gives back with its result what libbpf said in the meantime.
pub(crate) fn listen<T>(action: impl FnOnce() -> T) -> (T, String) {
    SAID.take();
    let result = action();
    let said = SAID.take();
    let lines: Vec<&str> = said
        .lines()
        .map(|line| line.trim_start_matches("libbpf: "))
        .collect();
    (result, lines.join("\n"))
}
