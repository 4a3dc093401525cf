//! Classic tracepoints: trace events, of whose record a program gets a pointer.
//!
//! Which record an event has is told by its class (`DECLARE_EVENT_CLASS` of `include/trace/`), and
//! BTF has that as `struct trace_event_raw_<class>`. Which class an event is of, BTF says only by the
//! way; see [`class`].

mod call;
mod class;
mod record;
pub(super) mod similar;
#[cfg(feature = "generate")]
mod systems;

use std::collections::BTreeSet;
use std::collections::HashMap;

use super::Prototype;
use super::system_call;
use super::tracepoint;
use super::unknown;
use crate::hook::ANY_CATEGORY;
use crate::hook::Hook;
#[cfg(feature = "generate")]
use crate::hook::Prototypes;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::prototype::PrototypeError;
use crate::prototype::syscall;
use crate::tracefs::Format;

use self::call::Call;
pub(crate) use self::class::STRUCT;
pub use self::record::Record;
pub use self::record::RecordField;

pub(super) fn resolve(kernel: &KernelBtf, hook: &Hook) -> Result<Prototype, PrototypeError> {
    let hook = &spelled(kernel, hook)?;
    let parts = hook.parts();
    let Some(&(category, event)) = parts.first() else {
        return Err(unknown(kernel, hook, Vec::new()));
    };
    let record = match Call::of(category, event) {
        Some(call) if exists(kernel, category, event) => record::of_call(kernel, call),
        Some(_) => None,
        None if is_absent(kernel, category, event) => None,
        None => of_event(kernel, hook, category, event)?,
    };
    match record {
        Some(record) => Ok(Prototype::Record(record)),
        None => Err(unknown(kernel, hook, tried(kernel, category, event))),
    }
}

/// The record of what is no system call's event.
fn of_event(
    kernel: &KernelBtf,
    hook: &Hook,
    category: &str,
    event: &str,
) -> Result<Option<Record>, PrototypeError> {
    let format = format(kernel, category, event)?;
    let is_known = format.is_some();
    match class::of_event(kernel, hook, event, format) {
        Err(error @ PrototypeError::AmbiguousEvent { .. }) if !is_known => {
            match kernel.deciding_format(category, event) {
                Some(format) => class::of_event(kernel, hook, event, Some(format)),
                None => Err(error),
            }
        }
        record => record,
    }
}

/// The hook with category and event told apart.
///
/// A struct's name has an underscore between them, and both may have some themselves. So each way to
/// take it apart is tried.
pub(super) fn spelled(kernel: &KernelBtf, hook: &Hook) -> Result<Hook, PrototypeError> {
    let parts = hook.parts();
    let known = |(category, event): &&(&str, &str)| kernel.has_format(category, event);
    let exists = |(category, event): &&(&str, &str)| {
        (*category == syscall::CATEGORY) == Call::of(category, event).is_some()
            && exists(kernel, category, event)
    };
    let mut found: Vec<_> = parts.iter().filter(known).collect();
    if found.is_empty() {
        found = parts.iter().filter(exists).collect();
    }
    if found.len() > 1 {
        let decides = |(category, event): &&(&str, &str)| {
            let format = kernel.deciding_format(category, event);
            *category != ANY_CATEGORY && format.is_some()
        };
        let decided: Vec<_> = found.iter().copied().filter(decides).collect();
        if !decided.is_empty() {
            found = decided;
        }
    }
    match (&found[..], &parts[..]) {
        ([(category, event)], _) => {
            // One that is spelled out may still be in another category.
            let categories = categories(kernel, category, event);
            let is_known = *category == ANY_CATEGORY || categories.contains(*category);
            match is_known || categories.is_empty() {
                true => Ok(hook.with_parts(category, event)),
                false => Err(PrototypeError::OtherCategory {
                    hook: hook.with_parts(category, event),
                    right: spellings(
                        hook,
                        categories.iter().map(|right| (right.as_str(), *event)),
                    ),
                }),
            }
        }
        ([], [(category, event)]) => Err(unknown(kernel, hook, tried(kernel, category, event))),
        ([], _) => {
            let is_call = |(category, event): &&(&str, &str)| Call::of(category, event).is_some();
            let tried = match parts.iter().find(is_call) {
                Some((category, event)) => tried(kernel, category, event),
                None => {
                    let events = parts.iter().map(|(_, event)| *event);
                    events
                        .map(|event| format!("the tracepoint {event}"))
                        .collect()
                }
            };
            Err(unknown(kernel, hook, tried))
        }
        (several, _) => Err(PrototypeError::AmbiguousEvent {
            hook: hook.clone(),
            origin: kernel.origin().clone(),
            candidates: spellings(hook, several.iter().map(|parts| **parts)),
        }),
    }
}

