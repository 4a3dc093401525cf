//! The subcommands: one module each, and one row each in [`SUBCOMMANDS`].

pub(crate) mod bench;
pub(crate) mod bpf;
pub(crate) mod help;
pub(crate) mod test;

use lexopt::Parser;

use crate::args;
use crate::error::Error;
use crate::vm;

/// What `cargo xtask` can do.
#[derive(Debug)]
pub(crate) struct Subcommand {
    /// What it is called by.
    pub(crate) name: &'static str,
    /// Its arguments, for the usage line.
    pub(crate) arguments: &'static str,
    /// What it does, in a line.
    pub(crate) summary: &'static str,
    /// Each option and what it means.
    pub(crate) options: &'static [(&'static str, &'static str)],
    /// Does it, with the arguments after its name.
    pub(crate) run: fn(Parser) -> Result<(), Error>,
}

/// All of them, in the order in which they are listed. A new one needs a row here, and no more.
pub(crate) static SUBCOMMANDS: &[&Subcommand] = &[
    &bpf::SUBCOMMAND,
    &test::SUBCOMMAND,
    &vm::SUBCOMMAND,
    &bench::SUBCOMMAND,
    &help::SUBCOMMAND,
];

impl Subcommand {
    /// What each of its options starts with, the one that all have included.
    pub(crate) fn option_names(&self) -> Vec<&'static str> {
        self.options
            .iter()
            .filter_map(|(option, _)| option.split(' ').next())
            .filter(|name| name.starts_with('-'))
            .chain(["--help"])
            .collect()
    }
}

/// The subcommand of that name.
pub(crate) fn find(name: &str) -> Result<&'static Subcommand, Error> {
    let name = match name {
        "-h" | "--help" => help::SUBCOMMAND.name,
        name => name,
    };
    SUBCOMMANDS
        .iter()
        .copied()
        .find(|subcommand| subcommand.name == name)
        .ok_or_else(|| Error::UnknownSubcommand {
            given: name.to_owned(),
            nearest: args::nearest(name, names()).map(str::to_owned),
        })
}

fn names() -> impl Iterator<Item = &'static str> {
    SUBCOMMANDS.iter().map(|subcommand| subcommand.name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        assert_eq!(names().collect::<BTreeSet<_>>().len(), SUBCOMMANDS.len());
        for name in names() {
            assert_eq!(find(name).unwrap().name, name);
        }
        assert_eq!(find("--help").unwrap().name, "help");
    }

    #[test]
    fn each_is_described_in_a_line() {
        for subcommand in SUBCOMMANDS {
            assert!(!subcommand.summary.is_empty(), "{}", subcommand.name);
            assert!(!subcommand.summary.contains('\n'), "{}", subcommand.name);
            for (option, meaning) in subcommand.options {
                assert!(!option.is_empty() && !meaning.is_empty());
            }
        }
    }

    #[test]
    fn every_option_of_every_subcommand_explains_itself() {
        for subcommand in SUBCOMMANDS {
            let parser = Parser::from_args(["--nosuchoption"]);
            let error = (subcommand.run)(parser).unwrap_err().to_string();
            let stated = format!(
                "`cargo xtask {}` has no option `--nosuchoption`; ",
                subcommand.name
            );
            assert!(error.starts_with(&stated), "{error}");
            for option in subcommand.option_names() {
                assert!(error.contains(option), "{option} is not in: {error}");
            }
        }
    }
}
