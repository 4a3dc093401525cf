//! The contexts of a build: which, and whose.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use ctxgen::Context;
use ctxgen::Hook;
use ctxgen::KernelBtf;

use crate::error::Error;
use crate::scan::Scanned;

/// The contexts that sources and `Builder::hook` ask for.
#[derive(Debug)]
pub(crate) struct Contexts {
    by_struct: BTreeMap<String, Context>,
    /// Those that every source gets.
    by_hook: BTreeSet<String>,
}

impl Contexts {
    pub(crate) fn resolve(
        kernel: &KernelBtf,
        sources: &[Scanned],
        hooks: &[String],
    ) -> Result<Self, Error> {
        let mut by_struct = BTreeMap::new();
        for request in sources.iter().flat_map(|source| &source.requests) {
            if by_struct.contains_key(&request.name) {
                continue;
            }
            let context =
                Context::of_struct(kernel, &request.hook).map_err(|error| Error::Context {
                    site: request.site.clone(),
                    name: request.name.clone(),
                    error: Box::new(error),
                })?;
            by_struct.insert(request.name.clone(), context);
        }
        let mut by_hook = BTreeSet::new();
        for name in hooks {
            let context = name
                .parse::<Hook>()
                .and_then(|hook| Context::of_hook(kernel, &hook))
                .map_err(|error| Error::Hook {
                    hook: name.clone(),
                    error: Box::new(error),
                })?;
            by_hook.insert(context.struct_name.clone());
            by_struct
                .entry(context.struct_name.clone())
                .or_insert(context);
        }
        Ok(Self { by_struct, by_hook })
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = Context> {
        self.by_struct.values().cloned()
    }

    /// The contexts of one source.
    pub(crate) fn of(&self, source: &Scanned) -> Vec<Context> {
        let requests = source.requests.iter();
        let named: BTreeSet<&String> = requests.map(|request| &request.name).collect();
        self.by_struct
            .values()
            .filter(|context| {
                let name = &context.struct_name;
                named.contains(name) || self.by_hook.contains(name)
            })
            .cloned()
            .collect()
    }
}
