//! Samples whose programs are written in Rust too: both run at once, and write the same of the same events.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::Value;

use crate::Check;
use crate::checks::Checks;
use crate::sample::Beside;
use crate::sample::Samples;
use crate::sample::Written;

/// Where the executables and objects are that come from `example-bpf/rust`: `runqslower-rust` and
/// `runqslower-rust.o`.
const SUFFIX: &str = "-rust";

/// As many events at either end may be within what both have seen by one's clock only.
const EDGE: usize = 3;
/// So few lines may be alike by chance.
const FEW: usize = 5;

/// What loads the programs, by what stands behind a sample's name.
pub(crate) fn loader(suffix: &str) -> Option<&'static str> {
    match suffix {
        "rust" => Some("libbpf"),
        "aya" => Some("aya"),
        _ => None,
    }
}

/// Does what a sample is to notice while it runs twice, with programs in C and in Rust. The latter's report is
/// held against what was done, and then against the former's; `clocks` are the fields that are measured.
pub(crate) fn check(
    samples: &Samples,
    checks: &mut Checks,
    name: &str,
    loader: &str,
    check: Check,
    clocks: &[&str],
) -> Result<(), String> {
    let executable = samples.command(&format!("{name}{SUFFIX}"));
    let object = format!("{}.o", executable.get_program().display());
    let written = Rc::new(RefCell::new(Vec::new()));
    let both = samples.with(Beside {
        name: format!("{name}{SUFFIX}"),
        arguments: vec![object, "--with".to_owned(), loader.to_owned()],
        written: Rc::clone(&written),
    });
    check(&both, checks)?;
    for written in written.borrow().iter() {
        checks.equal("no event was lost", &Vec::new(), &written.lost);
        match same(written, clocks) {
            Ok(lines) => checks.that(
                &format!("both wrote the same {lines} lines"),
                lines > 0,
                "no event was seen by both",
            ),
            Err(difference) => checks.fail("both wrote the same lines", difference),
        }
    }
    Ok(())
}

/// How many lines are the same but for the clocks, of the events that both have seen from their begin to their
/// end. What had begun before all programs of one of the two were attached may be reported by the other only.
fn same(written: &Written, clocks: &[&str]) -> Result<usize, String> {
    let begin = |event: &Value| time(event).saturating_sub(lasted(event));
    let first = |events: &[Value]| events.iter().map(time).min().unwrap_or(0);
    let last = |events: &[Value]| events.iter().map(time).max().unwrap_or(0);
    let (sample, other) = (&written.sample, &written.other);
    if without(sample.iter(), clocks) == without(other.iter(), clocks) {
        return Ok(sample.len());
    }
    // By the end of the first event, all programs were attached.
    let from = first(sample).max(first(other));
    let to = last(sample).min(last(other));
    let lines = |events: &[Value]| {
        let seen = events.iter();
        let seen = seen.filter(|event| begin(event) >= from && time(event) <= to);
        without(seen, clocks)
    };
    let (sample, other) = (lines(sample), lines(other));
    let starts = (0..=EDGE).flat_map(|one| (0..=EDGE).map(move |other| (one, other)));
    let runs = starts.filter_map(|(one, two)| {
        let (sample, other) = (sample.get(one..)?, other.get(two..)?);
        let pairs = sample.iter().zip(other);
        let alike = pairs.take_while(|(one, other)| one == other).count();
        let rest = sample.len().max(other.len()) - alike;
        Some((alike, rest, sample.get(alike), other.get(alike)))
    });
    let Some((alike, rest, one, two)) = runs.max_by_key(|(alike, ..)| *alike) else {
        return Ok(0);
    };
    match rest <= EDGE && alike > FEW {
        true => Ok(alike),
        false => Err(format!(
            "{alike} lines are, of {} and {}, and then there are {one:?} and {two:?}",
            sample.len(),
            other.len()
        )),
    }
}

/// When an event was over, in nanoseconds.
fn time(event: &Value) -> u64 {
    event["time_ns"].as_u64().unwrap_or(0)
}

/// How long it lasted, in nanoseconds.
fn lasted(event: &Value) -> u64 {
    let fields = ["wait_ns", "duration_ns"].iter();
    let mut numbers = fields.filter_map(|field| event[field].as_u64());
    numbers.next().unwrap_or(0)
}

fn without<'v>(objects: impl Iterator<Item = &'v Value>, clocks: &[&str]) -> Vec<Value> {
    let mut objects: Vec<Value> = objects.cloned().collect();
    for object in objects.iter_mut().filter_map(Value::as_object_mut) {
        for clock in clocks {
            object.remove(*clock);
        }
    }
    objects
}
