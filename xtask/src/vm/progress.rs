//! Showing how far the machines are.

use std::io;
use std::io::IsTerminal;
use std::io::Write;
use std::time::Duration;
use std::time::Instant;

/// What a machine is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Running { done: u64 },
    Ended,
}

/// How far each machine is; written to standard error.
#[derive(Debug)]
pub(crate) struct Progress {
    machines: Vec<(String, u64, State)>,
    start: Instant,
    shown: Instant,
    terminal: bool,
}

impl Progress {
    /// For machines of these names, with so many entries in their plans.
    pub(crate) fn new(machines: impl IntoIterator<Item = (String, u64)>) -> Self {
        let machines = machines
            .into_iter()
            .map(|(name, entries)| (name, entries, State::Waiting))
            .collect();
        let now = Instant::now();
        Self {
            machines,
            start: now,
            shown: now,
            terminal: io::stderr().is_terminal(),
        }
    }

    /// A machine has answered so many entries of its plan.
    pub(crate) fn advance(&mut self, machine: usize, done: u64) {
        if let Some((.., state)) = self.machines.get_mut(machine) {
            *state = State::Running { done };
        }
        self.refresh();
    }

    /// A machine has ended; `note` says how.
    pub(crate) fn end(&mut self, machine: usize, note: &str) {
        if let Some((.., state)) = self.machines.get_mut(machine) {
            *state = State::Ended;
        }
        self.note(machine, note);
    }

    /// Something to say about a machine.
    pub(crate) fn note(&mut self, machine: usize, note: &str) {
        let name = self.machines.get(machine).map_or("", |(name, ..)| name);
        let clear = if self.terminal { "\r\x1b[K" } else { "" };
        eprintln!("{clear}{name}: {note}");
    }

    /// Show all that run, unless that was done a moment ago.
    pub(crate) fn refresh(&mut self) {
        // A log is read afterwards, and only needs to say that something goes on.
        let pause = if self.terminal { 250 } else { 30_000 };
        if self.shown.elapsed() < Duration::from_millis(pause) {
            return;
        }
        self.shown = Instant::now();
        let line = line(self.start.elapsed(), &self.machines);
        if self.terminal {
            eprint!("\r\x1b[K{line}");
            // Progress that cannot be shown is no reason to stop.
            let _ = io::stderr().flush();
        } else {
            eprintln!("{line}");
        }
    }
}

fn line(elapsed: Duration, machines: &[(String, u64, State)]) -> String {
    let seconds = elapsed.as_secs();
    let mut line = format!("{}:{:02}", seconds / 60, seconds % 60);
    for (name, entries, state) in machines {
        if let State::Running { done } = state {
            line.push_str(&format!("  {name} {done}/{entries}"));
        }
    }
    let waiting = machines.iter().filter(|(.., it)| *it == State::Waiting);
    match waiting.count() {
        0 => line,
        waiting => format!("{line}  {waiting} waiting"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_runs_is_shown_by_name() {
        let machines = [
            ("5.10".to_owned(), 100, State::Ended),
            ("6.1".to_owned(), 200, State::Running { done: 20 }),
            ("6.12".to_owned(), 300, State::Waiting),
        ];
        assert_eq!(
            line(Duration::from_secs(65), &machines),
            "1:05  6.1 20/200  1 waiting"
        );
        assert_eq!(
            line(Duration::from_secs(5), &machines[..2]),
            "0:05  6.1 20/200"
        );
    }
}
