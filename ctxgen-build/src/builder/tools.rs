//! What clang is called with, for builds and for all that only preprocesses.

use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use ctxgen::Arch;
use ctxgen::ByteOrder;
use ctxgen::CLANG_TIMEOUT_VARIABLE;
use libbpf_rs::libbpf_sys;

use super::Builder;
use crate::arguments::Arguments;
use crate::clang::Clang;
use crate::clang::Options;
use crate::error::Error;
use crate::outdir::OutDir;
use crate::preprocess::Preprocessor;
use crate::system;

/// The variable that names clang.
const CLANG_VARIABLE: &str = "CLANG";

/// A machine that objects are for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine {
    pub(super) order: ByteOrder,
    /// `None` where it is not known.
    pub(super) arch: Option<Arch>,
}

/// clang and its arguments.
#[derive(Debug)]
pub(super) struct Tools<'b> {
    pub(super) clang: Clang,
    /// What the user's own arguments name.
    pub(super) arguments: Arguments,
    machine: Machine,
    include: PathBuf,
    root: PathBuf,
    args: &'b [OsString],
    system: Vec<PathBuf>,
}

impl Builder {
    /// Finds clang and the system's headers, and writes libbpf's. `root` is the package's folder.
    ///
    /// # Errors
    /// [`Error::Write`], and those of [`Clang::new`].
    pub(super) fn tools(
        &self,
        out: &OutDir,
        root: PathBuf,
        machine: Machine,
    ) -> Result<Tools<'_>, Error> {
        write_libbpf_headers(out)?;
        let clang = Clang::new(self.clang_path(), self.time_for_clang())?;
        let include = out.path("include");
        let Machine { order, arch } = machine;
        Ok(Tools {
            system: system::folders(&clang, order, arch, &self.clang_args, &include),
            arguments: Arguments::new(&self.clang_args, |name| std::env::var_os(name)),
            args: &self.clang_args,
            machine,
            clang,
            include,
            root,
        })
    }

    /// The variables that say what the builder does not.
    pub(super) fn clang_env(&self) -> impl Iterator<Item = &'static str> {
        let path = self.clang.is_none().then_some(CLANG_VARIABLE);
        let timeout = self.clang_timeout.is_none();
        path.into_iter()
            .chain(timeout.then_some(CLANG_TIMEOUT_VARIABLE))
    }

    fn time_for_clang(&self) -> Duration {
        self.clang_timeout.unwrap_or_else(|| {
            let variable = std::env::var(CLANG_TIMEOUT_VARIABLE).ok();
            ctxgen::timeout_from(variable.as_deref())
        })
    }

    fn clang_path(&self) -> PathBuf {
        let env = || std::env::var_os(CLANG_VARIABLE).filter(|value| !value.is_empty());
        match &self.clang {
            Some(path) => path.clone(),
            None => env().map_or_else(|| "clang".into(), PathBuf::from),
        }
    }
}

impl Tools<'_> {
    /// The folder of the generated headers.
    pub(super) fn include(&self) -> &Path {
        &self.include
    }

    pub(super) fn options(&self) -> Options<'_> {
        Options {
            order: self.machine.order,
            arch: self.machine.arch,
            include: &self.include,
            root: &self.root,
            include_dirs: &self.arguments.include_dirs,
            argument_files: &self.arguments.files,
            args: self.args,
            system: &self.system,
        }
    }

    /// `scratch` is a folder that goes away.
    pub(super) fn preprocessor<'a>(
        &'a self,
        options: &'a Options<'a>,
        sources: &'a [crate::compile::Source<'a>],
        scratch: &'a Path,
    ) -> Preprocessor<'a> {
        Preprocessor {
            clang: &self.clang,
            options,
            sources,
            scratch,
        }
    }
}

/// What `bpf/bpf_helpers.h` and the like are included from.
fn write_libbpf_headers(out: &OutDir) -> Result<(), Error> {
    for (name, text) in libbpf_sys::API_HEADERS {
        out.write(&format!("include/bpf/{name}"), text.as_bytes())?;
    }
    system::write_stand_ins(out)
}
