//! The libbpf-rs skeleton of an object.
//!
//! libbpf-cargo makes it. It panics on some names of objects, and takes names of maps, programs,
//! variables, types and sections as they are, also where Rust does not. So what it gets to see has names
//! that it can do with, and the text that it makes gets the real ones.

mod bytes;
mod names;
mod renamed;
mod rust;
mod text;

use std::path::Path;
use std::process::Command;

use libbpf_cargo::SkeletonBuilder;

use self::names::DAMAGED;
use self::names::Names;
use self::renamed::renamed;
use crate::cache::Digester;
use crate::cache::Record;
use crate::cache::SKELETON;
use crate::error::Error;
use crate::libbpf_log;
use crate::names::type_name;
use crate::names::words;
use crate::outdir::OutDir;

/// Files that a skeleton is made with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paths<'a> {
    /// A folder that goes away.
    pub(crate) scratch: &'a Path,
    pub(crate) object: &'a Path,
    /// What formats the text, if anything.
    pub(crate) rustfmt: Option<&'a Path>,
    /// Whether it refers to the object beside it.
    pub(crate) reference: bool,
}

/// Writes `<name>.skel.rs`, unless it is there of the same object.
///
/// # Errors
/// [`Error::Skeleton`].
pub(crate) fn generate(
    record: &mut Record<'_>,
    paths: Paths<'_>,
    name: &str,
    bytes: &[u8],
) -> Result<(), Error> {
    let Paths {
        scratch,
        object,
        rustfmt,
        reference,
    } = paths;
    let mut inputs = Digester::of_product();
    inputs.add(name);
    inputs.add(bytes);
    inputs.add(rustfmt.map_or(&[][..], |path| path.as_os_str().as_encoded_bytes()));
    inputs.add([u8::from(reference)]);
    let inputs = Some(inputs.finish());
    if record.reuse(SKELETON, inputs).is_some() {
        return Ok(());
    }
    let failed = |reason: String| failed(object, reason);
    let damaged = || failed(DAMAGED.to_owned());
    let names = Names::of(bytes).map_err(failed)?;
    let good = good_name(name);
    let text = if names.is_empty() && good == name {
        skeleton(scratch, name, object).map_err(failed)?
    } else {
        let stand_in = renamed(bytes, |what, name| names.replacement(what, name));
        let folder = OutDir::new(scratch.to_owned());
        // libbpf-cargo takes the name from that of the file.
        let file = folder.write(
            &format!("{name}.skeleton/{good}.bpf.o"),
            &stand_in.ok_or_else(damaged)?,
        )?;
        let of_object = |reason: String| {
            failed(reason.replace(&*file.to_string_lossy(), &object.to_string_lossy()))
        };
        let text = skeleton(scratch, name, &file).map_err(of_object)?;
        let text = text::with_names(&text::with_object(&text, bytes), names.iter());
        text::with_types(&text, &type_name(&good), &type_name(name))
    };
    let text = match reference {
        true => text::with_reference(&text, name, bytes.len()),
        false => text,
    };
    let text = match rustfmt {
        Some(rustfmt) => formatted(rustfmt, scratch, name, &text).map_err(failed)?,
        None => text,
    };
    record.write(SKELETON, inputs, text.as_bytes())
}

/// The text of a skeleton that refers to its object, with these bytes of the object instead.
///
/// # Errors
/// [`Error::Skeleton`].
pub(crate) fn standalone(
    paths: Paths<'_>,
    name: &str,
    text: &[u8],
    bytes: &[u8],
) -> Result<Vec<u8>, Error> {
    let text = text::with_object(&String::from_utf8_lossy(text), bytes);
    let text = match paths.rustfmt {
        Some(rustfmt) => formatted(rustfmt, paths.scratch, name, &text)
            .map_err(|reason| failed(paths.object, reason))?,
        None => text,
    };
    Ok(text.into_bytes())
}

fn failed(object: &Path, reason: String) -> Error {
    Error::Skeleton {
        object: object.to_owned(),
        reason,
    }
}

/// The text as rustfmt writes it.
fn formatted(rustfmt: &Path, scratch: &Path, name: &str, text: &str) -> Result<String, String> {
    let file = scratch.join(format!("{name}.skel.rs"));
    let of_rustfmt = |reason: String| {
        format!(
            "{} (Builder::rustfmt) cannot format it: {reason}",
            rustfmt.display()
        )
    };
    std::fs::write(&file, text).map_err(|error| error.to_string())?;
    let mut command = Command::new(rustfmt);
    command.args(["--edition", "2021"]).arg(&file);
    let output = ctxgen::run_bounded(&mut command, ctxgen::CLANG_TIMEOUT)
        .map_err(|error| of_rustfmt(error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(of_rustfmt(format!(
            "{}\n{}",
            output.status,
            said.trim_end()
        )));
    }
    std::fs::read_to_string(&file).map_err(|error| error.to_string())
}

/// The nearest name that libbpf-cargo makes types of.
fn good_name(name: &str) -> String {
    let good = words(name).collect::<Vec<_>>().join("_");
    // No type can be called `9p`, and libbpf-cargo has no way to call one `_9p`.
    match good.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("x{good}"),
        false => good,
    }
}

/// What libbpf-cargo makes of an object.
fn skeleton(scratch: &Path, name: &str, object: &Path) -> Result<String, String> {
    let file = scratch.join(format!("{name}.skel.rs"));
    let (made, said) = libbpf_log::listen(|| {
        SkeletonBuilder::new()
            .obj(object)
            // What it makes is to depend on no rustfmt that is there or not, nor on its version. Without one
            // that can be run, libbpf-cargo leaves the text as it is.
            .rustfmt(scratch.join("none"))
            .generate(&file)
    });
    made.map_err(|error| match said.is_empty() {
        true => format!("{error:#}"),
        false => format!("{error:#}. libbpf said:\n{said}"),
    })?;
    std::fs::read_to_string(&file).map_err(|error| error.to_string())
}
