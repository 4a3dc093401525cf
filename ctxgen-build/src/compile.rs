//! Compiles the sources, several at a time.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;

use crate::clang::Clang;
use crate::clang::Options;
use crate::depfile;
use crate::error::Error;

/// A compiled source.
#[derive(Debug)]
pub(crate) struct Unit<'a> {
    pub(crate) name: &'a str,
    pub(crate) source: &'a Path,
    pub(crate) object: PathBuf,
    /// clang's warnings.
    pub(crate) warnings: Option<String>,
    /// The source, and the headers of the user's own that it includes.
    pub(crate) depends_on: Vec<PathBuf>,
}

/// A source and the name of what is made of it.
pub(crate) type Source<'a> = (String, &'a Path);

/// What `work` makes of each source and its place among them, in their order. It is called for
/// several at a time.
///
/// # Errors
/// That of the first source, in their order, for which `work` has one.
pub(crate) fn each<'a, T: Send>(
    sources: &'a [Source<'a>],
    work: impl Fn(usize, &'a Source<'a>) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let waiting = Mutex::new(sources.iter().enumerate());
    let take = || {
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.next()
    };
    let work = || {
        let mut done = Vec::new();
        while let Some((place, source)) = take() {
            done.push((place, work(place, source)));
        }
        done
    };
    let mut results = thread::scope(|scope| {
        let workers: Vec<_> = (1..jobs().min(sources.len()))
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

/// Compiles a source with these macros to an object in `scratch`.
pub(crate) fn one<'a>(
    clang: &Clang,
    options: &Options<'_>,
    (name, source): &'a Source<'a>,
    macros: &[String],
    scratch: &Path,
) -> Result<Unit<'a>, Error> {
    let object = scratch.join(format!("{name}.o"));
    let rule = scratch.join(format!("{name}.d"));
    let warnings = clang.compile(source, &object, &rule, macros, options)?;
    let rule = std::fs::read_to_string(&rule).map_err(|error| Error::Read {
        path: rule.clone(),
        error,
    })?;
    Ok(Unit {
        name,
        source,
        object,
        warnings: (!warnings.trim().is_empty()).then_some(warnings),
        depends_on: depfile::prerequisites(&rule),
    })
}

/// How many compilers may run at a time: what cargo was told, or one for each processor.
fn jobs() -> usize {
    std::env::var("NUM_JOBS")
        .ok()
        .and_then(|jobs| jobs.parse().ok())
        .or_else(|| thread::available_parallelism().ok().map(Into::into))
        .unwrap_or(1)
}
