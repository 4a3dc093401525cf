//! `ctxgen btf`.

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use ctxgen::CustomBtf;
use ctxgen::LoadError;
use ctxgen::labels;

use crate::Kernels;
use crate::files;
use crate::output::Failure;
use crate::output::message;
use crate::output::warning;
use crate::output::write_in_folder;

const EXAMPLES: &str = "\
Examples:
  ctxgen btf guard.bpf.o -o min.btf
      for the running kernel; give it to libbpf as bpf_object_open_opts.btf_custom_path, to cilium/ebpf
      as ProgramOptions.KernelTypes, and to aya with EbpfLoader::btf
  ctxgen btf guard.bpf.o trace.bpf.o --btf 5.10.btf -o guard-5.10.btf
      one BTF for both objects
  ctxgen btf guard.bpf.o --btf 5.10.btf --btf 7.2.btf -o btfs/
      btfs/5.10.btf and btfs/7.2.btf";

/// Write the small BTF that a CO-RE loader needs to load objects with relocatable contexts on a kernel.
///
/// It has the contexts as they are on that kernel, and the types that the objects' other relocations need. If
/// the kernel lacks the hook of a program, the command names the program: the loader must not load it. (In
/// Rust, ctxgen::Loader does all this when the program starts.)
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MinBtf {
    /// Compiled BPF objects
    #[arg(required = true, value_name = "OBJECT")]
    objects: Vec<PathBuf>,

    /// The output file. With several kernels, the output directory; each file is named after its kernel
    #[arg(long, short, value_name = "PATH")]
    output: PathBuf,

    #[command(flatten)]
    kernels: Kernels,
}

impl MinBtf {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let objects = self.objects.iter().map(|path| files::read(path));
        let objects = objects.collect::<Result<Vec<_>, _>>()?;
        for (path, bytes) in self.objects.iter().zip(&objects) {
            // An object alone is faulty by its own name.
            ctxgen::object::ObjectFile::parse(bytes).map_err(|error| Failure::Object {
                path: path.clone(),
                error: Box::new(error.into()),
            })?;
        }
        let objects: Vec<&[u8]> = objects.iter().map(Vec::as_slice).collect();
        let of = |made: Result<CustomBtf, Box<LoadError>>| {
            made.map_err(|error| Failure::Ctxgen((*error).into()))
        };
        if self.kernels.is_running() {
            let btf = of(CustomBtf::for_running(&objects))?;
            write_one(&self.path(1, "running"), "the running kernel", &btf)?;
            return Ok(ExitCode::SUCCESS);
        }
        let kernels = self.kernels.open()?;
        let labels = labels(&kernels);
        for (kernel, label) in kernels.iter().zip(&labels) {
            let btf = of(CustomBtf::for_kernel(&objects, kernel))?;
            write_one(&self.path(kernels.len(), label), label, &btf)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The file for one of so many kernels.
    fn path(&self, kernels: usize, label: &str) -> PathBuf {
        let is_folder = kernels > 1 || ends_in_slash(&self.output) || self.output.is_dir();
        match is_folder {
            true => self.output.join(format!("{}.btf", label.replace('/', "_"))),
            false => self.output.clone(),
        }
    }
}

fn ends_in_slash(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

fn write_one(path: &Path, kernel: &str, btf: &CustomBtf) -> Result<(), Failure> {
    for hook in &btf.absent {
        warning(&format!("on {kernel}: {hook}"));
    }
    for program in &btf.doubtful {
        warning(&format!(
            "on {kernel}: program {program} may read an argument that the kernel does not pass: it is loaded \
             only where it asks with bpf_core_field_exists before"
        ));
    }
    for argument in &btf.renamed {
        message(&format!("note: {argument}"));
    }
    write_in_folder(path, &btf.bytes)
}
