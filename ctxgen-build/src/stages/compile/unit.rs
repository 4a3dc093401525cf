//! Compiles the sources, several at a time.

use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::btf::Btf;
use ctxgen::object::complete_declarations;

use super::linker;
use crate::cache;
use crate::cache::Digest;
use crate::cache::Digester;
use crate::cache::Folders;
use crate::cache::OBJECT;
use crate::cache::Record;
use crate::cargo::Steps;
use crate::clang::Clang;
use crate::clang::Expanded;
use crate::clang::Options;
use crate::clang::each;
use crate::error::Error;
use crate::outdir::read;
use crate::plan::Group;
use crate::plan::Plan;
use crate::plan::Source;

/// What was made of the sources of an object, or an object that was there.
#[derive(Debug)]
pub(crate) struct Unit<'a> {
    pub(crate) name: &'a str,
    /// The paths of its sources; of a ready-made object, its own.
    pub(crate) paths: Vec<PathBuf>,
    /// Where the sources are among all.
    pub(crate) places: Range<usize>,
    /// The linked object.
    pub(crate) object: Vec<u8>,
    /// What clang made of the sources, with debug information, which linking takes away. Of what an earlier
    /// build has made, as far as that has kept it.
    pub(crate) compiled: Vec<Vec<u8>>,
    /// Whether an earlier build has made it.
    pub(crate) is_reused: bool,
    /// What it was made of, where that is known.
    pub(crate) inputs: Option<Digest>,
    /// clang's warnings.
    pub(crate) warnings: Option<String>,
}

impl<'a> Unit<'a> {
    /// A ready-made object of these bytes. It may have debug information, as what clang makes.
    pub(crate) fn ready(group: &'a Group<'_>, bytes: &[u8], record: &Record<'_>) -> Self {
        let inputs = Some(Digest::of(bytes));
        Self {
            name: &group.name,
            paths: group.ready.iter().map(|path| path.to_path_buf()).collect(),
            places: group.places.clone(),
            object: bytes.to_owned(),
            compiled: vec![bytes.to_owned()],
            is_reused: record.reuse(OBJECT, inputs).is_some(),
            inputs,
            warnings: None,
        }
    }
}

/// An object, and what it was linked of, as far as that is known.
struct Made {
    object: Vec<u8>,
    compiled: Vec<Vec<u8>>,
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
    /// Gets the command lines.
    pub(crate) steps: &'a Steps,
}

/// Compiles and links the sources of each object that has some, unless that was done with the same before.
pub(crate) fn objects<'a>(
    plan: &'a Plan<'a>,
    kernel: &Btf<'_>,
    work: Work<'_>,
) -> Result<Vec<Unit<'a>>, Error> {
    let known = each(&plan.objects, |place, object| {
        let inputs = work.inputs(&plan.sources, object);
        Ok((inputs, work.reused(place, inputs)))
    })?;
    let mut is_needed = vec![true; plan.sources.len()];
    for (object, (_, reused)) in plan.objects.iter().zip(&known) {
        is_needed[object.places.clone()].fill(reused.is_none());
    }
    for (place, (_, source)) in plan.sources.iter().enumerate() {
        if is_needed[place] {
            let macros = work.macros(place);
            let command = work.clang.compiling(source, macros, work.options);
            work.steps.run(&command);
        }
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
        if plan.objects[place].ready.is_some() {
            continue;
        }
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
    (inputs, reused): (Option<Digest>, Option<Made>),
    said: &[String],
) -> Result<Unit<'a>, Error> {
    let Group { name, places, .. } = &plan.objects[place];
    let sources = &plan.sources[places.clone()];
    let is_reused = reused.is_some();
    let (made, warnings) = match reused {
        Some(made) => (made, work.records[place].warnings()),
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
            let compiled = compiled.iter().map(|(_, path)| read(path));
            let compiled = compiled.collect::<Result<_, _>>()?;
            (Made { object, compiled }, warnings)
        }
    };
    // They are recorded as they are, and the record has to be the same everywhere.
    let is_local = |text: &String| {
        let mut sources = sources.iter();
        sources.any(|(_, source)| Folders::new(&work.options.prefixes(source)).are_in(text))
    };
    let inputs = inputs.filter(|_| !warnings.as_ref().is_some_and(is_local));
    Ok(Unit {
        name,
        paths: sources.iter().map(|(_, path)| (*path).to_owned()).collect(),
        places: places.clone(),
        object: made.object,
        compiled: made.compiled,
        is_reused,
        inputs,
        warnings,
    })
}

impl Work<'_> {
    /// An object that an earlier build has made of the same, with all that it has kept.
    fn reused(&self, place: usize, inputs: Option<Digest>) -> Option<Made> {
        let record = &self.records[place];
        Some(Made {
            object: record.reuse(OBJECT, inputs)?,
            compiled: record.reuse_compiled(inputs)?,
        })
    }

    /// What an object is made of.
    fn inputs(&self, sources: &[Source<'_>], object: &Group<'_>) -> Option<Digest> {
        let mut digests = object.places.clone().map(|place| {
            let Expanded { text, first, .. } = &self.texts[place];
            let macros = self.macros(place);
            let source = sources[place].1;
            let command = self.clang.digested(source, macros, self.options, first);
            cache::digest(&command, text, self.vmlinux)
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
