//! `ctxgen build`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use ctxgen_build::Builder;

use crate::output::Failure;
use crate::project::Project;

const EXAMPLES: &str = "\
Examples:
  ctxgen build -o build src/guard.bpf.c
      build/guard.bpf.o, build/include/
  bpftool gen skeleton build/guard.bpf.o name guard > build/guard.skel.h
      the C skeleton
  ctxgen build -o build --name tool src/a.bpf.c src/b.bpf.c
      one object of two sources, build/tool.bpf.o
  ctxgen build -o build --btf 5.10.btf --btf 7.2.btf --relocatable src/guard.bpf.c
      one object for these kernels; see `ctxgen btf`";

/// Compile BPF sources with contexts from the kernel's BTF, and check the objects as ctxgen-build does: the
/// context of each program must be that of its SEC() name, and its reads must be ones that the verifier
/// accepts.
///
/// The output directory gets headers in include/, and the objects as <name>.bpf.o; <name> is the source's
/// file name up to the first dot. If the inputs of a file have not changed, the file is left untouched.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Build {
    /// BPF C files; each becomes an object
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<PathBuf>,

    /// The output directory; created if missing
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,

    /// Link all sources into one object with this name, an identifier
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// A section that libbpf does not know, for programs whose loader sets their type. Removes the warning
    /// that their contexts are not checked. May be repeated
    #[arg(long, value_name = "NAME")]
    own_section: Vec<String>,

    #[command(flatten)]
    project: Project,

    /// More arguments for clang
    #[arg(last = true, value_name = "CLANG ARGS", allow_hyphen_values = true)]
    clang_args: Vec<String>,
}

impl Build {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let builder = self.project.builder(&self.clang_args).out_dir(&self.output);
        let builder = match &self.name {
            Some(name) => builder.object(name, &self.sources),
            None => builder.sources(&self.sources),
        };
        let sections = self.own_section.iter();
        let made = sections.fold(builder, Builder::own_section).objects()?;
        let first = made.objects.first().map(|first| first.object.as_path());
        self.project.finish(&made, first.unwrap_or(&made.ctx_btf))?;
        Ok(ExitCode::SUCCESS)
    }
}
