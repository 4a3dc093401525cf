//! What to say when a build fails with a pinned BTF that may no longer cover the sources.

use std::path::Path;
use std::path::PathBuf;

use ctxgen::KernelBtf;
use ctxgen::NotPinned;
use ctxgen::Origin;
use ctxgen::PinCommand;
use ctxgen::PinNote;
use ctxgen::PrototypeError;

use super::pin::command;
use super::settings::Builder;
use crate::error::Error;
use crate::error::all_said;

/// What clang says about names that are not there, or not with all that they stand for.
const UNKNOWN: [&str; 8] = [
    "call to undeclared function",
    "implicit declaration of function",
    "incomplete definition of type",
    "incomplete type",
    "never completed",
    "no member named",
    "undeclared identifier",
    "unknown type name",
];

impl Builder {
    /// The error with what to do about it, where a pinned BTF may be the reason.
    pub(super) fn explain(&self, kernels: &[KernelBtf], error: Error) -> Error {
        let Some((file, note)) = suspect(kernels, &error) else {
            return error;
        };
        let pinned = file
            .strip_prefix(PinCommand::package(&file))
            .unwrap_or(&file);
        let renew = command(&file, std::slice::from_ref(self));
        Error::Stale {
            pinned: pinned.to_owned(),
            kernel: note.map(|note| note.kernel.clone()),
            renew: match note {
                Some(note) => renew.and(note),
                None => renew.to_string(),
            },
            error: Box::new(error),
        }
    }
}

/// The pinned BTF that may be the reason of an error, and what stands beside it.
fn suspect<'k>(kernels: &'k [KernelBtf], error: &Error) -> Option<(PathBuf, Option<&'k PinNote>)> {
    let of = |origin: &Origin| kernels.iter().find(|kernel| kernel.origin() == origin);
    let inner = match error {
        Error::Context { error, .. } | Error::Hook { error, .. } | Error::Render(error) => error,
        Error::Compile {
            stderr, unlimited, ..
        } if is_about_names(all_said(stderr, unlimited)) => {
            let kernel = kernels.first()?;
            return Some((file(kernel.origin())?.to_owned(), Some(kernel.pin_note()?)));
        }
        _ => return None,
    };
    match &**inner {
        ctxgen::Error::Prototype(
            PrototypeError::UnknownHook { origin, .. }
            | PrototypeError::UnknownModule { origin, .. },
        ) => {
            let note = of(origin)?.pin_note()?;
            Some((file(origin)?.to_owned(), Some(note)))
        }
        // Nothing but a pinned BTF has such types, whether or not there is a text beside it.
        ctxgen::Error::NotPinned(NotPinned { origin, .. }) => {
            let note = of(origin).and_then(KernelBtf::pin_note);
            Some((file(origin)?.to_owned(), note))
        }
        _ => None,
    }
}

fn file(origin: &Origin) -> Option<&Path> {
    match origin {
        Origin::File(path) => Some(path),
        Origin::WithModules { vmlinux, .. } => file(vmlinux),
        _ => None,
    }
}

fn is_about_names(stderr: &str) -> bool {
    let is_about = |line: &str| UNKNOWN.iter().any(|known| line.contains(known));
    stderr
        .lines()
        .any(|line| line.contains("error:") && is_about(line))
}