/// The categories that have an event of that name: what formats say, or without any what is known of the
/// kernel's own events. One of a module's may have a name that there is in vmlinux.
fn categories(kernel: &KernelBtf, category: &str, event: &str) -> BTreeSet<String> {
    let told = kernel.formats().categories(event);
    let is_open =
        told.is_empty() && kernel.modules().is_empty() && Call::of(category, event).is_none();
    match is_open {
        true => of_kernels(event),
        false => told,
    }
}

/// The category of each event that kernels have in no other one.
#[cfg(feature = "generate")]
fn categories_of_kernels() -> HashMap<&'static str, Option<&'static str>> {
    systems::of_events()
}

/// See [`of_kernels`].
#[cfg(not(feature = "generate"))]
fn categories_of_kernels() -> HashMap<&'static str, Option<&'static str>> {
    HashMap::new()
}

#[cfg(feature = "generate")]
fn of_kernels(event: &str) -> BTreeSet<String> {
    systems::of_event(event)
        .into_iter()
        .map(str::to_owned)
        .collect()
}

/// A program that loads others does without the table: it costs 20 KB.
#[cfg(not(feature = "generate"))]
fn of_kernels(_event: &str) -> BTreeSet<String> {
    BTreeSet::new()
}

/// The most similar categories to that of a trace event, where nothing tells that there is one of that name:
/// neither the kernel's formats nor what is known of other kernels, and BTF has none. `None` for all other
/// hooks, and for events that the kernel does not have.
#[cfg(feature = "generate")]
pub fn unknown_category(kernel: &KernelBtf, hook: &Hook) -> Option<Vec<String>> {
    if hook.family().prototypes() != Prototypes::Event || hook.is_generic() {
        return None;
    }
    let hook = spelled(kernel, hook).ok()?;
    let (category, _) = *hook.parts().first()?;
    let known = kernel.formats().events();
    let is_known = category == ANY_CATEGORY
        || systems::has(category)
        || known.iter().any(|(known, _)| known == category);
    (!is_known).then(|| systems::similar(category))
}

fn spellings<'p>(hook: &Hook, parts: impl Iterator<Item = (&'p str, &'p str)>) -> Vec<String> {
    let hooks = parts.map(|(category, event)| hook.with_parts(category, event));
    hooks.map(|hook| hook.to_string()).collect()
}

/// All events. A category that no format tells is the one that kernels have the event in, if there is only one;
/// otherwise it is `?`.
pub(super) fn targets(kernel: &KernelBtf) -> Vec<String> {
    let known = kernel.formats().events();
    let mut events: BTreeSet<String> = tracepoint::targets(kernel, false).into_iter().collect();
    events.retain(|event| is_event(kernel, event));
    let mut targets = Vec::new();
    for (category, event) in &known {
        let is_there = match Call::of(category, event) {
            Some(_) => true,
            None => events.contains(event),
        };
        if is_there {
            targets.push(format!("{category}/{event}"));
        }
    }
    let known: BTreeSet<&str> = known.iter().map(|(_, event)| event.as_str()).collect();
    let categories = categories_of_kernels();
    for event in events
        .iter()
        .filter(|event| !known.contains(event.as_str()))
    {
        let category = categories.get(event.as_str()).copied().flatten();
        let category = category.unwrap_or(ANY_CATEGORY);
        targets.push(format!("{category}/{event}"));
    }
    for name in calls(kernel) {
        for event in [syscall::ENTER, syscall::EXIT].map(|prefix| format!("{prefix}{name}")) {
            if !known.contains(event.as_str()) {
                targets.push(format!("{}/{event}", syscall::CATEGORY));
            }
        }
    }
    targets
}

