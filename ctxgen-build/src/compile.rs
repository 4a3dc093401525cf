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

/// Compiles named sources to objects in `scratch`, in their order.
///
/// # Errors
/// That of the first source, in their order, that cannot be compiled.
pub(crate) fn all<'a>(
    clang: &Clang,
    options: &Options<'_>,
    sources: &'a [(String, &'a Path)],
    scratch: &Path,
) -> Result<Vec<Unit<'a>>, Error> {
    let waiting = Mutex::new(sources.iter());
    let take = || {
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.next()
    };
    let work = || {
        let mut done = Vec::new();
        while let Some((name, source)) = take() {
            done.push((name, one(clang, options, name, source, scratch)));
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
    let place = |name: &String| sources.iter().position(|(other, _)| other == name);
    results.sort_by_key(|(name, _)| place(name));
    results.into_iter().map(|(_, result)| result).collect()
}

fn one<'a>(
    clang: &Clang,
    options: &Options<'_>,
    name: &'a str,
    source: &'a Path,
    scratch: &Path,
) -> Result<Unit<'a>, Error> {
    let object = scratch.join(format!("{name}.o"));
    let rule = scratch.join(format!("{name}.d"));
    let warnings = clang.compile(source, &object, &rule, options)?;
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
