//! Compiles the sources, several at a time.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;

use crate::clang::Clang;
use crate::clang::Expanded;
use crate::clang::Options;
use crate::digest::Digest;
use crate::error::Error;
use crate::inputs;
use crate::linker;
use crate::outdir::read;
use crate::record::OBJECT;
use crate::record::Record;

/// A compiled source.
#[derive(Debug)]
pub(crate) struct Unit<'a> {
    pub(crate) name: &'a str,
    pub(crate) source: &'a Path,
    /// The linked object.
    pub(crate) object: Vec<u8>,
    /// Whether an earlier build has made it.
    pub(crate) is_reused: bool,
    /// What it was made of, where that is known.
    pub(crate) inputs: Option<Digest>,
    /// clang's warnings.
    pub(crate) warnings: Option<String>,
    /// The source, and the headers of the user's own that it includes.
    pub(crate) depends_on: Vec<PathBuf>,
}

/// What a source is compiled with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work<'a> {
    pub(crate) clang: &'a Clang,
    pub(crate) options: &'a Options<'a>,
    pub(crate) expanded: &'a Expanded,
    pub(crate) macros: &'a [String],
    /// The text of `vmlinux.h`.
    pub(crate) vmlinux: &'a [u8],
    /// What is known of earlier builds.
    pub(crate) record: &'a Record<'a>,
    /// A folder that goes away.
    pub(crate) scratch: &'a Path,
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

/// Compiles and links a source, unless that was done with the same before.
pub(crate) fn one<'a>((name, source): &'a Source<'a>, work: Work<'_>) -> Result<Unit<'a>, Error> {
    let Work {
        clang,
        options,
        expanded,
        macros,
        vmlinux,
        record,
        scratch,
    } = work;
    let mut inputs = inputs::digest(clang, options, source, macros, expanded, vmlinux);
    let reused = record.reuse(OBJECT, inputs);
    let is_reused = reused.is_some();
    let (object, warnings) = match reused {
        Some(object) => (object, record.warnings()),
        None => {
            let compiled = scratch.join(format!("{name}.o"));
            let linked = scratch.join(format!("{name}.bpf.o"));
            let warnings = clang.compile(source, &compiled, macros, options)?;
            let warnings = (!warnings.trim().is_empty()).then_some(warnings);
            linker::link(source, &compiled, &linked)
                .map_err(|error| error.after(warnings.as_deref()))?;
            (read(&linked)?, warnings)
        }
    };
    // They are recorded as they are, and the record has to be the same everywhere.
    let is_local = |text: &String| inputs::has_folder(text, options, source);
    if warnings.as_ref().is_some_and(is_local) {
        inputs = None;
    }
    Ok(Unit {
        name,
        source,
        object,
        is_reused,
        inputs,
        warnings,
        depends_on: expanded.depends_on.clone(),
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
