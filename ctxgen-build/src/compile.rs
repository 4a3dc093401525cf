//! Compiles the sources, several at a time.

use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;

use ctxgen::btf::Btf;
use ctxgen::object::complete_declarations;

use crate::builder::Group;
use crate::builder::Plan;
use crate::clang::Clang;
use crate::clang::Expanded;
use crate::clang::Options;
use crate::digest::Digest;
use crate::digest::Digester;
use crate::error::Error;
use crate::inputs;
use crate::linker;
use crate::outdir::read;
use crate::record::OBJECT;
use crate::record::Record;

/// What was made of the sources of an object.
#[derive(Debug)]
pub(crate) struct Unit<'a> {
    pub(crate) name: &'a str,
    pub(crate) sources: &'a [Source<'a>],
    /// Where these are among all.
    pub(crate) places: Range<usize>,
    /// The linked object.
    pub(crate) object: Vec<u8>,
    /// Whether an earlier build has made it.
    pub(crate) is_reused: bool,
    /// What it was made of, where that is known.
    pub(crate) inputs: Option<Digest>,
    /// clang's warnings.
    pub(crate) warnings: Option<String>,
    /// The sources, and the headers of the user's own that they include.
    pub(crate) depends_on: Vec<PathBuf>,
}

impl Unit<'_> {
    /// The paths of its sources.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.sources
            .iter()
            .map(|(_, path)| (*path).to_owned())
            .collect()
    }
}

/// What sources are compiled with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work<'a> {
    pub(crate) clang: &'a Clang,
    pub(crate) options: &'a Options<'a>,
    /// Of each source.
    pub(crate) texts: &'a [Expanded],
    /// Of each source, or of none.
    pub(crate) macros: &'a [Vec<String>],
    /// The text of `vmlinux.h`.
    pub(crate) vmlinux: &'a [u8],
    /// What is known of earlier builds, of each object.
    pub(crate) records: &'a [Record<'a>],
    /// A folder that goes away.
    pub(crate) scratch: &'a Path,
}

/// A source and the name of what is made of it.
pub(crate) type Source<'a> = (String, &'a Path);

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

/// Compiles and links the sources of each object, unless that was done with the same before.
pub(crate) fn objects<'a>(
    plan: &'a Plan<'a>,
    kernel: &Btf<'_>,
    work: Work<'_>,
) -> Result<Vec<Unit<'a>>, Error> {
    let known = each(&plan.objects, |place, object| {
        let inputs = work.inputs(&plan.sources, object);
        Ok((inputs, work.records[place].reuse(OBJECT, inputs)))
    })?;
    let mut is_needed = vec![true; plan.sources.len()];
    for (object, (_, reused)) in plan.objects.iter().zip(&known) {
        is_needed[object.places.clone()].fill(reused.is_none());
    }
    let said = each(&plan.sources, |place, (name, source)| {
        let compiled = work.compiled(name);
        match is_needed[place] {
            true => work
                .clang
                .compile(source, &compiled, work.macros(place), work.options),
            false => Ok(String::new()),
        }
    })?;
    let mut units = Vec::new();
    for (place, known) in known.into_iter().enumerate() {
        units.push(unit(plan, place, kernel, work, known, &said)?);
    }
    Ok(units)
}

/// What an object is, reused or linked now.
fn unit<'a>(
    plan: &'a Plan<'a>,
    place: usize,
    kernel: &Btf<'_>,
    work: Work<'_>,
    (inputs, reused): (Option<Digest>, Option<Vec<u8>>),
    said: &[String],
) -> Result<Unit<'a>, Error> {
    let Group { name, places } = &plan.objects[place];
    let sources = &plan.sources[places.clone()];
    let is_reused = reused.is_some();
    let (object, warnings) = match reused {
        Some(object) => (object, work.records[place].warnings()),
        None => {
            let compiled: Vec<(&Path, PathBuf)> = sources
                .iter()
                .map(|(name, source)| (*source, work.compiled(name)))
                .collect();
            let linked = work.scratch.join(format!("{name}.bpf.o"));
            let warnings = said[places.clone()].concat();
            let warnings = (!warnings.trim().is_empty()).then_some(warnings);
            linker::link(&compiled, &linked).map_err(|error| error.after(warnings.as_deref()))?;
            let mut object = read(&linked)?;
            complete_declarations(&mut object, kernel).map_err(|error| {
                let paths = sources.iter().map(|(_, path)| (*path).to_owned());
                Error::Object {
                    sources: paths.collect(),
                    reason: error.to_string(),
                }
            })?;
            (object, warnings)
        }
    };
    // They are recorded as they are, and the record has to be the same everywhere.
    let is_local = |text: &String| {
        let mut sources = sources.iter();
        sources.any(|(_, source)| inputs::has_folder(text, work.options, source))
    };
    let inputs = inputs.filter(|_| !warnings.as_ref().is_some_and(is_local));
    let texts = &work.texts[places.clone()];
    let mut depends_on: Vec<PathBuf> = Vec::new();
    for text in texts {
        depends_on.extend(text.depends_on.iter().cloned());
    }
    Ok(Unit {
        name,
        sources,
        places: places.clone(),
        object,
        is_reused,
        inputs,
        warnings,
        depends_on,
    })
}

impl Work<'_> {
    /// What an object is made of.
    fn inputs(&self, sources: &[Source<'_>], object: &Group) -> Option<Digest> {
        let mut digests = object.places.clone().map(|place| {
            inputs::digest(
                self.clang,
                self.options,
                sources[place].1,
                self.macros(place),
                &self.texts[place],
                self.vmlinux,
            )
        });
        if object.places.len() == 1 {
            return digests.next()?;
        }
        let mut all = Digester::new();
        for digest in digests {
            all.add(digest?.to_string());
        }
        Some(all.finish())
    }

    fn macros(&self, place: usize) -> &[String] {
        self.macros.get(place).map_or(&[][..], |macros| macros)
    }

    /// Where a source's object goes before it is linked.
    fn compiled(&self, name: &str) -> PathBuf {
        self.scratch.join(format!("{name}.o"))
    }
}

/// How many compilers may run at a time: what cargo was told, or one for each processor.
fn jobs() -> usize {
    std::env::var("NUM_JOBS")
        .ok()
        .and_then(|jobs| jobs.parse().ok())
        .or_else(|| thread::available_parallelism().ok().map(Into::into))
        .unwrap_or(1)
}
