//! `cargo xtask help`: what there is.

use std::fmt::Write as _;

use lexopt::Arg;
use lexopt::Parser;

use super::SUBCOMMANDS;
use super::Subcommand;
use crate::args;
use crate::error::Error;

/// The row of this subcommand.
pub(crate) static SUBCOMMAND: Subcommand = Subcommand {
    name: "help",
    arguments: "[SUBCOMMAND]",
    summary: "say what there is, or what a subcommand takes",
    options: &[],
    run,
};

fn run(mut parser: Parser) -> Result<(), Error> {
    let mut subject = None;
    while let Some(arg) = parser
        .next()
        .map_err(|error| args::invalid(&SUBCOMMAND, &error))?
    {
        match arg {
            Arg::Long("help") | Arg::Short('h') => {}
            Arg::Value(name) if subject.is_none() => {
                subject = Some(super::find(&name.to_string_lossy())?);
            }
            arg => return Err(args::unknown(&SUBCOMMAND, &arg)),
        }
    }
    match subject {
        Some(subject) => print_one(subject),
        None => print(),
    }
}

/// Print what subcommands there are.
pub(crate) fn print() -> Result<(), Error> {
    print!("{}", overview());
    Ok(())
}

/// Print what one subcommand takes.
pub(crate) fn print_one(subcommand: &Subcommand) -> Result<(), Error> {
    print!("{}", details(subcommand));
    Ok(())
}

fn overview() -> String {
    let width = SUBCOMMANDS.iter().map(|subcommand| subcommand.name.len());
    let width = width.max().unwrap_or_default();
    let mut text = String::from("usage: cargo xtask SUBCOMMAND …\n\n");
    for subcommand in SUBCOMMANDS {
        let Subcommand { name, summary, .. } = subcommand;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:width$}  {summary}");
    }
    text.push_str("\n`cargo xtask help SUBCOMMAND` explains the arguments of one of them.\n");
    text
}

fn details(subcommand: &Subcommand) -> String {
    let mut text = format!(
        "usage: cargo xtask {}\n\n{}\n",
        format!("{} {}", subcommand.name, subcommand.arguments).trim_end(),
        subcommand.summary
    );
    let width = subcommand.options.iter().map(|(option, _)| option.len());
    let width = width.max().unwrap_or_default();
    for (index, (option, meaning)) in subcommand.options.iter().enumerate() {
        let gap = if index == 0 { "\n" } else { "" };
        let _ = writeln!(text, "{gap}  {option:width$}  {meaning}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overview_has_a_line_for_each() {
        let overview = overview();
        for subcommand in SUBCOMMANDS {
            let line = overview
                .lines()
                .find(|line| line.starts_with(&format!("  {} ", subcommand.name)))
                .unwrap();
            assert!(line.ends_with(subcommand.summary), "{line}");
        }
    }

    #[test]
    fn details_have_all_options() {
        for subcommand in SUBCOMMANDS {
            let details = details(subcommand);
            for (option, meaning) in subcommand.options {
                assert!(details.contains(option) && details.contains(meaning));
            }
        }
    }

    #[test]
    fn an_unknown_subject_is_an_error() {
        assert!(run(Parser::from_args(["bpf"])).is_ok());
        let error = run(Parser::from_args(["bfp"])).unwrap_err();
        assert!(error.to_string().contains("did you mean `bpf`?"), "{error}");
        assert!(run(Parser::from_args(["bpf", "test"])).is_err());
    }
}
