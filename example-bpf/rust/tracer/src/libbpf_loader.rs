//! Programs loaded with libbpf-rs.

use std::io;

use ctxgen::LoadError;
use ctxgen::Loader;
use example_bpf::Record;
use example_bpf::Refusal;
use example_bpf::Step;
use example_bpf::Stop;
use example_bpf::follow;
use example_bpf::listen;
use libbpf_rs::Map;
use libbpf_rs::MapCore;
use libbpf_rs::MapFlags;
use libbpf_rs::Object;
use libbpf_rs::ObjectBuilder;
use libbpf_rs::OpenObject;

use crate::EVENTS;
use crate::Error;
use crate::LOST;
use crate::Settings;
use crate::Tracer;

const SETTINGS: &str = ".rodata.settings";

impl<S: Settings> Tracer<'_, S> {
    /// How many events were lost is returned.
    pub(crate) fn with_libbpf<R: Record>(
        &self,
        loader: &Loader<'_>,
        stop: &Stop,
        begin: impl FnOnce() -> Result<(), example_bpf::Error>,
        show: impl FnMut(&R) -> io::Result<()>,
    ) -> Result<u64, Error> {
        let (opened, _) = listen(self.verbose, || {
            loader.open_object(&mut ObjectBuilder::default())
        });
        let mut opened = opened?;
        self.set(&mut opened)?;
        let object = self.load(loader, opened)?;
        let mut links = Vec::new();
        for program in object.progs_mut() {
            let known = named(program.name(), program.section());
            let (link, said) = listen(self.verbose, || program.attach());
            links.push(link.map_err(|error| refused(Step::Attach, &error, &said, &[known]))?);
        }
        begin()?;
        follow(&map(&object, EVENTS)?, self.limits, stop, show)?;
        lost(&map(&object, LOST)?)
    }

    fn set(&self, opened: &mut OpenObject) -> Result<(), Error> {
        let mut settings = opened.maps_mut().find(|map| map.name() == SETTINGS);
        let settings = settings.as_mut().ok_or(Error::Lacks(SETTINGS))?;
        let failed = |source| example_bpf::Error::Bpf {
            what: "set what the programs are told",
            source,
        };
        let set = settings.set_initial_value(&self.settings.bytes());
        Ok(set.map_err(failed)?)
    }

    fn load(&self, loader: &Loader<'_>, opened: OpenObject) -> Result<Object, Error> {
        let programs: Vec<_> = opened
            .progs()
            .map(|program| named(program.name(), program.section()))
            .collect();
        let (object, said) = listen(self.verbose, || loader.load_object(opened));
        object.map_err(|error| match *error {
            LoadError::Load(error) => refused(Step::Load, &error, &said, &programs),
            error => Box::new(error).into(),
        })
    }
}

fn named(name: &std::ffi::OsStr, section: &std::ffi::OsStr) -> (String, String) {
    (
        name.to_string_lossy().into_owned(),
        section.to_string_lossy().into_owned(),
    )
}

fn refused(
    step: Step,
    error: &libbpf_rs::Error,
    said: &str,
    programs: &[(String, String)],
) -> Error {
    let refusal = Refusal::new(step, error, said, programs);
    example_bpf::Error::from(Box::new(refusal)).into()
}

fn map<'o>(object: &'o Object, name: &'static str) -> Result<Map<'o>, Error> {
    object
        .maps()
        .find(|map| map.name() == name)
        .ok_or(Error::Lacks(name))
}

/// The sum over all CPUs.
fn lost(map: &Map<'_>) -> Result<u64, Error> {
    let failed = |source| example_bpf::Error::Bpf {
        what: "ask how many events were lost",
        source,
    };
    let counts = map.lookup_percpu(&0u32.to_ne_bytes(), MapFlags::ANY);
    let counts = counts.map_err(failed)?.unwrap_or_default();
    let counts = counts.iter().filter_map(|bytes| bytes.first_chunk());
    Ok(counts.map(|bytes| u64::from_ne_bytes(*bytes)).sum())
}
