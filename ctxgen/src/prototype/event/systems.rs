//! The categories of trace events, as far as the kernel's own are known.
//!
//! BTF has events and no categories: these are strings of the kernel (`TRACE_SYSTEM` of its headers). A kernel's
//! tracefs tells them, where it is given. Where it is not, a category that no kernel has is most likely a slip,
//! and one that has no event of this name is none that a program attaches to.

use std::collections::HashMap;

use crate::text::nearest::nearest;

/// A category a line, with those of its events that are in vmlinux and not in modules: those of Linux 5.10 to 7.3,
/// on x86, arm64 and s390. A category that is missing costs no more than a remark, and so does an event.
const TABLE: &str = include_str!("systems.txt");

/// The categories that have an event of that name, sorted. None where it is not known.
pub(super) fn of_event(event: &str) -> Vec<&'static str> {
    let rows = rows().filter(|(_, events)| events.split(' ').any(|known| known == event));
    rows.map(|(category, _)| category).collect()
}

/// The category of each event; `None` for those that are in several.
pub(super) fn of_events() -> HashMap<&'static str, Option<&'static str>> {
    let mut categories = HashMap::new();
    for (category, events) in rows() {
        for event in events.split(' ') {
            let of = categories.entry(event).or_insert(Some(category));
            *of = of.filter(|of| *of == category);
        }
    }
    categories
}

/// Whether there is a category of that name.
pub(super) fn has(category: &str) -> bool {
    rows().any(|(known, _)| known == category)
}

/// The categories whose names are the most similar.
pub(super) fn similar(category: &str) -> Vec<String> {
    nearest(category, rows().map(|(known, _)| known))
}

/// Categories, and their events with spaces between.
fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.lines().filter_map(|line| line.split_once(':'))
}
