//! Markdown for the summary of a job.

use std::fmt::Write;

use crate::matrix::Matrix;
use crate::matrix::Status;
use crate::text::report::markdown as text;
use crate::text::report::markdown_code as code;

use super::findings::Listed;
use super::findings::findings;
use super::words::counted;
use super::words::look;

/// How many bytes of rows there are at most. GitHub takes 1 MiB of a step, and other tools may write to the
/// same summary.
const MAX_BYTES: usize = 900 << 10;

/// How many characters of a line of source are shown.
const MAX_SOURCE: usize = 120;

/// The findings as a table in GitHub's Markdown, the worst first, with the kernels of each folded into
/// ranges, for `$GITHUB_STEP_SUMMARY`. It has less than 1 MiB; what is left out is counted.
pub(super) fn markdown(matrix: &Matrix) -> String {
    let mut out = String::from("## What the BPF programs read\n\n");
    counts(&mut out, matrix);
    table(&mut out, &findings(matrix));
    kernels(&mut out, matrix);
    out
}

fn counts(out: &mut String, matrix: &Matrix) {
    let programs = matrix.objects.iter().flat_map(|object| &object.programs);
    let worst: Vec<Status> = programs
        .map(|program| {
            let answers = program.answers.iter().map(|answer| answer.status);
            answers.max().unwrap_or(Status::NotKnown)
        })
        .collect();
    let _ = writeln!(
        out,
        "{} of {} on {}.\n",
        counted(worst.len(), "program"),
        counted(matrix.objects.len(), "object"),
        counted(matrix.kernels.len(), "kernel")
    );
    let _ = writeln!(out, "| Worst on any kernel | Programs |\n| --- | ---: |");
    for status in Status::WORST_FIRST {
        let count = worst.iter().filter(|worst| **worst == status).count();
        if count > 0 {
            let look = look(status);
            let _ = writeln!(out, "| {} {} | {count} |", look.sign, look.word);
        }
    }
}

fn table(out: &mut String, all: &[Listed<'_>]) {
    if all.is_empty() {
        out.push_str("\nNothing was found that is not as it is meant.\n");
        return;
    }
    out.push_str(
        "\n| | Program | What | Kernels | Found | Source |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    let mut left = MAX_BYTES.saturating_sub(out.len());
    for (done, listed) in all.iter().enumerate() {
        let row = row(listed);
        if row.len() > left {
            let rest = counted(all.len() - done, "more finding");
            let _ = writeln!(out, "\nAnd {rest}, for which there is no room here.");
            return;
        }
        left -= row.len();
        out.push_str(&row);
    }
}

fn row(listed: &Listed<'_>) -> String {
    let look = look(listed.finding.status);
    let strong = if listed.finding.fails { "**" } else { "" };
    let known = if listed.is_known() {
        " (in the baseline)"
    } else {
        ""
    };
    let source = listed.row.line.as_ref().map(|line| {
        let place = code(&format!("{}:{}", line.file, line.number));
        format!("{place}<br>{}", code(&shortened(line.text.trim())))
    });
    format!(
        "| {strong}{} {}{strong}{known} | {}<br>{}<br>{} | {} | {} | {} | {} |\n",
        look.sign,
        look.word,
        code(&listed.program.name),
        code(&listed.program.section),
        text(&listed.object.name),
        text(&listed.row.what),
        text(&listed.finding.ranges),
        text(&listed.finding.sentence),
        source.unwrap_or_default(),
    )
}

fn kernels(out: &mut String, matrix: &Matrix) {
    let mut list = String::new();
    for kernel in &matrix.kernels {
        let _ = write!(list, "- {}", text(&kernel.label));
        if !kernel.equal.is_empty() {
            let equal = text(&kernel.equal.join(", "));
            let _ = write!(list, " (the same BTF: {equal})");
        }
        list.push('\n');
        // Whole lines, and the end of the list behind them.
        if out.len() + list.len() > (1 << 20) - 1024 {
            list.truncate(list[..list.len() - 1].rfind('\n').map_or(0, |at| at + 1));
            list.push_str("- and more\n");
            break;
        }
    }
    let _ = write!(
        out,
        "\n<details><summary>{}</summary>\n\n{list}\n</details>\n",
        counted(matrix.kernels.len(), "kernel")
    );
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(MAX_SOURCE) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}
