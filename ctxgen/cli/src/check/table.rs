//! What is found, as a table for people.

use std::io::Write;

use ctxgen::reads::Answer;
use ctxgen::reads::Judged;
use ctxgen::text;

use super::Found;
use crate::output::Stdout;
use crate::style::Style;

/// A line for each program, and what is wrong with it below.
pub(super) fn write(out: &mut Stdout, all: &[Found]) -> std::io::Result<()> {
    if all.is_empty() {
        writeln!(out, "  it has no programs")?;
    }
    let width = |of: fn(&Found) -> &str| {
        let widths = all
            .iter()
            .map(|found| text::name(of(found)).chars().count());
        widths.max().unwrap_or(0)
    };
    let width_of_section = width(|found| &found.checked.section);
    let width = width(|found| &found.checked.program);
    for found in all {
        let program = text::name(&found.checked.program);
        let section = text::name(&found.checked.section);
        let (verdict, lines) = match &found.judged {
            Some(judged) => of_reads(judged),
            None => {
                let notes = found.checked.notes.iter();
                let notes = notes.map(|note| below(&note.to_string())).collect();
                (below(&found.checked.verdict.to_string()), notes)
            }
        };
        write!(out, "  {program:<width$}  {section:<width_of_section$}  ")?;
        out.styled(style(found), &verdict);
        writeln!(out)?;
        for line in lines {
            writeln!(out, "    {line}")?;
        }
    }
    let unchecked = all.iter().filter(|found| !found.is_examined()).count();
    if unchecked > 0 {
        let programs = all.len();
        writeln!(
            out,
            "  {unchecked} of {programs} programs NOT CHECKED, or not in whole: what is not known of them is \
             said above"
        )?;
    }
    Ok(())
}

fn style(found: &Found) -> Style {
    match (found.is_fine(), found.is_examined()) {
        (false, _) => Style::Bad,
        (true, false) => Style::Doubtful,
        (true, true) => Style::Good,
    }
}

/// The verdict in one line, and what there is to say besides.
fn of_reads(judged: &Judged) -> (String, Vec<String>) {
    let lines = judged.lines();
    let lines: Vec<String> = lines.iter().map(|line| below(line)).collect();
    let is_short =
        judged.answer != Answer::ReadsWrong && lines.len() == 1 && !lines[0].contains('\n');
    if judged.answer == Answer::Works && lines.is_empty() && judged.reads.is_empty() {
        let verdict = format!("{}: it reads nothing of its context", judged.answer);
        return (verdict, lines);
    }
    match is_short {
        true => (format!("{}: {}", judged.answer, lines[0]), Vec::new()),
        false => (judged.answer.to_string(), lines),
    }
}

/// A text whose further lines are indented more than a program's: a name in it must not look like the next
/// program.
fn below(text: &str) -> String {
    let mut lines = text.lines();
    let mut below = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        below.push_str("\n    ");
        below.push_str(line.strip_prefix("    ").unwrap_or(line));
    }
    below
}
