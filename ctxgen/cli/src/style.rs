//! Colours on a terminal.
//!
//! Text from elsewhere is escaped whatever its style ([`ctxgen::text::terminal`]); nothing but
//! [`crate::output::Terminal`] writes what switches a style on or off.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::sync::OnceLock;

use clap::ValueEnum;

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Also where a file or a pipe takes it.
    Always,
    /// Never.
    Never,
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// What is wrong.
    Bad,
    /// What may be wrong.
    Doubtful,
    /// What is right.
    Good,
    /// The name of what a line is about.
    Name,
}

/// What switches any style off.
pub(crate) const OFF: &str = "\u{1b}[0m";

impl Style {
    /// What switches it on.
    pub(crate) fn on(self) -> &'static str {
        match self {
            Self::Bad => "\u{1b}[1;31m",
            Self::Doubtful => "\u{1b}[1;33m",
            Self::Good => "\u{1b}[32m",
            Self::Name => "\u{1b}[1m",
        }
    }
}

static CHOSEN: OnceLock<When> = OnceLock::new();

/// Chooses for the time that the command runs. The first choice counts.
pub(crate) fn choose(when: When) {
    // It was chosen before.
    let _ = CHOSEN.set(when);
}

/// Whether a stream is coloured.
pub(crate) fn is_on(stream: &impl IsTerminal) -> bool {
    let when = CHOSEN.get().copied().unwrap_or(When::Auto);
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let is_dumb = variable("TERM").is_none_or(|term| term == "dumb");
    wanted(
        when,
        stream.is_terminal(),
        variable("NO_COLOR").is_some(),
        is_dumb,
    )
}

fn wanted(when: When, is_terminal: bool, no_color: bool, is_dumb: bool) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => is_terminal && !no_color && !is_dumb,
    }
}

impl When {
    /// What arguments ask for, some of which are wrong.
    pub(crate) fn of_arguments(arguments: impl Iterator<Item = OsString>) -> Self {
        let mut arguments = arguments.map(|argument| argument.to_string_lossy().into_owned());
        let mut when = Self::Auto;
        while let Some(argument) = arguments.next() {
            let value = match argument.split_once('=') {
                Some(("--color", value)) => Some(value.to_owned()),
                _ if argument == "--color" => arguments.next(),
                _ => None,
            };
            let said = value.and_then(|value| Self::from_str(&value, false).ok());
            when = said.unwrap_or(when);
        }
        when
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when() {
        for (when, terminal, no_color, dumb, is) in [
            (When::Auto, true, false, false, true),
            (When::Auto, true, true, false, false),
            (When::Auto, true, false, true, false),
            (When::Auto, false, false, false, false),
            (When::Always, false, true, true, true),
            (When::Never, true, false, false, false),
        ] {
            assert_eq!(wanted(when, terminal, no_color, dumb), is, "{when:?}");
        }
    }

    #[test]
    fn wrong_arguments() {
        for (arguments, when) in [
            (&["lst", "--color=never"][..], When::Never),
            (&["--color", "always", "lst"], When::Always),
            (&["--color", "sometimes"], When::Auto),
            (&["--color"], When::Auto),
        ] {
            let arguments = arguments.iter().map(OsString::from);
            assert_eq!(When::of_arguments(arguments), when);
        }
    }
}
