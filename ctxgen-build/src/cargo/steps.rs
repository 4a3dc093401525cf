//! What a build does, step by step, for those who ask with `cargo build -vv`.

use std::process::Command;
use std::sync::Mutex;
use std::sync::PoisonError;

use ctxgen::text;

/// Lines about what was done and what was skipped, in order.
#[derive(Debug, Default)]
pub(crate) struct Steps(Mutex<Vec<String>>);

impl Steps {
    /// Adds a line.
    pub(crate) fn add(&self, step: impl Into<String>) {
        let mut steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        steps.push(step.into());
    }

    /// Adds a command, as a shell takes it.
    pub(crate) fn run(&self, command: &Command) {
        let words = [command.get_program()]
            .into_iter()
            .chain(command.get_args());
        let words: Vec<_> = words
            .map(|word| text::shell(&word.to_string_lossy()).into_owned())
            .collect();
        self.add(words.join(" "));
    }

    /// The lines as a build script prints them: cargo takes none of them for a directive.
    pub(crate) fn lines(&self) -> String {
        let steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = steps
            .iter()
            .map(|step| format!("ctxgen: {}\n", text::name(step)));
        lines.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_for_people() {
        let steps = Steps::default();
        let mut command = Command::new("my clang");
        steps.run(command.args(["-DX=\"it's\"", "-O2", ""]));
        steps.add("one\ncargo::warning=two");
        let expected = "ctxgen: 'my clang' '-DX=\"it'\\''s\"' -O2 ''\n\
                        ctxgen: one\\u000acargo::warning=two\n";
        assert_eq!(steps.lines(), expected);
    }
}
