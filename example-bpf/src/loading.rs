//! From a skeleton to attached programs, with refusals that name the program.

use std::ffi::OsStr;
use std::mem::MaybeUninit;

use ctxgen::LoadError;
use ctxgen::Loader;
use libbpf_rs::OpenObject;
use libbpf_rs::skel::OpenSkel;
use libbpf_rs::skel::Skel;
use libbpf_rs::skel::SkelBuilder;

use crate::Error;
use crate::Refusal;
use crate::Step;
use crate::libbpf_log::listen;

/// Finds where this kernel has what an object's programs read. All of its hooks have to be there: a
/// tool that watches half of them would tell half the truth.
pub fn loader(object: &[u8]) -> Result<Loader<'_>, Error> {
    Ok(Loader::new(object)?.require_all()?)
}

/// Opens a skeleton's object, whose globals can be set then.
pub fn open<'obj, B: SkelBuilder<'obj>>(
    loader: &Loader<'_>,
    builder: B,
    object: &'obj mut MaybeUninit<OpenObject>,
    verbose: bool,
) -> Result<B::Output, Error> {
    let (result, _) = listen(verbose, || loader.open(builder, object));
    Ok(result?)
}

/// Loads all programs of an opened skeleton into the kernel.
pub fn load<'obj, O: OpenSkel<'obj>>(
    loader: &Loader<'_>,
    skeleton: O,
    verbose: bool,
) -> Result<O::Output, Error> {
    let programs = skeleton
        .open_object()
        .progs()
        .map(|program| named(program.name(), program.section()))
        .collect::<Vec<_>>();
    load_as(loader, skeleton, verbose, &programs)
}

/// As [`load`], for `programs` (name and hook) whose sections do not tell their hooks.
pub fn load_as<'obj, O: OpenSkel<'obj>>(
    loader: &Loader<'_>,
    skeleton: O,
    verbose: bool,
    programs: &[(String, String)],
) -> Result<O::Output, Error> {
    let (result, said) = listen(verbose, || loader.load(skeleton));
    result.map_err(|error| match *error {
        LoadError::Load(error) => {
            Box::new(Refusal::new(Step::Load, &error, &said, programs)).into()
        }
        error => Error::Ctxgen(error.into()),
    })
}

/// Attaches all programs of a loaded skeleton to their hooks.
pub fn attach<'obj, S: Skel<'obj>>(skeleton: &mut S, verbose: bool) -> Result<(), Error> {
    let (result, said) = listen(verbose, || skeleton.attach());
    result.map_err(|error| {
        let programs = skeleton
            .object()
            .progs()
            .map(|program| named(program.name(), program.section()))
            .collect::<Vec<_>>();
        Box::new(Refusal::new(Step::Attach, &error, &said, &programs)).into()
    })
}

fn named(name: &OsStr, section: &OsStr) -> (String, String) {
    (
        name.to_string_lossy().into_owned(),
        section.to_string_lossy().into_owned(),
    )
}

/// A section of global variables, which libbpf may have been unable to map.
pub fn global<T>(section: Option<T>) -> Result<T, Error> {
    section.ok_or(Error::NoGlobals)
}
