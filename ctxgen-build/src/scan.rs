//! The context structs that sources name.
//!
//! An identifier is enough: `struct btf_lsm_file_mprotect_ctx` is the request for it. What counts is
//! what the preprocessor leaves; see [`Requests`].

mod unseen;

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::Hook;
use ctxgen::Line;
use ctxgen::Requests;

use crate::error::Error;
use crate::outdir::read;

pub(crate) use self::unseen::explain;
pub(crate) use self::unseen::remarks;

/// A line of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The file.
    pub path: PathBuf,
    /// Counted from 1.
    pub line: usize,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}

impl Site {
    fn new(source: &Path, line: &Line<'_>) -> Self {
        let file = line.file.as_deref();
        Self {
            path: file.map_or_else(|| source.to_owned(), PathBuf::from),
            line: line.number,
        }
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
    order: usize,
}

/// What a source and its headers ask for.
#[derive(Debug)]
pub(crate) struct Scanned {
    source: PathBuf,
    /// By struct name.
    pub(crate) requests: Vec<Request>,
    /// The macro that it has to be compiled with because of a `vmlinux.h` of its own.
    pub(crate) macros: Option<&'static str>,
    /// Structs of other names that look like contexts, and where they are named first.
    others: Vec<(String, Site)>,
    /// Where the generated `ctx.h` is included, and [`Line::order`].
    ctx_h: Option<(Site, usize)>,
    /// Another file of that name.
    other_ctx_h: Option<PathBuf>,
}

impl Scanned {
    pub(crate) fn new(source: &Path, requests: Requests<'_>) -> Self {
        let site = |line: &Line<'_>| Site::new(source, line);
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
pub(crate) fn without_preprocessor(source: &Path) -> Result<Scanned, Error> {
    let text = String::from_utf8_lossy(&read(source)?).replace('#', " ");
    Ok(Scanned::new(source, Requests::of_raw(&text)))
}
