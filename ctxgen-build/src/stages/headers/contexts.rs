//! The contexts of a build: which, and whose.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use ctxgen::Context;
use ctxgen::ContextError;
use ctxgen::CtxBtf;
use ctxgen::Drift;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::PrototypeError;
use ctxgen::merge::Merged;
use ctxgen::merge::merge;
use ctxgen::render;

use crate::error::Error;
use crate::stages::scan::Scanned;

/// The contexts that sources and `Builder::hook` ask for.
#[derive(Debug)]
pub(crate) struct Contexts<'k> {
    kernels: &'k [KernelBtf],
    by_struct: BTreeMap<String, Wanted>,
    /// Those that every source gets.
    by_hook: BTreeSet<String>,
}

/// A context that is asked for.
#[derive(Debug)]
struct Wanted {
    hook: Hook,
    form: Form,
}

/// For whom it is.
#[derive(Debug)]
enum Form {
    /// One kernel, or several that agree.
    Fixed(Context),
    /// Several kernels.
    Relocatable(Merged),
}

impl Wanted {
    /// That of a struct, by the hook that its name says. `None` for a struct of the kernel's own that is not
    /// there: clang reports it, if it is needed.
    fn of_struct(
        kernels: &[KernelBtf],
        relocatable: bool,
        hook: &Hook,
    ) -> Result<Option<Self>, ContextError> {
        let kernel = kernels.first().ok_or(ContextError::NoKernel)?;
        let form = match relocatable {
            true => merge(kernels, hook).map(Form::Relocatable),
            false => Context::of_struct(kernel, hook)
                .map(Form::Fixed)
                .map_err(ContextError::from),
        };
        match form {
            Err(ContextError::Prototype(PrototypeError::UnknownHook { .. }))
                if hook.is_generic() =>
            {
                Ok(None)
            }
            form => Ok(Some(Self {
                hook: hook.clone(),
                form: form?,
            })),
        }
    }

    /// That of a hook, by its name.
    fn of_hook(
        kernels: &[KernelBtf],
        relocatable: bool,
        name: &str,
    ) -> Result<Self, ctxgen::Error> {
        let kernel = kernels.first().ok_or(ContextError::NoKernel)?;
        let hook = name.parse::<Hook>()?;
        let form = match relocatable {
            true => Form::Relocatable(merge(kernels, &hook)?),
            false => Form::Fixed(Context::of_hook(kernel, &hook)?),
        };
        Ok(Self { hook, form })
    }
}

