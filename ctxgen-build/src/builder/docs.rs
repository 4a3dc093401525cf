//! Builds for documentation, where clang or the kernel's BTF may be missing.

use std::collections::BTreeSet;
use std::fmt::Write;

use ctxgen::Arch;
use ctxgen::ByteOrder;
use ctxgen::CLANG_TIMEOUT_VARIABLE;

use super::ready;
use super::settings::Builder;
use super::tools::Machine;
use crate::cargo;
use crate::cargo::Inputs;
use crate::error::Error;
use crate::names::type_name;
use crate::outdir::OutDir;
use crate::plan::Plan;
use crate::plan::Source;
use crate::stages::bind::add_known;
use crate::stages::bind::module_without_ctxgen;
use crate::stages::scan;
use crate::stages::scan::Scanned;

/// What docs.rs sets where it builds.
const DOCS_RS: &str = "DOCS_RS";

/// The variables that name what may have been missing.
const OTHERS: [&str; 4] = [
    "CLANG",
    CLANG_TIMEOUT_VARIABLE,
    "CTXGEN_BTF",
    "LIBCLANG_PATH",
];

impl Builder {
    /// Stand-ins for what could not be made, where documentation is all that is wanted.
    ///
    /// # Errors
    /// `error`, where a crate is built for another purpose, or something else than a tool or BTF is
    /// missing.
    pub(super) fn stand_in(&self, error: Error) -> Result<(), Error> {
        let inputs = Inputs::new();
        if inputs.variable(DOCS_RS).is_none() || !is_something_missing(&error) {
            return Err(error);
        }
        let out = self.output()?;
        let _lock = out.lock()?;
        let plan = Plan::new(&self.objects)?;
        let sources = &plan.sources;
        inputs.add_files(sources.iter().map(|(_, source)| source.to_path_buf()));
        let scanned = match self.scan_without_kernel(sources, &inputs) {
            Ok(scanned) => scanned,
            // Without clang, the sources' own texts have to do.
            Err(_) => sources
                .iter()
                .map(|(_, source)| scan::without_preprocessor(source, &inputs))
                .collect::<Result<_, Error>>()?,
        };
        for object in &plan.objects {
            let name = &object.name;
            let requests = scanned[object.places.clone()]
                .iter()
                .flat_map(|own| &own.requests);
            let ready = object.ready.and_then(|path| ready::scan(path, &inputs));
            let of_object = ready.iter().flat_map(|own| &own.requests);
            let all = requests.chain(of_object);
            let structs: BTreeSet<&str> = all.map(|request| &*request.name).collect();
            let module = module(name, structs.into_iter(), cfg!(feature = "bindgen"));
            out.write(&format!("{name}.rs"), module.as_bytes())?;
            let module = module_without_ctxgen(name);
            out.write(&format!("{name}.bpf.rs"), module.as_bytes())?;
        }
        add_known(&out, plan.objects.iter().map(|object| &*object.name))?;
        let said = error.to_string();
        let why = said.lines().next().unwrap_or_default();
        // What was missing may be there then.
        for name in OTHERS {
            inputs.variable(name);
        }
        let warning =
            format!("the documentation has stand-ins for BPF skeletons and contexts: {why}");
        cargo::tell(&inputs.files(), &inputs.variables(), &[warning]);
        Ok(())
    }
}

/// In place of `ctx.h`, whose macros depend on the kernel.
const NO_CONTEXTS: &str = "#include \"vmlinux.h\"\n";

impl Builder {
    /// What the preprocessed sources ask for.
    fn scan_without_kernel(
        &self,
        names: &[Source<'_>],
        inputs: &Inputs,
    ) -> Result<Vec<Scanned>, Error> {
        let scratch = tempfile::tempdir().map_err(|error| Error::Write {
            path: std::env::temp_dir(),
            error,
        })?;
        let out = OutDir::new(scratch.path().join("out"));
        let target = self.target_triple();
        let machine = Machine {
            order: ByteOrder::Little,
            arch: target.as_deref().and_then(Arch::from_target),
        };
        let root = std::env::current_dir().unwrap_or_default();
        let tools = self.tools(&out, root, machine, inputs)?;
        let options = tools.options();
        let preprocessor = tools.preprocessor(&options, names, scratch.path(), inputs);
        let preprocessed =
            preprocessor.run(NO_CONTEXTS, &self.vmlinux.for_preprocessor(inputs)?)?;
        Ok(preprocessed.scan(names))
    }
}

/// Whether a build failed for want of what machines that build documentation may not have.
fn is_something_missing(error: &Error) -> bool {
    match error {
        Error::NoBtf { .. }
        | Error::NoClang { .. }
        | Error::NotClang { .. }
        | Error::OldClang { .. }
        | Error::NoBpfTarget { .. } => true,
        #[cfg(feature = "bindgen")]
        Error::NoLibclang(_) => true,
        Error::Warned { error, .. } => is_something_missing(error),
        _ => false,
    }
}

/// The text of `<name>.rs` without a skeleton.
fn module<'s>(name: &str, structs: impl Iterator<Item = &'s str>, has_bindings: bool) -> String {
    const NOTE: &str = "Stand-in: what is behind this name takes clang and the target kernel's BTF to \
                        make, which were not there when this documentation was built.";
    let type_name = type_name(name);
    let mut text = String::new();
    for (what, parameters, field) in [
        (format!("{type_name}SkelBuilder"), "", "()"),
        (format!("Open{type_name}Skel"), "<'obj>", "&'obj ()"),
        (format!("{type_name}Skel"), "<'obj>", "&'obj ()"),
    ] {
        let _ = writeln!(
            text,
            "/// {NOTE}\n#[allow(missing_debug_implementations, dead_code)]\n\
             pub struct {what}{parameters}({field});"
        );
    }
    let _ = writeln!(
        text,
        "/// {NOTE}\n#[allow(dead_code)]\npub static OBJECT: &[u8] = &[];\n\
         /// {NOTE}\npub mod types {{}}"
    );
    if !has_bindings {
        return text;
    }
    let _ = writeln!(
        text,
        "/// Contexts of BPF programs.\n#[allow(dead_code, non_camel_case_types)]\npub mod ctx {{"
    );
    for name in structs {
        let _ = writeln!(
            text,
            "    /// {NOTE}\n    #[derive(Clone, Copy, Debug, Default)]\n    #[repr(C)]\n    \
             pub struct {name} {{\n        _private: [u8; 0],\n    }}"
        );
    }
    text.push_str("}\n");
    text
}
