//! What to say where clang does not know a context struct.

use std::fmt;

use ctxgen::Context;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::similar_structs;

use super::scanned::Scanned;
use crate::error::Error;
use crate::error::advised;
use crate::error::all_said;

/// What clang says of a struct that was not defined before.
const UNSEEN: [&str; 2] = ["incomplete", "will not be visible"];

/// A context struct that clang does not know.
struct Unseen<'a> {
    /// Where it is named first.
    place: &'a dyn fmt::Display,
    name: &'a str,
}

/// The error, with a sentence for each context struct of which clang says that it does not know it.
pub(crate) fn explain(mut error: Error, scanned: &[Scanned], kernel: &KernelBtf) -> Error {
    if let Error::Compile {
        source_file,
        stderr,
        unlimited,
        advice,
    } = &mut error
    {
        let stderr = all_said(stderr, unlimited);
        let scanned = scanned.iter().filter(|own| own.source == *source_file);
        let remarks = scanned.map(|own| remarks(stderr, std::slice::from_ref(own), kernel));
        advice.extend(remarks.flatten().collect::<Vec<_>>());
    }
    error
}

/// A sentence for each context struct of which clang says in `stderr` that it does not know it. It is about
/// one of these sources.
pub(crate) fn remarks(stderr: &str, scanned: &[Scanned], kernel: &KernelBtf) -> Vec<String> {
    let mut remarks = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for (place, name) in stderr.lines().filter_map(unseen) {
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        remarks.extend(remark(place, name, scanned, kernel));
    }
    remarks
}

/// Where clang says of which struct that it does not know it.
fn unseen(line: &str) -> Option<(&str, &str)> {
    let (place, message) = [" error: ", " warning: "]
        .iter()
        .find_map(|kind| line.split_once(kind))?;
    if !UNSEEN.iter().any(|known| message.contains(known)) {
        return None;
    }
    let (_, quoted) = message.split_once('\'')?;
    let (_, name) = ["struct ", "union "]
        .iter()
        .find_map(|keyword| quoted.split_once(keyword))?;
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name = &name[..name.find(|c| !is_word(c)).unwrap_or(name.len())];
    let is_context =
        name.starts_with("btf_") || Hook::from_struct_name(name).is_some() || meant(name).is_some();
    is_context.then(|| (place.trim_end_matches(':'), name))
}

/// The context that a struct's name is of, but for a slip in what it begins with: `bpf_trace_x_ctx`.
fn meant(name: &str) -> Option<String> {
    let (start, rest) = name.split_once('_')?;
    let is_slip = !start.is_empty() && start.len() <= 4 && start != "btf";
    let meant = format!("btf_{rest}");
    (is_slip && Hook::from_struct_name(&meant).is_some()).then_some(meant)
}

fn remark(place: &str, name: &str, sources: &[Scanned], kernel: &KernelBtf) -> Option<String> {
    let request = sources.iter().find_map(|scanned| {
        let request = scanned.requests.iter().find(|own| own.name == name);
        Some((scanned, request?))
    });
    if let Some(meant) = meant(name) {
        let hook = Hook::from_struct_name(&meant)?;
        return match Context::of_struct(kernel, &hook) {
            Ok(_) => Some(format!(
                "{place}: struct {name} is no context, and no source defines it; that of {hook} is struct \
                 {meant}"
            )),
            // It may be anything.
            Err(_) => None,
        };
    }
    let Some((scanned, request)) = request else {
        let mut others = sources.iter().flat_map(|scanned| &scanned.others);
        let other = others.find(|(other, _)| other == name);
        let place = other.map_or(&place as &dyn fmt::Display, |(_, site)| site);
        let unseen = Unseen { place, name };
        let hook = Hook::from_struct_name(name);
        return Some(
            match hook.filter(|hook| Context::of_struct(kernel, hook).is_ok()) {
                Some(hook) => unseen.conditional(&hook),
                None => unseen.unknown(kernel),
            },
        );
    };
    let unseen = Unseen {
        place: &request.site,
        name,
    };
    if let Err(error) = Context::of_struct(kernel, &request.hook) {
        let why = advised(&error.into());
        return Some(format!("{}: struct {name}: {why}", request.site));
    }
    if request.hook.is_generic() {
        return None;
    }
    match &scanned.ctx_h {
        None => Some(unseen.not_included(scanned)),
        Some((site, order)) if *order > request.order => Some(format!(
            "{}: struct {name} is defined in ctx.h, which is included behind this, at {site}: include \
             it before",
            request.site
        )),
        Some(_) => None,
    }
}

impl Unseen<'_> {
    fn unknown(&self, kernel: &KernelBtf) -> String {
        let Self { place, name } = self;
        let similar: Vec<String> = similar_structs(kernel, name)
            .iter()
            .map(|name| format!("struct {name}"))
            .collect();
        let what = match similar.is_empty() {
            true => "contexts are called struct btf_<family>_<target>_ctx, such as \
                     btf_fentry_vfs_read_ctx; `ctxgen list` lists them"
                .to_owned(),
            false => format!("similar: {}", similar.join(", ")),
        };
        format!(
            "{place}: struct {name} is no context of this kernel, and no source defines it; {what}"
        )
    }

    /// The preprocessor has found it only with the true `ctx.h`.
    fn conditional(&self, hook: &Hook) -> String {
        let Self { place, name } = self;
        format!(
            "{place}: struct {name} is named on a condition that depends on the macros of ctx.h, so that it \
             is not found: ask for it with Builder::hook(\"{hook}\")"
        )
    }

    fn not_included(&self, scanned: &Scanned) -> String {
        let Self { place, name } = self;
        let source = scanned.source.display();
        match &scanned.other_ctx_h {
            None => format!(
                "{place}: struct {name} is defined in ctx.h, which {source} does not include: add \
                 `#include \"ctx.h\"` before this"
            ),
            Some(other) => format!(
                "{place}: struct {name} is defined in the generated ctx.h, which {source} does not \
                 include: it has {} instead. `#include <ctx.h>` finds the generated one, or \
                 `#include_next <ctx.h>` in {}",
                other.display(),
                other.display()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clang_says() {
        for (line, expected) in [
            (
                "src/a.c:10:12: error: incomplete definition of type 'struct btf_trace_a_ctx'",
                Some(("src/a.c:10:12", "btf_trace_a_ctx")),
            ),
            (
                "a.c:3:14: warning: declaration of 'struct btf_b' will not be visible outside of this \
                 function [-Wvisibility]",
                Some(("a.c:3:14", "btf_b")),
            ),
            (
                "a.c:3:1: error: variable has incomplete type 'const struct bpf_iter__task'",
                Some(("a.c:3:1", "bpf_iter__task")),
            ),
            (
                "a.c:3:1: error: incomplete definition of type 'struct file'",
                None,
            ),
            (
                "a.c:3:1: note: forward declaration of 'struct btf_a_ctx'",
                None,
            ),
            (
                "a.c:3:1: error: no member named 'a' in 'struct btf_lsm_a_ctx'",
                None,
            ),
            ("error: incomplete", None),
        ] {
            assert_eq!(unseen(line), expected, "{line}");
        }
    }
}