impl<'k> Contexts<'k> {
    /// Finds all of them in the kernels' BTF.
    ///
    /// # Errors
    /// [`Error::Context`] or [`Error::Hook`] for the first that is not there.
    pub(crate) fn resolve<'s>(
        kernels: &'k [KernelBtf],
        relocatable: bool,
        sources: impl IntoIterator<Item = &'s Scanned>,
        hooks: &[String],
    ) -> Result<Self, Error> {
        // A struct's name does not tell a module's function from another one of its name; a hook can.
        let in_modules: BTreeMap<String, Hook> = hooks
            .iter()
            .filter_map(|name| name.parse::<Hook>().ok())
            .filter(|hook| hook.module().is_some())
            .map(|hook| (hook.struct_name(), hook))
            .collect();
        let mut by_struct = BTreeMap::new();
        let sources = sources.into_iter();
        for request in sources.flat_map(|source| &source.requests) {
            if by_struct.contains_key(&request.name) {
                continue;
            }
            let hook = in_modules.get(&request.name).unwrap_or(&request.hook);
            let wanted = Wanted::of_struct(kernels, relocatable, hook);
            let wanted = wanted.map_err(|error| Error::Context {
                site: request.site.clone(),
                name: request.name.clone(),
                error: Box::new(error.into()),
            })?;
            by_struct.extend(wanted.map(|wanted| (request.name.clone(), wanted)));
        }
        let mut by_hook = BTreeSet::new();
        for name in hooks {
            let wanted = Wanted::of_hook(kernels, relocatable, name);
            let wanted = wanted.map_err(|error| Error::Hook {
                hook: name.clone(),
                error: Box::new(error),
            })?;
            let struct_name = wanted.hook.struct_name();
            by_hook.insert(struct_name.clone());
            by_struct.entry(struct_name).or_insert(wanted);
        }
        Ok(Self {
            kernels,
            by_struct,
            by_hook,
        })
    }

    /// A `ctx.h` without contexts, which has the macros that the true one has.
    ///
    /// # Errors
    /// [`Error::Render`], where BTF cannot be written in C.
    pub(crate) fn stand_in(kernels: &[KernelBtf], relocatable: bool) -> Result<String, Error> {
        let kernel = kernels.first().ok_or(ContextError::NoKernel)?;
        let none = match relocatable {
            true => CtxBtf::relocatable(kernels, [])?,
            false => CtxBtf::new(kernel, [])?,
        };
        Ok(render::header(&none)?)
    }

    /// How they differ among the kernels, by struct name.
    ///
    /// # Errors
    /// [`Error::Render`], where a type or a name cannot be written in C.
    pub(crate) fn drift(&self) -> Result<Vec<Drift>, Error> {
        if self.kernels.len() < 2 {
            return Ok(Vec::new());
        }
        let mut drifts = Vec::new();
        for wanted in self.by_struct.values() {
            drifts.extend(Drift::of(self.kernels, &wanted.hook)?);
        }
        Ok(drifts)
    }

    /// The hooks that they are of.
    pub(crate) fn hooks(&self) -> impl Iterator<Item = &Hook> {
        self.by_struct.values().map(|wanted| &wanted.hook)
    }

    /// All of them as BTF.
    pub(crate) fn all(&self) -> Result<CtxBtf<'k>, Error> {
        self.ctx_btf(|_| true)
    }

    /// Those of these sources as BTF.
    pub(crate) fn of(&self, sources: &[Scanned]) -> Result<CtxBtf<'k>, Error> {
        let requests = sources.iter().flat_map(|source| &source.requests);
        let named: BTreeSet<&String> = requests.map(|request| &request.name).collect();
        self.ctx_btf(|name| named.contains(name) || self.by_hook.contains(name))
    }

    fn ctx_btf(&self, is_wanted: impl Fn(&String) -> bool) -> Result<CtxBtf<'k>, Error> {
        let kernel = self.kernels.first().ok_or(ContextError::NoKernel)?;
        let mut fixed = Vec::new();
        let mut relocatable = Vec::new();
        for (_, wanted) in self.by_struct.iter().filter(|(name, _)| is_wanted(name)) {
            match &wanted.form {
                Form::Fixed(context) => fixed.push(context.clone()),
                Form::Relocatable(merged) => relocatable.push(merged.clone()),
            }
        }
        Ok(match relocatable.is_empty() {
            true => CtxBtf::new(kernel, fixed)?,
            false => CtxBtf::relocatable(self.kernels, relocatable)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ctxgen::ByteOrder;
    use ctxgen::Origin;
    use ctxgen::Requests;
    use ctxgen::btf::BtfWriter;

    use super::*;

    /// A kernel with one function, whose second parameter has this name.
    fn kernel(name: &str, parameter: &str) -> KernelBtf {
        let mut writer = BtfWriter::new(ByteOrder::Little);
        let int = writer.unsigned("unsigned int", 4);
        let proto = writer.prototype(&[("key", int), (parameter, int)], int);
        writer.function("encrypt", proto);
        KernelBtf::from_bytes(&writer.finish(), Origin::Memory(name.to_owned())).unwrap()
    }

    fn scanned(text: &str) -> Vec<Scanned> {
        vec![Scanned::new(Path::new("a.bpf.c"), Requests::of_raw(text))]
    }

    fn names(ctx: &CtxBtf<'_>) -> Vec<String> {
        let structs = ctx.structs().iter();
        structs.map(|it| it.context.struct_name.clone()).collect()
    }

    #[test]
    fn of_sources_and_of_hooks() {
        let kernels = [kernel("one", "len")];
        let one = scanned("struct btf_fentry_encrypt_ctx *ctx");
        let none = scanned("struct sock *sk");
        let hooks = ["fexit/encrypt".to_owned()];
        let contexts = Contexts::resolve(&kernels, false, &one, &hooks).unwrap();
        let (fentry, fexit) = ("btf_fentry_encrypt_ctx", "btf_fexit_encrypt_ctx");
        assert_eq!(names(&contexts.all().unwrap()), [fentry, fexit]);
        assert_eq!(names(&contexts.of(&one).unwrap()), [fentry, fexit]);
        assert_eq!(names(&contexts.of(&none).unwrap()), [fexit]);
        assert_eq!(contexts.drift().unwrap().len(), 0);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let kernels = [kernel("one", "len")];
        let lost = scanned("\n\nstruct btf_fentry_decrypt_ctx *ctx");
        let error = Contexts::resolve(&kernels, false, &lost, &[]).unwrap_err();
        let error = error.to_string();
        assert!(
            error.starts_with("a.bpf.c:3: struct btf_fentry_decrypt_ctx: "),
            "{error}"
        );
        let hooks = ["fexit/decrypt".to_owned()];
        let error = Contexts::resolve(&kernels, false, [], &hooks).unwrap_err();
        let error = error.to_string();
        assert!(
            error.starts_with("Builder::hook(\"fexit/decrypt\"): "),
            "{error}"
        );
    }

    #[test]
    fn kernels_that_differ() {
        let kernels = [kernel("one", "len"), kernel("two", "size")];
        let one = scanned("struct btf_fentry_encrypt_ctx *ctx");
        for relocatable in [false, true] {
            let contexts = Contexts::resolve(&kernels, relocatable, &one, &[]).unwrap();
            let drifts = contexts.drift().unwrap();
            assert_eq!(drifts.len(), 1, "{drifts:?}");
        }
    }
}
