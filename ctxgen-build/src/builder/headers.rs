//! Headers alone, for those who compile with a Makefile or another build system.

use std::path::Path;

use ctxgen::Names;
use ctxgen::render;

use super::artifacts::Artifacts;
use super::build::Wanted;
use super::settings::Builder;
use super::surroundings::host_triple;
use super::tools::write_libbpf_headers;
use crate::cargo::Inputs;
use crate::cargo::Steps;
use crate::error::Error;
use crate::outdir::OutDir;
use crate::stages::btf::Targets;
use crate::stages::headers::Contexts;

impl Builder {
    /// Writes the headers for the sources to this folder, and compiles nothing: `vmlinux.h`, `ctx.h`, libbpf's
    /// headers below `bpf/`, and `ctx.btf`. For each source, `<name>.args` has the arguments with which clang
    /// compiles it as a build does (`clang @include/guard.args -c guard.bpf.c`). Files whose content has not
    /// changed are not written. Without sources, the contexts are those of [`Builder::hook`], `vmlinux.h` has all
    /// types, and clang is not run.
    ///
    /// The default target is that of the kernel's BTF.
    ///
    /// # Errors
    /// [`Error`].
    pub fn headers(self, folder: impl AsRef<Path>) -> Result<Artifacts, Error> {
        let out = OutDir::of_headers(folder.as_ref().to_owned());
        match self.objects.is_empty() {
            false => self.make(&out, Wanted::Headers, &Steps::default()),
            true => self.headers_of_hooks(&out),
        }
    }

    fn headers_of_hooks(&self, out: &OutDir) -> Result<Artifacts, Error> {
        if self.hooks.is_empty() {
            return Err(Error::NoSources);
        }
        let inputs = &Inputs::new();
        let host = host_triple();
        let target = self.target_triple().unwrap_or_else(|| host.clone());
        let targets = Targets::resolve(&self.asked(&target, &host), inputs)?;
        let contexts = Contexts::resolve(targets.kernels(), self.relocatable, [], &self.hooks)?;
        let warnings = self.drift(&contexts)?;
        let ctx = contexts.all()?;
        // Where something is wrong before, there is no folder.
        let _lock = out.lock()?;
        write_libbpf_headers(out)?;
        let ctx_btf = out.write("ctx.btf", ctx.bytes())?;
        let vmlinux = render::vmlinux_with_all(targets.first(), &Names::new())?;
        out.write("include/ctx.h", render::header(&ctx)?.as_bytes())?;
        out.write("include/vmlinux.h", vmlinux.as_bytes())?;
        inputs.add_files(targets.deciding_formats());
        Ok(Artifacts {
            include: out.path("include"),
            ctx_btf,
            objects: Vec::new(),
            arguments: Vec::new(),
            warnings,
            depends_on: inputs.files(),
            depends_on_env: inputs.variables(),
        })
    }
}
