//! Rust sources: the contexts that they name, and the programs that they consist of.
//!
//! An identifier is enough, in the code or in what a macro is given: `btf_trace_sched_switch_ctx` is the
//! request for it. What an attribute `#[cfg(test)]` takes away is not asked for; other conditions are not
//! looked at.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::Hook;
use proc_macro2::Delimiter;
use proc_macro2::Span;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::Attribute;
use syn::Item;
use syn::ItemMod;

use super::attributes::Attached;
use super::attributes::attached;
use crate::cargo::Inputs;
use crate::error::Error;
use crate::findings::Site;

/// How many modules may be in one another.
const MAX_DEPTH: u32 = 64;

/// The crate that contexts are made from the types of.
const AYA: &str = "aya_ebpf";

/// A program, as one of aya's attributes makes it of a function.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) attached: Attached,
    /// The contexts that its signature and its body name, and in which line first.
    pub(super) contexts: BTreeMap<String, usize>,
}

/// What sources have, with all modules that they lead to.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// The contexts, and where each is named first.
    pub(super) contexts: BTreeMap<String, (Hook, Site)>,
    pub(super) programs: Vec<Program>,
    /// Whether aya is used.
    pub(super) names_aya: bool,
    /// The names that functions are called by: a field of the kernel's may be meant.
    pub(super) called: BTreeSet<String>,
    /// Types of the sources' own.
    defined: BTreeSet<String>,
}

impl Sources {
    /// Reads a source, and the modules that it has in other files.
    ///
    /// # Errors
    /// [`Error::Read`] for a source or a module that is not there, and [`Error::RustSource`].
    pub(super) fn add(&mut self, path: &Path, inputs: &Inputs) -> Result<(), Error> {
        // Modules of a file like `main.rs` are beside it, whatever it is called: it is a crate's root.
        let folder = path.parent().unwrap_or(Path::new(""));
        self.file(path, folder, inputs, MAX_DEPTH)
    }

    /// What is named and is not of the sources' own.
    pub(super) fn finish(mut self) -> Self {
        let defined = std::mem::take(&mut self.defined);
        self.contexts.retain(|name, _| !defined.contains(name));
        for program in &mut self.programs {
            program.contexts.retain(|name, _| !defined.contains(name));
        }
        self
    }

    fn file(
        &mut self,
        path: &Path,
        folder: &Path,
        inputs: &Inputs,
        depth: u32,
    ) -> Result<(), Error> {
        let bytes = inputs.file(path)?;
        let text = String::from_utf8_lossy(&bytes);
        let file = syn::parse_file(&text).map_err(|error| Error::RustSource {
            site: Site {
                path: path.to_owned(),
                line: line(error.span()),
            },
            reason: error.to_string(),
        })?;
        self.items(&file.items, path, folder, inputs, depth)
    }

    fn items(
        &mut self,
        items: &[Item],
        path: &Path,
        folder: &Path,
        inputs: &Inputs,
        depth: u32,
    ) -> Result<(), Error> {
        for item in items {
            match item {
                Item::Mod(module) if is_for_tests(&module.attrs) => {}
                Item::Mod(module) => self.module(module, path, folder, inputs, depth)?,
                Item::Fn(function) if is_for_tests(&function.attrs) => {}
                Item::Fn(function) => {
                    let names = self.names(function.to_token_stream(), path);
                    if let Some(attached) = attached(&function.attrs) {
                        self.programs.push(Program {
                            name: function.sig.ident.to_string(),
                            path: path.to_owned(),
                            attached,
                            contexts: names,
                        });
                    }
                }
                item => {
                    self.defined.extend(defined(item));
                    self.names(item.to_token_stream(), path);
                }
            }
        }
        Ok(())
    }

    /// A module, which may be in a file of its own.
    fn module(
        &mut self,
        module: &ItemMod,
        path: &Path,
        folder: &Path,
        inputs: &Inputs,
        depth: u32,
    ) -> Result<(), Error> {
        let site = || Site {
            path: path.to_owned(),
            line: line(module.ident.span()),
        };
        let depth = depth.checked_sub(1).ok_or_else(|| Error::RustSource {
            site: site(),
            reason: "modules are nested too deeply".to_owned(),
        })?;
        let name = module.ident.to_string();
        let name = name.strip_prefix("r#").unwrap_or(&name);
        let own = folder.join(name);
        if let Some((_, items)) = &module.content {
            return self.items(items, path, &own, inputs, depth);
        }
        if let Some(named) = path_attribute(&module.attrs) {
            let file = path.parent().unwrap_or(Path::new("")).join(named);
            let folder = file.parent().unwrap_or(Path::new("")).to_owned();
            return self.file(&file, &folder, inputs, depth);
        }
        let files = [folder.join(format!("{name}.rs")), own.join("mod.rs")];
        let file = files.iter().find(|file| file.exists()).unwrap_or(&files[0]);
        self.file(file, &own, inputs, depth)
    }

