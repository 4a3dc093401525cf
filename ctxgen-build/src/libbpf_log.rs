//! What libbpf has to say about an error, for that error's text.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::PoisonError;

use libbpf_rs::PrintCallback;
use libbpf_rs::PrintLevel;

/// How many of the lines that are not meant for users are kept: the reason for an error is in the last ones.
const LAST: usize = 4;

/// What libbpf has said.
#[derive(Debug, Default)]
struct Said {
    warnings: String,
    /// The last lines that are for those who look for a fault in libbpf. Some errors have their reason there
    /// alone.
    others: VecDeque<String>,
}

impl Said {
    const fn new() -> Self {
        Self {
            warnings: String::new(),
            others: VecDeque::new(),
        }
    }

    fn add(&mut self, level: PrintLevel, message: &str) {
        if level == PrintLevel::Warn {
            self.warnings.push_str(message);
            return;
        }
        for line in message.lines().filter(|line| !line.trim().is_empty()) {
            if self.others.len() == LAST {
                self.others.pop_front();
            }
            self.others.push_back(line.to_owned());
        }
    }

    /// All warnings; where there are none, the last of the other lines.
    fn lines(&self) -> Vec<&str> {
        let warnings: Vec<&str> = self.warnings.lines().collect();
        match warnings.is_empty() {
            true => self.others.iter().map(String::as_str).collect(),
            false => warnings,
        }
    }
}

thread_local! {
    /// libbpf calls back in the thread that called it: builds in several do not mix.
    static SAID: RefCell<Said> = const { RefCell::new(Said::new()) };
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
            kept.1 = libbpf_rs::set_print(Some((PrintLevel::Warn, keep)));
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

fn keep(level: PrintLevel, message: String) {
    SAID.with_borrow_mut(|said| said.add(level, &message));
}

/// Runs an action that has failed once more, and gives back the last of what libbpf says besides warnings. The
/// action must be one that names no file: libbpf-rs takes no text but UTF-8 from libbpf.
pub(crate) fn listen_closely<T>(action: impl FnOnce() -> T) -> String {
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.0 == 0 {
        return String::new();
    }
    libbpf_rs::set_print(Some((PrintLevel::Debug, keep)));
    let (_, said) = listen(action);
    libbpf_rs::set_print(Some((PrintLevel::Warn, keep)));
    said
}

/// Runs an action, and gives back with its result what libbpf said in the meantime, for the case that the
/// action fails: its warnings, or where there were none, the last of what it says besides.
pub(crate) fn listen<T>(action: impl FnOnce() -> T) -> (T, String) {
    SAID.take();
    let result = action();
    let said = SAID.take();
    let lines: Vec<&str> = said
        .lines()
        .into_iter()
        .map(|line| line.trim_start_matches("libbpf: "))
        .collect();
    (result, lines.join("\n"))
}
