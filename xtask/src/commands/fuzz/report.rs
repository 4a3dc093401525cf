//! What was run, as a table, and in `docs/fuzzed.md`.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use crate::error::Error;

/// The document, from the workspace's root.
const DOCUMENT: &str = "docs/fuzzed.md";

/// What stands above the table.
const HEAD: &str = include_str!("fuzzed.md");

/// What a fuzzer has said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stats {
    /// How often the target was called.
    pub(super) executions: u64,
    /// How many edges of the control flow were reached.
    pub(super) edges: u64,
    /// How many inputs are kept that reach something of their own.
    pub(super) inputs: u64,
    /// Inputs that something went wrong with: the fuzzer ends at the first.
    pub(super) findings: u64,
    /// How long it ran.
    pub(super) seconds: u64,
}

/// What became of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) target: String,
    pub(super) seconds: u64,
    pub(super) stats: Stats,
}

impl Stats {
    /// Takes a line of what the fuzzer prints.
    pub(super) fn take(&mut self, line: &str) {
        let number = |text: &str| {
            let digits = text.trim_start();
            let end = digits.find(|c: char| !c.is_ascii_digit());
            digits[..end.unwrap_or(digits.len())].parse::<u64>().ok()
        };
        if let Some(count) = behind(line, "stat::number_of_executed_units:").and_then(number) {
            self.executions = count;
        }
        if let Some(edges) = behind(line, " cov: ").and_then(number) {
            self.edges = self.edges.max(edges);
        }
        if let Some(inputs) = behind(line, " corp: ").and_then(number) {
            self.inputs = inputs;
        }
        if line.starts_with("Done ")
            && let Some(seconds) = behind(line, " runs in ").and_then(number)
        {
            self.seconds = seconds;
        }
        // What is only slow is kept too, and is no finding.
        if line.contains("Test unit written to ") && !line.contains("/slow-unit-") {
            self.findings += 1;
        }
        // Where it ends at an input, it says only how often it was called before.
        if line.starts_with('#')
            && let Some(count) = number(&line[1..])
        {
            self.executions = self.executions.max(count);
        }
    }
}

fn behind<'l>(line: &'l str, what: &str) -> Option<&'l str> {
    line.split_once(what).map(|(_, rest)| rest)
}

impl fmt::Display for Row {
    /// As a row of the table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stats {
            executions,
            edges,
            inputs,
            findings,
            ..
        } = self.stats;
        let minutes = self.seconds as f64 / 60.0;
        let target = &self.target;
        write!(
            f,
            "| `{target}` | {minutes:.1} | {executions} | {edges} | {inputs} | {findings} |"
        )
    }
}

/// The rows below their heads.
pub(super) fn table(rows: &[Row]) -> String {
    let rows = rows.iter().map(|row| format!("{row}\n"));
    [COLUMNS.to_owned()].into_iter().chain(rows).collect()
}

const COLUMNS: &str = "\
| target | CPU minutes | executions | edges reached | inputs kept | open findings |
| --- | ---: | ---: | ---: | ---: | ---: |
";

/// Puts these rows in place of those of the same targets; the others stay.
pub(super) fn write(root: &Path, rows: &[Row]) -> Result<(), Error> {
    let path = root.join(DOCUMENT);
    let old = fs::read_to_string(&path).unwrap_or_default();
    fs::write(&path, document(&old, rows)).map_err(|source| Error::File { path, source })
}

fn document(old: &str, rows: &[Row]) -> String {
    let mut lines: BTreeMap<String, String> = BTreeMap::new();
    for line in old.lines() {
        if let Some((target, _)) = behind(line, "| `").and_then(|rest| rest.split_once('`')) {
            lines.insert(target.to_owned(), line.to_owned());
        }
    }
    for row in rows {
        lines.insert(row.target.clone(), row.to_string());
    }
    let lines = lines.into_values().map(|line| line + "\n");
    [HEAD.to_owned(), COLUMNS.to_owned()]
        .into_iter()
        .chain(lines)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(target: &str, executions: u64) -> Row {
        Row {
            target: target.to_owned(),
            seconds: 90,
            stats: Stats {
                executions,
                ..Stats::default()
            },
        }
    }

    #[test]
    fn what_a_fuzzer_says() {
        let mut stats = Stats::default();
        for line in [
            "INFO: Seed: 1",
            "#2\tINITED cov: 11 ft: 12 corp: 1/1b exec/s: 0 rss: 30Mb",
            "#4096\tpulse  cov: 345 ft: 900 corp: 17/2Kb lim: 4 exec/s: 2048 rss: 40Mb",
            "Done 5000 runs in 61 second(s)",
            "stat::number_of_executed_units: 5000",
        ] {
            stats.take(line);
        }
        let expected = Stats {
            executions: 5000,
            edges: 345,
            inputs: 17,
            findings: 0,
            seconds: 61,
        };
        assert_eq!(stats, expected);
        stats.take("artifact_prefix='./'; Test unit written to ./slow-unit-1");
        stats.take("artifact_prefix='./'; Test unit written to ./crash-1");
        assert_eq!(stats.findings, 1);
    }

    #[test]
    fn rows_of_other_targets_stay() {
        let old = document("", &[row("a", 1), row("c", 2)]);
        let new = document(&old, &[row("b", 3), row("c", 4)]);
        let of = |text: &str| -> Vec<String> {
            let rows = text.lines().filter(|line| line.starts_with("| `"));
            rows.map(str::to_owned).collect()
        };
        let rows = [row("a", 1), row("b", 3), row("c", 4)];
        assert_eq!(of(&new), rows.map(|row| row.to_string()));
        assert_eq!(document(&new, &[]), new);
    }
}