/// What the functions are called that system calls are entered by. Those without arguments have no more
/// than some of them.
fn prefixes() -> impl Iterator<Item = &'static str> {
    let wrappers = system_call::WRAPPERS.into_iter().map(|(_, prefix)| prefix);
    wrappers.chain([
        system_call::OF_32_BITS,
        syscall::FUNC,
        system_call::WITHOUT_WRAPPER,
    ])
}

fn wrappers(name: &str) -> impl Iterator<Item = String> {
    prefixes().map(move |prefix| format!("{prefix}{name}"))
}

/// The system calls with events, sorted: those that BTF has functions of, but for those of other ABIs of
/// the architecture.
fn calls(kernel: &KernelBtf) -> BTreeSet<String> {
    let (index, btf) = (kernel.index(), kernel.btf());
    if kernel.find(Named::Struct, record::OF_CALL).next().is_none() {
        return BTreeSet::new();
    }
    let of_prefix = |prefix: &'static str| {
        let funcs = index.with_prefix(btf, Named::Func, prefix);
        funcs.filter_map(move |func| Some(func.name().strip_prefix(prefix)?.to_owned()))
    };
    let mut calls: BTreeSet<String> = prefixes().flat_map(of_prefix).collect();
    calls.extend(syscall::without_wrapper(kernel));
    let events = |name: &String| [syscall::ENTER, syscall::EXIT].map(|of| format!("{of}{name}"));
    calls.retain(|name| {
        syscall::has_events(kernel, name)
            && events(name)
                .iter()
                .all(|event| !is_absent(kernel, syscall::CATEGORY, event))
    });
    calls
}

/// Whether the formats that are known have all of a category, and not this event. What a module adds may be
/// missing while that is not loaded.
fn is_absent(kernel: &KernelBtf, category: &str, event: &str) -> bool {
    let formats = kernel.formats();
    let is_call = category == syscall::CATEGORY;
    (is_call || kernel.modules().is_empty())
        && formats.is_whole(category)
        && formats.categories(event).is_empty()
}

/// Whether BTF has such an event, of whatever category. Of kernels without system calls' events, BTF
/// has no struct of theirs either.
fn exists(kernel: &KernelBtf, category: &str, event: &str) -> bool {
    if kernel.has_format(category, event) {
        return true;
    }
    if is_absent(kernel, category, event) {
        return false;
    }
    let has = |named, name: &str| kernel.find(named, name).next().is_some();
    match Call::of(category, event) {
        Some(call) => {
            let has_func = || wrappers(call.name()).any(|name| has(Named::Func, &name));
            has(Named::Struct, record::OF_CALL)
                && syscall::may_have_events(kernel, call.name())
                && (has_func() || syscall::is_without_wrapper(kernel, call.name()))
        }
        None => tracepoint::exists(kernel, event) && is_event(kernel, event),
    }
}

/// What `DECLARE_TRACE` appends to the names of tracepoints that have no event.
const BARE: &str = "_tp";

/// Whether a tracepoint has an event.
fn is_event(kernel: &KernelBtf, tracepoint: &str) -> bool {
    !tracepoint.ends_with(BARE) || class::named(kernel, tracepoint).is_some()
}

fn format(
    kernel: &KernelBtf,
    category: &str,
    event: &str,
) -> Result<Option<Format>, PrototypeError> {
    let formats = kernel.formats();
    let category = match category {
        ANY_CATEGORY => formats.categories(event).into_iter().next(),
        category => Some(category.to_owned()),
    };
    match category {
        Some(category) => Ok(kernel.format(&category, event)?),
        None => Ok(None),
    }
}

/// What would have been it.
fn tried(kernel: &KernelBtf, category: &str, event: &str) -> Vec<String> {
    if is_absent(kernel, category, event) {
        return vec![format!(
            "the event {event} among the formats of {category}, which are all known"
        )];
    }
    match Call::of(category, event) {
        Some(call) if !syscall::may_have_events(kernel, call.name()) => vec![format!(
            "an event of the system call {}, which this architecture has for programs of another ABI \
             at most",
            call.name()
        )],
        Some(call) => {
            let first = wrappers(call.name()).take(3);
            let funcs = first.map(|name| format!("the function {name}"));
            funcs
                .chain([format!("struct {}", record::OF_CALL)])
                .collect()
        }
        None => vec![
            format!("the tracepoint {event}"),
            format!("struct {}", class::structure(event)),
        ],
    }
}

#[cfg(all(test, feature = "generate"))]
mod tests;
