//! From a skeleton to attached programs, with refusals that name the program.

use std::ffi::OsStr;
use std::mem::MaybeUninit;

use libbpf_rs::OpenObject;
use libbpf_rs::skel::OpenSkel;
use libbpf_rs::skel::Skel;
use libbpf_rs::skel::SkelBuilder;

use crate::Error;
use crate::Refusal;
use crate::Step;
use crate::libbpf_log::listen;

/// Opens a skeleton's object, whose globals can be set then.
pub fn open<'obj, B: SkelBuilder<'obj>>(
    builder: B,
    object: &'obj mut MaybeUninit<OpenObject>,
    verbose: bool,
) -> Result<B::Output, Error> {
    let (result, _) = listen(verbose, || builder.open(object));
    result.map_err(|source| Error::Bpf {
        what: "open the BPF object",
        source,
    })
}

/// Loads all programs of an opened skeleton into the kernel.
pub fn load<'obj, O: OpenSkel<'obj>>(skeleton: O, verbose: bool) -> Result<O::Output, Error> {
    let programs = skeleton
        .open_object()
        .progs()
        .map(|program| named(program.name(), program.section()))
        .collect::<Vec<_>>();
    let (result, said) = listen(verbose, || skeleton.load());
    result.map_err(|error| Box::new(Refusal::new(Step::Load, &error, &said, &programs)).into())
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
