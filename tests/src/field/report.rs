//! The table of what was said and of what kernels did.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write;

use ctxgen::reads::Answer;
use ctxgen::reads::Judged;
use ctxgen::reads::Reason;
use ctxgen::reads::Verdict;

use super::Predicted;
use super::predicted;
use crate::families::load::Outcome;

/// What was said of all programs on one kernel, and what that kernel did.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// The kernel's name.
    pub kernel: String,
    /// How many programs got each answer.
    answers: BTreeMap<Answer, usize>,
    /// Why nothing is known, and of how many programs.
    unknown: BTreeMap<String, usize>,
    /// How often a kernel did what was said.
    agreed: usize,
    /// How often it was asked about what had been said.
    asked: usize,
    /// What it did otherwise: the program, what was said, and what it did.
    otherwise: Vec<String>,
    /// Each program of which a wrong read is said, with the lines that say so.
    wrong: Vec<String>,
}

impl Column {
    /// One without any program.
    pub fn new(kernel: &str) -> Self {
        Self {
            kernel: kernel.to_owned(),
            ..Self::default()
        }
    }

    /// Counts what is said of a program, and what the kernel did, where it was asked.
    pub fn add(&mut self, object: &str, judged: &Judged, outcome: Option<&Outcome>) {
        *self.answers.entry(judged.answer).or_default() += 1;
        let program = format!("{object} {} {}", judged.program, judged.section);
        if judged.answer == Answer::Unknown {
            *self.unknown.entry(why_unknown(judged)).or_default() += 1;
        }
        if judged.answer == Answer::ReadsWrong {
            let reads = judged.reads.iter().filter(|read| read.verdict.is_wrong());
            for read in reads {
                let line = read.line.as_ref();
                let line = line.map(|line| format!(" ({}:{})", line.file, line.number));
                let meant = read.meant.as_ref().map(ToString::to_string);
                let found = read.found.as_ref().map(ToString::to_string);
                self.wrong.push(format!(
                    "{program}: {} is {}, and {} is meant: {}{}",
                    read.place,
                    found.as_deref().unwrap_or("nothing"),
                    meant.as_deref().unwrap_or("something else"),
                    read.verdict,
                    line.unwrap_or_default()
                ));
            }
        }
        let Some(outcome) = outcome else {
            return;
        };
        let did = match &outcome.refused {
            None => Predicted::Loads,
            Some(_) => Predicted::Refused,
        };
        match predicted(judged) {
            Predicted::Unknown => {}
            said if said == did => {
                self.asked += 1;
                self.agreed += 1;
            }
            said => {
                self.asked += 1;
                let said = match said {
                    Predicted::Loads => "loads",
                    _ => "is refused",
                };
                let did = match &outcome.refused {
                    None => "it loads".to_owned(),
                    Some(refused) => format!("errno {}, {}", refused.errno, refused.said),
                };
                self.otherwise
                    .push(format!("{program}: {said}, it is said; {did}"));
            }
        }
    }
}

/// All kernels.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many objects there are.
    pub objects: usize,
    /// A kernel each.
    pub columns: Vec<Column>,
}

impl fmt::Display for Report {
    /// Tables and lists in Markdown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answers = [
            Answer::Works,
            Answer::Unknown,
            Answer::DoesNotAttach,
            Answer::DoesNotLoad,
            Answer::ReadsWrong,
        ];
        writeln!(f, "{} objects.\n", self.objects)?;
        writeln!(
            f,
            "| kernel | works | not known | does not attach | does not load | reads wrong | \
             asked to load | as said |"
        )?;
        writeln!(
            f,
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
        )?;
        for column in &self.columns {
            write!(f, "| {} |", column.kernel)?;
            for answer in answers {
                let count = column.answers.get(&answer).copied().unwrap_or(0);
                write!(f, " {count} |")?;
            }
            match column.asked {
                0 => writeln!(f, " | |")?,
                asked => writeln!(f, " {asked} | {} |", column.agreed)?,
            }
        }
        let mut details = String::new();
        for column in &self.columns {
            let unknown = column.unknown.iter();
            let unknown: Vec<String> = unknown
                .map(|(why, count)| format!("{count}: {why}"))
                .collect();
            list(&mut details, &column.kernel, "not known", &unknown)?;
        }
        for column in &self.columns {
            list(&mut details, &column.kernel, "wrong reads", &column.wrong)?;
            list(
                &mut details,
                &column.kernel,
                "done otherwise",
                &column.otherwise,
            )?;
        }
        f.write_str(&details)
    }
}

/// The first reason, or the first read of which it is not known.
fn why_unknown(judged: &Judged) -> String {
    let reason = judged.reasons.iter().find_map(|reason| match reason {
        Reason::NotKnown { why } => Some(why.to_string()),
        _ => None,
    });
    let read = || {
        let reads = judged.reads.iter();
        let mut texts = reads.filter_map(|read| match &read.verdict {
            Verdict::NotKnown { why } => Some(why.to_string()),
            Verdict::Guarded { instead, .. } => Some(format!("asks before; else {instead}")),
            _ => None,
        });
        texts.next()
    };
    let absent = || {
        let is_absent = |reason: &&Reason| matches!(reason, Reason::HookAbsent { .. });
        let absent = judged.reasons.iter().find(is_absent);
        absent.map(|_| "the function is not in BTF, and may be there without".to_owned())
    };
    reason.or_else(read).or_else(absent).unwrap_or_default()
}

fn list(text: &mut String, kernel: &str, of: &str, lines: &[String]) -> fmt::Result {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n{kernel}, {of}:\n")?;
    for line in lines {
        writeln!(text, "- {line}")?;
    }
    Ok(())
}
