//! Work on all cores, and how far it has got.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;

use crate::output::Failure;
use crate::output::Progress;

/// As much as the main thread has.
const STACK: usize = 8 << 20;

/// Does something with each item, one at a time on each core. The results are in the order of the items, and
/// of several errors it is that of the first item.
pub(super) fn on_all<T: Sync, R: Send>(
    what: &'static str,
    items: &[T],
    work: impl Fn(usize, &T) -> Result<R, Failure> + Sync,
) -> Result<Vec<R>, Failure> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let progress = Progress::new(what, items.len());
    let next = AtomicUsize::new(0);
    let has_failed = AtomicBool::new(false);
    let results = Mutex::new(Vec::with_capacity(items.len()));
    let worker = || {
        while !has_failed.load(Ordering::Relaxed) {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(place) else { break };
            let result = work(place, item);
            has_failed.fetch_or(result.is_err(), Ordering::Relaxed);
            progress.step();
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            results.push((place, result));
        }
    };
    thread::scope(|scope| {
        for _ in 1..cores.min(items.len()) {
            // Where there can be no more threads, there are fewer.
            let more = thread::Builder::new().stack_size(STACK);
            let _ = more.spawn_scoped(scope, worker);
        }
        worker();
    });
    progress.end();
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}
