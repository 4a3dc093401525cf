//! The context structs that sources name.
//!
//! An identifier is enough: `struct btf_lsm_file_mprotect_ctx` is the request for it. What counts is
//! what the preprocessor leaves; see [`Requests`].

use std::path::Path;
use std::path::PathBuf;

use ctxgen::Hook;
use ctxgen::Line;
use ctxgen::Requests;

use crate::cargo::Inputs;
use crate::error::Error;
use crate::findings::Site;

fn site(source: &Path, line: &Line<'_>) -> Site {
    let file = line.file.as_deref();
    Site {
        path: file.map_or_else(|| source.to_owned(), PathBuf::from),
        line: line.number,
    }
}

/// A context struct that a source asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) name: String,
    pub(crate) hook: Hook,
    /// Where it is named first.
    pub(crate) site: Site,
    /// See [`Line::order`].
    pub(super) order: usize,
}

/// What a source and its headers ask for.
#[derive(Debug)]
pub(crate) struct Scanned {
    pub(super) source: PathBuf,
    /// By struct name.
    pub(crate) requests: Vec<Request>,
    /// The macro that it has to be compiled with because of a `vmlinux.h` of its own.
    pub(crate) macros: Option<&'static str>,
    /// Structs of other names that look like contexts, and where they are named first.
    pub(super) others: Vec<(String, Site)>,
    /// Where the generated `ctx.h` is included, and [`Line::order`].
    pub(super) ctx_h: Option<(Site, usize)>,
    /// Another file of that name.
    pub(super) other_ctx_h: Option<PathBuf>,
}

impl Scanned {
    /// Contexts that a source asks for, by name, and where each is named first.
    pub(crate) fn of_contexts(
        source: &Path,
        contexts: &std::collections::BTreeMap<String, (Hook, Site)>,
    ) -> Self {
        let requests = contexts.iter().enumerate();
        let requests = requests.map(|(order, (name, (hook, site)))| Request {
            name: name.clone(),
            hook: hook.clone(),
            site: site.clone(),
            order,
        });
        Self {
            source: source.to_owned(),
            requests: requests.collect(),
            macros: None,
            others: Vec::new(),
            ctx_h: None,
            other_ctx_h: None,
        }
    }

    pub(crate) fn new(source: &Path, requests: Requests<'_>) -> Self {
        let site = |line: &Line<'_>| site(source, line);
        let contexts = requests.contexts.into_iter();
        let others = requests.others.iter();
        Self {
            source: source.to_owned(),
            requests: contexts
                .map(|(name, request)| Request {
                    name: name.to_owned(),
                    site: site(&request.line),
                    order: request.line.order,
                    hook: request.hook,
                })
                .collect(),
            macros: requests.macros,
            others: others
                .map(|(name, line)| ((*name).to_owned(), site(line)))
                .collect(),
            ctx_h: requests.ctx_h.map(|line| (site(&line), line.order)),
            other_ctx_h: requests
                .other_ctx_h
                .map(|path| PathBuf::from(path.into_owned())),
        }
    }
}

/// What a source asks for, for the case that there is no clang: as far as its text tells.
pub(crate) fn without_preprocessor(source: &Path, inputs: &Inputs) -> Result<Scanned, Error> {
    let text = String::from_utf8_lossy(&inputs.file(source)?).replace('#', " ");
    Ok(Scanned::new(source, Requests::of_raw(&text)))
}
