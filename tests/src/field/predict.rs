//! What a verdict says of loading.

use ctxgen::Hook;
use ctxgen::Passing;
use ctxgen::SecName;
use ctxgen::reads::Answer;
use ctxgen::reads::Judged;

/// Whether a kernel is said to load a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Predicted {
    /// It loads it.
    Loads,
    /// It refuses it, or libbpf does.
    Refused,
    /// That is not said.
    Unknown,
}

/// What a verdict says of loading, which is less than of running: a breakpoint, a trace event and a raw
/// tracepoint are looked up when the program is attached.
pub fn predicted(judged: &Judged) -> Predicted {
    match judged.answer {
        Answer::Works | Answer::ReadsWrong => Predicted::Loads,
        Answer::DoesNotLoad => Predicted::Refused,
        Answer::DoesNotAttach => match attaches_when_loaded(&judged.section) {
            Some(true) => Predicted::Refused,
            Some(false) => Predicted::Loads,
            None => Predicted::Unknown,
        },
        _ => Predicted::Unknown,
    }
}

/// Whether libbpf looks a section's hook up when it loads the program; `None` of sections that it does not
/// know.
fn attaches_when_loaded(section: &str) -> Option<bool> {
    let hook: Hook = SecName::parse(section).ok()?.hook;
    let is_by_btf = hook.family().passing() == Passing::Slots && hook.family().name() != "raw_tp";
    Some(is_by_btf)
}
