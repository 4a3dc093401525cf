//! `ctxgen pin`.

pub(crate) mod preprocess;

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use ctxgen::Context;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::Names;
use ctxgen::PinCommand;
use ctxgen::PinNote;
use ctxgen::PrototypeError;
use ctxgen::Requests;

use self::preprocess::Preprocessor;
use crate::Kernel;
use crate::output::Failure;
use crate::output::write;

/// Write a small BTF with all that these sources and hooks reach of the kernel's types, to be committed
/// beside the sources.
///
/// What is built against it is the same, byte for byte, as with the kernel's whole BTF. ctxgen-build
/// takes btf/<arch>.btf in a package by itself. Sources are preprocessed with clang, or the one that the
/// variable CLANG names.
#[derive(Args, Debug)]
pub(crate) struct Pin {
    /// BPF C files, and hooks by SEC name or struct name
    #[arg(required = true, value_name = "SOURCE|HOOK")]
    what: Vec<String>,

    /// The file to write, or a folder for <arch>.btf; its folder is made where it is missing. A text
    /// about it is put beside it
    #[arg(long, short, value_name = "PATH")]
    output: PathBuf,

    #[command(flatten)]
    kernel: Kernel,

    /// More arguments for clang
    #[arg(last = true, value_name = "CLANG ARGS", allow_hyphen_values = true)]
    clang_args: Vec<String>,
}

impl Pin {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let kernel = self.kernel.open()?;
        let output = self.output(&kernel)?;
        let (sources, hooks): (Vec<String>, Vec<String>) =
            self.what.iter().cloned().partition(|what| is_source(what));
        let sources: Vec<PathBuf> = sources.into_iter().map(PathBuf::from).collect();
        let mut wanted = crate::hooks(&hooks)?;

        let preprocessor = Preprocessor::new(&kernel, &self.clang_args)?;
        let folder = preprocessor.folder();
        let (texts, stand_in) = preprocessor.without_contexts(&kernel, &sources)?;
        for (source, text) in sources.iter().zip(&texts) {
            let requests = Requests::of_preprocessed(text, &[&folder]);
            add_requests(&kernel, source, requests, &mut wanted)?;
        }

        let texts = preprocessor.with_contexts(&kernel, &sources, &wanted, texts, &stand_in)?;
        let mut names = Names::new();
        for text in &texts {
            names.add_preprocessed(text, &[&folder]);
        }
        let pin = ctxgen::pin(&kernel, &wanted, &names)?;

        let mut command = PinCommand::new(&output, &sources, &hooks, &self.clang_args);
        let modules = kernel.modules().iter();
        command.modules = modules.map(|module| module.name().to_owned()).collect();
        command.formats = !self.kernel.formats.is_empty();
        let note = PinNote::new(&kernel, &pin, command.to_string());
        if let Some(folder) = output.parent() {
            std::fs::create_dir_all(folder).map_err(|error| Failure::Write {
                path: folder.to_owned(),
                error,
            })?;
        }
        write(&output, &pin.btf)?;
        write(&PinNote::path(&output), note.to_string().as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }

    /// The file to write.
    fn output(&self, kernel: &KernelBtf) -> Result<PathBuf, Failure> {
        let ends_in_slash = self.output.as_os_str().as_encoded_bytes().ends_with(b"/");
        if !ends_in_slash && !self.output.is_dir() {
            return Ok(self.output.clone());
        }
        let arch = kernel.arch().ok_or_else(|| Failure::NoArch {
            origin: kernel.origin().clone(),
        })?;
        let name = arch.machine(kernel.byte_order());
        Ok(self.output.join(format!("{name}.btf")))
    }
}

/// Adds the hooks that a source asks for to those that were asked for by name.
fn add_requests(
    kernel: &KernelBtf,
    source: &Path,
    requests: Requests<'_>,
    wanted: &mut Vec<Hook>,
) -> Result<(), Failure> {
    for (name, request) in requests.contexts {
        // A struct's name does not tell a module's function from another one of its name; a hook can.
        if wanted.iter().any(|hook| hook.struct_name() == name) {
            continue;
        }
        match Context::of_struct(kernel, &request.hook) {
            Ok(_) => wanted.push(request.hook),
            // Where a struct of the kernel's own is not there, clang reports it, if it is needed.
            Err(PrototypeError::UnknownHook { .. }) if request.hook.is_generic() => {}
            Err(error) => {
                let file = request.line.file.as_deref();
                return Err(Failure::Context {
                    path: file.map_or_else(|| source.to_owned(), PathBuf::from),
                    line: request.line.number,
                    name: name.to_owned(),
                    error: Box::new(error.into()),
                });
            }
        }
    }
    Ok(())
}

/// Whether that is a file of C and not a hook, whose target is an identifier.
fn is_source(what: &str) -> bool {
    Path::new(what).extension().is_some()
}
