//! Compilers that run at a time.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;

use crate::cargo::of_cargo;
use crate::error::Error;

/// What `work` makes of each item and its place among them, in their order. It is called for
/// several at a time.
///
/// # Errors
/// That of the first item, in their order, for which `work` has one.
pub(crate) fn each<'a, I: Sync, T: Send>(
    items: &'a [I],
    work: impl Fn(usize, &'a I) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let waiting = Mutex::new(items.iter().enumerate());
    let take = || {
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.next()
    };
    let work = || {
        let mut done = Vec::new();
        while let Some((place, item)) = take() {
            done.push((place, work(place, item)));
        }
        done
    };
    let mut results = thread::scope(|scope| {
        let workers: Vec<_> = (1..jobs().min(items.len()))
            .map(|_| scope.spawn(work))
            .collect();
        let mut results = work();
        for worker in workers {
            match worker.join() {
                Ok(done) => results.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    });
    results.sort_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}

/// How many compilers may run at a time: what cargo was told, or one for each processor.
fn jobs() -> usize {
    let told = of_cargo("NUM_JOBS").and_then(|jobs| jobs.to_str()?.parse().ok());
    told.or_else(|| thread::available_parallelism().ok().map(Into::into))
        .unwrap_or(1)
}