    /// Notes the contexts that code names; which, and in which line first.
    fn names(&mut self, code: TokenStream, path: &Path) -> BTreeMap<String, usize> {
        let mut own = BTreeMap::new();
        let mut streams = vec![code];
        while let Some(code) = streams.pop() {
            let mut before = None;
            for token in code {
                let name = before.take();
                match token {
                    TokenTree::Group(group) => {
                        if group.delimiter() == Delimiter::Parenthesis {
                            self.called.extend(name);
                        }
                        streams.push(group.stream());
                    }
                    TokenTree::Ident(ident) => {
                        let name = ident.to_string();
                        let plain = name.strip_prefix("r#").unwrap_or(&name);
                        before = Some(plain.to_owned());
                        self.names_aya |= name == AYA;
                        if let Some(hook) = context(&name) {
                            let line = line(ident.span());
                            let first = own.entry(name).or_insert((line, hook));
                            first.0 = first.0.min(line);
                        }
                    }
                    TokenTree::Punct(_) | TokenTree::Literal(_) => {}
                }
            }
        }
        for (name, (line, hook)) in &own {
            let site = Site {
                path: path.to_owned(),
                line: *line,
            };
            let known = self.contexts.entry(name.clone());
            known.or_insert_with(|| (hook.clone(), site));
        }
        own.into_iter()
            .map(|(name, (line, _))| (name, line))
            .collect()
    }
}

/// The hook of a context that ctxgen makes a struct of, by that one's name.
fn context(name: &str) -> Option<Hook> {
    let hook = Hook::from_struct_name(name)?;
    // Others are the kernel's own, which aya has types for.
    (!hook.is_generic() && hook.struct_name() == name && name.starts_with("btf_")).then_some(hook)
}

/// The type that an item defines.
fn defined(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Struct(item) => &item.ident,
        Item::Union(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

/// Whether something is there in tests alone.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let tokens = attribute.meta.to_token_stream().to_string();
        attribute.path().is_ident("cfg") && tokens.replace(' ', "") == "cfg(test)"
    })
}

/// The file that `#[path = "…"]` names.
fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    let mut paths = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("path"));
    let value = &paths.next()?.meta.require_name_value().ok()?.value;
    match value {
        syn::Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn line(span: Span) -> usize {
    span.start().line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(files: &[(&str, &str)]) -> Result<Sources, Error> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let mut sources = Sources::default();
        let inputs = Inputs::with_environment(|_| None);
        sources.add(&folder.path().join(files[0].0), &inputs)?;
        Ok(sources.finish())
    }

    fn names(sources: &Sources) -> Vec<(&str, usize)> {
        let contexts = sources.contexts.iter();
        contexts
            .map(|(name, (_, site))| (&**name, site.line))
            .collect()
    }

    #[test]
    fn identifiers_of_code() {
        let sources = sources(&[(
            "main.rs",
            "// btf_fentry_comment_ctx\n\
             use ctx::btf_fentry_used_ctx;\n\
             const TEXT: &str = \"btf_fentry_text_ctx\";\n\
             fn helper(c: btf_fexit_vfs_unlink_ctx) { run!(btf_trace_sched_switch_ctx, xdp_md); }\n\
             struct btf_lsm_own_ctx;\n\
             fn own(c: btf_lsm_own_ctx, task: bpf_iter__task) {}\n\
             #[cfg(test)] mod tests { fn t(c: btf_fentry_test_ctx) {} }\n",
        )])
        .unwrap();
        let expected = [
            ("btf_fentry_used_ctx", 2),
            ("btf_fexit_vfs_unlink_ctx", 4),
            ("btf_trace_sched_switch_ctx", 4),
        ];
        assert_eq!(names(&sources), expected);
        assert!(!sources.names_aya && sources.programs.is_empty());
    }

    #[test]
    fn programs_and_their_contexts() {
        let sources = sources(&[(
            "main.rs",
            "use aya_ebpf::macros::fentry;\n\
             #[fentry(function = \"vfs_unlink\")]\n\
             fn entry(c: FEntryContext) -> i32 {\n    let c = btf_fentry_vfs_unlink_ctx::from(&c);\n    0\n}\n\
             fn none() {}\n",
        )])
        .unwrap();
        assert!(sources.names_aya);
        let [program] = &sources.programs[..] else {
            panic!("{sources:?}");
        };
        assert_eq!(program.name, "entry");
        let sec = program.attached.sec.as_ref().unwrap();
        assert_eq!(sec.hook.to_string(), "fentry/vfs_unlink");
        let contexts: Vec<_> = program.contexts.iter().collect();
        assert_eq!(contexts, [(&"btf_fentry_vfs_unlink_ctx".to_owned(), &4)]);
        assert!(sources.called.contains("from") && !sources.called.contains("c"));
    }

    #[test]
    fn modules_in_files() {
        let sources = sources(&[
            (
                "main.rs",
                "mod one;\nmod inline { mod two; }\n#[path = \"far/three.rs\"] mod four;\n",
            ),
            ("one.rs", "mod deep;"),
            ("one/deep.rs", "fn a(c: btf_fentry_deep_ctx) {}"),
            ("inline/two/mod.rs", "fn b(c: btf_fentry_two_ctx) {}"),
            ("far/three.rs", "fn c(c: btf_fentry_three_ctx) {}"),
        ])
        .unwrap();
        let found: Vec<&str> = names(&sources).into_iter().map(|(name, _)| name).collect();
        let expected = [
            "btf_fentry_deep_ctx",
            "btf_fentry_three_ctx",
            "btf_fentry_two_ctx",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_no_rust() {
        let error = sources(&[("main.rs", "fn a() {}\nfn {}\n")])
            .unwrap_err()
            .to_string();
        assert!(error.contains("main.rs:2: "), "{error}");
        let error = sources(&[("main.rs", "mod gone;")])
            .unwrap_err()
            .to_string();
        assert!(error.contains("gone.rs"), "{error}");
    }
}
