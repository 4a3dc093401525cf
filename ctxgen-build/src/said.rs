//! What libbpf has to say about an error, for that error's text.

use std::cell::RefCell;

use libbpf_rs::PrintLevel;

thread_local! {
    /// libbpf calls back in the thread that called it: builds in several do not mix.
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// From now on, what libbpf would print is kept instead, of all threads.
pub(crate) fn keep() {
    libbpf_rs::set_print(Some((PrintLevel::Warn, |_, message| {
        SAID.with_borrow_mut(|said| said.push_str(&message));
    })));
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
