//! What clang is called with, for builds and for all that only preprocesses.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use ctxgen::Arch;
use ctxgen::ByteOrder;
use ctxgen::CLANG_TIMEOUT_VARIABLE;
use libbpf_rs::libbpf_sys;

use super::settings::Builder;
use crate::cargo::Inputs;
use crate::clang;
use crate::clang::Arguments;
use crate::clang::Clang;
use crate::clang::Options;
use crate::error::Error;
use crate::outdir::OutDir;
use crate::plan::Source;
use crate::stages::scan::Preprocessor;

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
    arguments: Arguments,
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
        inputs: &Inputs,
    ) -> Result<Tools<'_>, Error> {
        write_libbpf_headers(out)?;
        let include = out.path("include");
        let Machine { order, arch } = machine;
        let path = self.clang_path(inputs);
        let timeout = self.time_for_clang(inputs);
        let mut question = clang::question(&path, order, arch, &self.clang_args);
        let (clang, answer) = match self.has_sources() {
            true => Clang::new(path, timeout, question.as_mut())?,
            false => (Clang::idle(path, timeout), String::new()),
        };
        Ok(Tools {
            system: clang::folders(&answer, order, arch, &include),
            arguments: Arguments::new(&self.clang_args, inputs),
            args: &self.clang_args,
            machine,
            clang,
            include,
            root,
        })
    }

    fn has_sources(&self) -> bool {
        let mut objects = self.objects.iter();
        objects.any(|object| !object.of.sources().is_empty())
    }

    fn time_for_clang(&self, inputs: &Inputs) -> Duration {
        self.clang_timeout.unwrap_or_else(|| {
            let variable = inputs.variable(CLANG_TIMEOUT_VARIABLE);
            ctxgen::timeout_from(variable.as_deref().and_then(OsStr::to_str))
        })
    }

    fn clang_path(&self, inputs: &Inputs) -> PathBuf {
        let told = self.clang.clone();
        told.or_else(|| inputs.variable(CLANG_VARIABLE).map(PathBuf::from))
            .unwrap_or_else(|| "clang".into())
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
        sources: &'a [Source<'a>],
        scratch: &'a Path,
        inputs: &'a Inputs,
    ) -> Preprocessor<'a> {
        Preprocessor {
            clang: &self.clang,
            options,
            sources,
            scratch,
            inputs,
        }
    }
}

/// What `bpf/bpf_helpers.h` and the like are included from.
pub(super) fn write_libbpf_headers(out: &OutDir) -> Result<(), Error> {
    for (name, text) in libbpf_sys::API_HEADERS {
        out.write(&format!("include/bpf/{name}"), text.as_bytes())?;
    }
    clang::write_stand_ins(out)
}
