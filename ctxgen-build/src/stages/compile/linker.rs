//! libbpf's linker.

use std::ffi::CString;
use std::ffi::c_int;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::path::PathBuf;
use std::ptr;
use std::ptr::NonNull;

use libbpf_rs::libbpf_sys;

use super::symbols::explained;
use crate::error::Error;
use crate::libbpf_log;
use crate::outdir::read;

/// Links what clang made of sources, each with its source. That takes the debugging information away,
/// and with it the paths of the machine that compiled it; BTF stays.
///
/// # Errors
/// [`Error::Link`].
pub(crate) fn link(compiled: &[(&Path, PathBuf)], linked: &Path) -> Result<(), Error> {
    let (result, said) = libbpf_log::listen(|| {
        let linker = Linker::new(linked)?;
        for (_, file) in compiled {
            linker.add_file(file)?;
        }
        linker.finalize()
    });
    let name = |source: &Path| match compiled.len() {
        1 => "it".to_owned(),
        _ => source.display().to_string(),
    };
    let objects = || -> Vec<(&Path, Vec<u8>)> {
        let mut objects = Vec::new();
        for (source, file) in compiled {
            objects.extend(read(file).ok().map(|bytes| (*source, bytes)));
        }
        objects
    };
    result.map_err(|error| Error::Link {
        sources: compiled
            .iter()
            .map(|(source, _)| (*source).to_owned())
            .collect(),
        error,
        said: compiled
            .iter()
            .fold(explained(&said, &objects()), |said, (source, file)| {
                said.replace(&file.display().to_string(), &name(source))
            }),
    })
}

/// libbpf-rs has one too, which panics on the errors of libbpf.
struct Linker(NonNull<libbpf_sys::bpf_linker>);

impl Linker {
    fn new(output: &Path) -> io::Result<Self> {
        let output = CString::new(output.as_os_str().as_bytes())?;
        // SAFETY: `output` ends in NUL, and null stands for no options.
        let linker = unsafe { libbpf_sys::bpf_linker__new(output.as_ptr(), ptr::null_mut()) };
        NonNull::new(linker)
            .map(Self)
            .ok_or_else(io::Error::last_os_error)
    }

    fn add_file(&self, file: &Path) -> io::Result<()> {
        let file = CString::new(file.as_os_str().as_bytes())?;
        // SAFETY: the linker is live, `file` ends in NUL, and null stands for no options.
        check(unsafe {
            libbpf_sys::bpf_linker__add_file(self.0.as_ptr(), file.as_ptr(), ptr::null_mut())
        })
    }

    fn finalize(&self) -> io::Result<()> {
        // SAFETY: the linker is live.
        check(unsafe { libbpf_sys::bpf_linker__finalize(self.0.as_ptr()) })
    }
}

impl Drop for Linker {
    fn drop(&mut self) {
        // SAFETY: the linker is ours and is not used again.
        unsafe { libbpf_sys::bpf_linker__free(self.0.as_ptr()) }
    }
}

/// libbpf answers with a negated error number.
fn check(answer: c_int) -> io::Result<()> {
    match answer {
        0.. => Ok(()),
        error => Err(io::Error::from_raw_os_error(error.saturating_neg())),
    }
}
